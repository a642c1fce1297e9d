//! The authorization endpoint (RFC 6749, section 4.1; OpenID Connect Core, section 3.1.2).

use super::client::{Client, Consent, GrantType};
use super::error::{Failure, OAuthError, OAuthErrorCode};
use super::parameters::{Parameters, encode};
use super::server::{Server, parse_scope};
use super::settings::path;
use super::store::{Code, Grant, Store};
use super::{par, pkce, secret};
use crate::{AuditEvent, Scope};
use jiff::Timestamp;

/// Someone who is logged in in the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The session's id, which is not what its cookie has.
    pub id: String,
    /// The user.
    pub subject: String,
    /// When the user gave their password.
    pub auth_time: Timestamp,
}

impl Session {
    /// A session of a user who logged in at a time.
    pub fn new(id: impl Into<String>, subject: impl Into<String>, auth_time: Timestamp) -> Session {
        Session { id: id.into(), subject: subject.into(), auth_time }
    }
}

/// What the user said on the consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Yes.
    Approved,
    /// No.
    Denied,
}

/// What the browser gets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authorization {
    /// It is sent there, with a code or an error, by 303.
    Redirect(String),
    /// The user must log in, and come back to this path with its query.
    Login {
        /// Where to come back to.
        return_to: String,
        /// Whom the client expects, as the user would type it.
        login_hint: Option<String>,
    },
    /// The user is asked, on a page whose form posts the same parameters and a decision.
    Consent(Box<ConsentPage>),
    /// Client or redirect URI are wrong: an error page, and no redirect.
    Refused(OAuthError),
}

/// What the consent page shows, and what its form sends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsentPage {
    /// The client's name.
    pub client: String,
    /// What it asks for.
    pub scope: Scope,
    /// The host that the browser will be sent to.
    pub redirect_uri: String,
    /// The parameters of the request, as they go into the form.
    pub parameters: Vec<(String, String)>,
}

/// `prompt` (OpenID Connect Core, section 3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Prompt {
    none: bool,
    login: bool,
    consent: bool,
}

/// A request whose client and redirect URI are right, so that errors go there.
struct Request<'a> {
    parameters: &'a Parameters,
    client: &'a Client,
    redirect_uri: &'a str,
    /// The hash of the pushed request that it came by.
    pushed: Option<String>,
}

/// The parameter by which a browser comes back from a login that the request asked for.
const LOGGED_IN_SINCE: &str = "logged_in_since";

impl<S: Store> Server<S> {
    /// Answers a request of a browser. The decision is that of the consent page's form, whose origin the caller has checked.
    ///
    /// # Errors
    /// Only ours; what is wrong with the request is an answer.
    pub async fn authorize(
        &self,
        parameters: &Parameters,
        session: Option<&Session>,
        decision: Option<Decision>,
        now: Timestamp,
    ) -> Result<Authorization, Failure> {
        match self.try_authorize(parameters, session, decision, now).await {
            Err(Failure::Refused(error)) => Ok(Authorization::Refused(error)),
            answer => answer,
        }
    }

    async fn try_authorize(
        &self,
        parameters: &Parameters,
        session: Option<&Session>,
        decision: Option<Decision>,
        now: Timestamp,
    ) -> Result<Authorization, Failure> {
        let id = parameters.value("client_id").filter(|_| !parameters.is_repeated("client_id"));
        let client = match id {
            Some(id) => self.store.client(id).await?,
            None => None,
        };
        let client = client.ok_or_else(|| OAuthError::request("the client is not known here"))?;
        let pushed = self.pushed_parameters(parameters, &client, now).await?;
        let asked = pushed.as_ref().map_or(parameters, |(_, pushed)| pushed);
        let redirect_uri = asked.value("redirect_uri").filter(|_| !asked.is_repeated("redirect_uri"));
        let redirect_uri = redirect_uri.filter(|uri| client.may_redirect_to(uri));
        let redirect_uri = redirect_uri
            .ok_or_else(|| OAuthError::request("redirect_uri is none of those that the client has registered"))?;
        let request = Request {
            parameters: asked,
            client: &client,
            redirect_uri,
            pushed: pushed.as_ref().map(|(hash, _)| hash.clone()),
        };
        match self.decide(&request, parameters, session, decision, now).await {
            Err(Failure::Refused(error)) => Ok(Authorization::Redirect(self.error_redirect(&request, &error))),
            answer => answer,
        }
    }

    /// The parameters that the client pushed, where the request names them (RFC 9126, section 4).
    async fn pushed_parameters(
        &self,
        parameters: &Parameters,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<(String, Parameters)>, Failure> {
        let Some(uri) = parameters.value("request_uri") else { return Ok(None) };
        let unknown =
            || OAuthError::new(OAuthErrorCode::InvalidRequestUri, "request_uri is not known here, or has ended");
        let hash = secret::hash(uri.strip_prefix(par::PREFIX).ok_or_else(unknown)?);
        let (owner, text) = self.store.pushed(&hash, now).await?.ok_or_else(unknown)?;
        if owner != client.id {
            return Err(unknown().into());
        }
        Ok(Some((hash, Parameters::parse(&text))))
    }

    async fn decide(
        &self,
        request: &Request<'_>,
        sent: &Parameters,
        session: Option<&Session>,
        decision: Option<Decision>,
        now: Timestamp,
    ) -> Result<Authorization, Failure> {
        let Request { parameters, client, .. } = request;
        let (scope, challenge) = check(parameters, client)?;
        let prompt = Prompt::parse(parameters.value("prompt"))?;
        let session = match session {
            Some(session) if self.is_fresh(request, sent, session, prompt, now)? => session,
            _ if prompt.none => {
                return Err(OAuthError::new(OAuthErrorCode::LoginRequired, "nobody is logged in as asked").into());
            }
            _ => return Ok(self.login(sent, parameters, now)),
        };
        if decision == Some(Decision::Denied) {
            self.record_consent(AuditEvent::denied("consent", "the user said no"), client, session, &scope);
            return Err(OAuthError::new(OAuthErrorCode::AccessDenied, "the user said no").into());
        }
        if self.must_ask(client, session, &scope, prompt).await? {
            if decision != Some(Decision::Approved) {
                if prompt.none {
                    return Err(OAuthError::new(OAuthErrorCode::ConsentRequired, "the user was not asked yet").into());
                }
                return Ok(Authorization::Consent(Box::new(ConsentPage {
                    client: client.name.clone(),
                    scope,
                    redirect_uri: request.redirect_uri.to_owned(),
                    parameters: sent.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                })));
            }
            let before = self.store.consent(&session.subject, &client.id).await?.unwrap_or_default();
            self.store.remember_consent(&session.subject, &client.id, &before.union(&scope)).await?;
            self.record_consent(AuditEvent::new("consent"), client, session, &scope);
        }
        if let Some(hash) = &request.pushed
            && !self.store.take_pushed(hash).await?
        {
            return Err(OAuthError::request("request_uri was used before").into());
        }
        let code = self.issue_code(request, scope, challenge, session, now).await?;
        Ok(Authorization::Redirect(self.redirect(request, &[("code", &code)])))
    }

    /// What the form of a page must have, so that only a page that was made for this session is believed.
    pub fn csrf_token(&self, session: &Session) -> String {
        self.seal_text("csrf", &session.id)
    }

    /// Whether a form was made for this session.
    pub fn is_csrf_token(&self, session: &Session, token: &str) -> bool {
        self.is_sealed("csrf", &session.id, token)
    }

    /// Whether the session is the one that the request wants, and young enough.
    fn is_fresh(
        &self,
        request: &Request<'_>,
        sent: &Parameters,
        session: &Session,
        prompt: Prompt,
        now: Timestamp,
    ) -> Result<bool, OAuthError> {
        if let Some(age) = request.parameters.value("max_age") {
            let age: u32 = age.parse().map_err(|_| OAuthError::request("max_age is no number of seconds"))?;
            // Of zero it is a login for this request (OpenID Connect Core errata: the same as prompt=login).
            let since_login = now.as_second().saturating_sub(session.auth_time.as_second());
            if since_login > i64::from(age) && !self.came_back_from_login(sent, session) {
                return Ok(false);
            }
        }
        if prompt.login && !self.came_back_from_login(sent, session) {
            return Ok(false);
        }
        let expected = request.parameters.value("id_token_hint").and_then(|hint| self.subject_of_hint(hint));
        Ok(expected.is_none_or(|expected| expected == session.subject))
    }

    /// Whether the user gave their password since this very request sent them to do so. The parameter has the time, sealed
    /// together with the request, so that neither an old one nor one of another request counts.
    fn came_back_from_login(&self, sent: &Parameters, session: &Session) -> bool {
        let Some((since, code)) = sent.value(LOGGED_IN_SINCE).and_then(|value| value.split_once('.')) else {
            return false;
        };
        let request = sent.encode_without(&[LOGGED_IN_SINCE]);
        let Ok(seconds) = since.parse::<i64>() else { return false };
        session.auth_time.as_second() >= seconds && self.is_sealed("login", &format!("{since} {request}"), code)
    }

    fn login(&self, sent: &Parameters, parameters: &Parameters, now: Timestamp) -> Authorization {
        let request = sent.encode_without(&[LOGGED_IN_SINCE]);
        let since = now.as_second();
        let code = self.seal_text("login", &format!("{since} {request}"));
        let return_to = format!("{}?{request}&{LOGGED_IN_SINCE}={since}.{code}", path::AUTHORIZE);
        Authorization::Login { return_to, login_hint: parameters.value("login_hint").map(str::to_owned) }
    }

    async fn must_ask(
        &self,
        client: &Client,
        session: &Session,
        scope: &Scope,
        prompt: Prompt,
    ) -> Result<bool, Failure> {
        if prompt.consent {
            return Ok(true);
        }
        if client.consent == Consent::Given {
            return Ok(false);
        }
        let known = self.store.consent(&session.subject, &client.id).await?;
        Ok(!known.is_some_and(|known| known.includes(scope)))
    }

    fn record_consent(&self, event: AuditEvent, client: &Client, session: &Session, scope: &Scope) {
        self.store.record(event.subject(&session.subject).client(&client.id).permission(scope.to_string()));
    }

    async fn issue_code(
        &self,
        request: &Request<'_>,
        scope: Scope,
        challenge: String,
        session: &Session,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let grant = Grant {
            id: secret::id()?,
            client: request.client.id.clone(),
            subject: session.subject.clone(),
            scope,
            session: Some(session.id.clone()),
            auth_time: session.auth_time,
            created_at: now,
            expires_at: now.saturating_add(self.settings.grant_life).unwrap_or(Timestamp::MAX),
            revoked_at: None,
        };
        self.store.insert_grant(&grant).await?;
        let code = secret::token()?;
        let kept = Code {
            hash: secret::hash(&code),
            grant: grant.id,
            redirect_uri: request.redirect_uri.to_owned(),
            challenge,
            nonce: request.parameters.value("nonce").map(str::to_owned),
            dpop_key: request.parameters.value("dpop_jkt").map(str::to_owned),
            expires_at: now.saturating_add(self.settings.code_life).unwrap_or(Timestamp::MAX),
            used_at: None,
        };
        self.store.insert_code(&kept).await?;
        Ok(code)
    }

    fn error_redirect(&self, request: &Request<'_>, error: &OAuthError) -> String {
        self.redirect(request, &[("error", error.code.name()), ("error_description", &error.description)])
    }

    /// The redirect URI with parameters, `state` as it came, and `iss` (RFC 9207).
    fn redirect(&self, request: &Request<'_>, answer: &[(&str, &str)]) -> String {
        let mut url = request.redirect_uri.to_owned();
        let state = request.parameters.value("state").filter(|_| !request.parameters.is_repeated("state"));
        let more = state.map(|state| ("state", state)).into_iter().chain([("iss", self.settings.issuer.as_str())]);
        for (name, value) in answer.iter().copied().chain(more) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            url.push_str(&encode(value));
        }
        url
    }
}

/// What every request must have; also a pushed one. The scope is what of it the client may have.
pub(super) fn check(parameters: &Parameters, client: &Client) -> Result<(Scope, String), OAuthError> {
    parameters.check()?;
    for (name, code) in
        [("request", OAuthErrorCode::RequestNotSupported), ("registration", OAuthErrorCode::RegistrationNotSupported)]
    {
        if parameters.value(name).is_some() {
            return Err(OAuthError::new(code, format!("{name} is not supported")));
        }
    }
    if parameters.required("response_type")? != "code" {
        return Err(OAuthError::new(OAuthErrorCode::UnsupportedResponseType, "response_type must be code"));
    }
    if parameters.value("response_mode").is_some_and(|mode| mode != "query") {
        return Err(OAuthError::request("response_mode must be query"));
    }
    if !client.may_use(GrantType::AuthorizationCode) {
        return Err(OAuthError::new(OAuthErrorCode::UnauthorizedClient, "the client may not use the code flow"));
    }
    let challenge = pkce::challenge(parameters)?;
    if parameters.value("max_age").is_some_and(|age| age.parse::<u32>().is_err()) {
        return Err(OAuthError::request("max_age is no number of seconds"));
    }
    Prompt::parse(parameters.value("prompt"))?;
    // What nobody knows is left out (OpenID Connect Core, section 3.1.2.1); the answer says what is granted.
    let asked = parse_scope(parameters.value("scope"))?.unwrap_or_else(|| client.scope.clone());
    let scope = asked.intersection(&client.scope);
    if scope.is_empty() {
        return Err(OAuthError::new(OAuthErrorCode::InvalidScope, "the client may have nothing of the scope"));
    }
    Ok((scope, challenge))
}

impl Prompt {
    fn parse(text: Option<&str>) -> Result<Prompt, OAuthError> {
        let mut prompt = Prompt::default();
        let mut count = 0;
        for word in text.unwrap_or("").split(' ').filter(|word| !word.is_empty()) {
            count += 1;
            match word {
                "none" => prompt.none = true,
                // There is one account in a session; to choose another is to log in.
                "login" | "select_account" => prompt.login = true,
                "consent" => prompt.consent = true,
                _ => return Err(OAuthError::request("prompt has an unknown word")),
            }
        }
        if prompt.none && count > 1 {
            return Err(OAuthError::request("prompt=none stands alone"));
        }
        Ok(prompt)
    }
}
