//! Who calls: by the token of a request, or where there is none by the session of its browser.

use std::sync::Arc;

use covet_auth::oauth2::{BoundRequest, Failure, path};
use covet_auth::rbac::{LiveRoles, PermissionSet, RoleId};
use covet_auth::{AuditEvent, Error, ErrorKind, Identity, Principal, Scope};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::audit::{Origin, Record};
use super::bearer::Presented;
use super::{Guard, Refusal, ResourceServer, RouteAccess, bearer};
use crate::extract::cookie;
use crate::overload::overloaded;
use crate::problem::{INTERNAL, ProblemDetails};
use crate::{Response, negotiation};

/// The name of the scheme of tokens in the document.
pub(crate) const BEARER: &str = "bearer";

/// The name of the scheme of the app's own tokens in the document.
pub(crate) const OAUTH2: &str = "oauth2";

/// The name of the scheme of sessions in the document.
pub(crate) const SESSION: &str = "session";

/// A resource server that knows the permissions of the app.
#[derive(Debug)]
pub(crate) struct Authentication {
    server: ResourceServer,
    roles: Arc<LiveRoles>,
    /// Who may call which route.
    pub(crate) matrix: Vec<RouteAccess>,
}

/// A request whose caller is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) head: &'a Parts,
    #[cfg(feature = "_db")]
    pub(crate) shared: &'a crate::request::Shared,
    #[cfg(feature = "_db")]
    pub(crate) cors: Option<&'a crate::Cors>,
    /// Whether what is asked for is a page.
    pub(crate) is_page: bool,
    pub(crate) route: &'a str,
    pub(crate) origin: Origin,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It is let in, with its caller where there is one.
    In(Option<Principal>),
    /// Its reader is to log in first.
    Login(Response),
}

/// What is known of a caller by its token alone.
enum Known<'a> {
    Nobody,
    Caller(Principal),
    /// One who has still to prove that they hold the key of this thumbprint, with this token.
    Holder(Principal, &'a str, String),
}

impl Authentication {
    pub(super) fn new(server: ResourceServer, roles: Arc<LiveRoles>) -> Self {
        Authentication { server, roles, matrix: Vec::new() }
    }

    /// The Security Scheme Objects (OpenAPI 3.1, section 4.8.27), by name.
    pub(crate) fn security_schemes(&self) -> impl Iterator<Item = (String, Value)> {
        let bearer = json!({
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": format!("An access token of {}.", self.server.verifier.verifier().issuer()),
        });
        let session = self.server.session_cookie().map(|cookie| {
            let description = "The session of a browser that has logged in.";
            (
                SESSION.to_owned(),
                json!({ "type": "apiKey", "in": "cookie", "name": cookie, "description": description }),
            )
        });
        let oauth2 = self.server.is_own.then(|| (OAUTH2.to_owned(), self.flows()));
        [(BEARER.to_owned(), bearer)].into_iter().chain(session).chain(oauth2)
    }

    /// How a token of the app's own server is had (OpenAPI 3.1, section 4.8.28). `x-docs-client` is whom the docs page logs in as.
    fn flows(&self) -> Value {
        let issuer = self.server.verifier.verifier().issuer();
        let url = |path: &str| format!("{issuer}{path}");
        let permissions = self.roles.registry().permissions().iter();
        let scopes: Map<_, _> = permissions.map(|one| (one.name.to_owned(), one.description.into())).collect();
        let (authorize, token) = (url(path::AUTHORIZE), url(path::TOKEN));
        let mut scheme = json!({ "type": "oauth2", "flows": {
            "authorizationCode":
                { "authorizationUrl": authorize, "tokenUrl": token, "refreshUrl": token, "scopes": scopes },
            "clientCredentials": { "tokenUrl": token, "scopes": scopes },
        } });
        if let Some(client) = &self.server.docs_client {
            scheme["x-docs-client"] = client.as_str().into();
        }
        scheme
    }

    /// The names of all permissions.
    #[cfg(feature = "_db")]
    pub(crate) fn permissions(&self) -> Vec<&'static str> {
        self.roles.registry().permissions().iter().map(|permission| permission.name).collect()
    }

    /// The roles in force, each with the names of all that it gives.
    pub(crate) fn roles(&self) -> Vec<(RoleId, String, Vec<&'static str>)> {
        let registry = self.roles.registry();
        let roles = self.roles.current();
        roles.iter().map(|(id, name, set)| (id, name.to_owned(), registry.names(set).collect())).collect()
    }

    /// Lets the caller in, or says why not. Only a session and a proof of a key are waited for.
    pub(crate) async fn admit(&self, guard: &Guard, asking: Asking<'_>) -> Result<Admission, ProblemDetails> {
        let refused = |refusal: Refusal, caller: Option<&Principal>| {
            self.record_refusal(&refusal, caller, asking);
            refusal.into_details(&self.server.realm, self.roles.registry())
        };
        if let Some(refresh) = bearer::fetched(&asking.head.headers, &*self.server.keys) {
            refresh.await.map_err(|error| overloaded("the keys of the tokens' issuer cannot be had").cause(error))?;
        }
        let mut caller = match self.of_token(&asking.head.headers).map_err(|refusal| refused(refusal, None))? {
            Known::Nobody => None,
            Known::Caller(principal) => Some(principal),
            Known::Holder(principal, token, thumbprint) => {
                let confirmed = Box::pin(self.confirm(asking.head, token, &thumbprint)).await;
                confirmed.map_err(|failure| match failure {
                    Ok(refusal) => refused(refusal, Some(&principal)),
                    Err(problem) => *problem,
                })?;
                Some(principal)
            }
        };
        if caller.is_none() && self.has_session_cookie(&asking.head.headers) {
            caller = Box::pin(self.of_session(asking)).await?;
        }
        match caller {
            Some(principal) if guard.permits(&principal.permissions()) => {
                if let Some(used) = guard.audited(&principal.permissions()) {
                    self.record_use(used, &principal, asking);
                }
                Ok(Admission::In(Some(principal)))
            }
            Some(principal) => Err(refused(Refusal::Insufficient(guard.alternatives()), Some(&principal))),
            None if guard.is_optional() => Ok(Admission::In(None)),
            None => self.login(asking).map(Admission::Login).ok_or_else(|| refused(Refusal::Missing, None)),
        }
    }

    fn record_refusal(&self, refusal: &Refusal, caller: Option<&Principal>, asking: Asking<'_>) {
        let event = AuditEvent::denied("access", refusal.reason());
        let event = match refusal {
            Refusal::Insufficient(alternatives) => {
                let names = |set: &PermissionSet| self.roles.registry().names(*set).collect::<Vec<_>>().join(" ");
                event.permission(alternatives.iter().map(names).collect::<Vec<_>>().join(" | "))
            }
            _ => event,
        };
        self.record(event, caller, asking);
    }

    fn record_use(&self, used: PermissionSet, caller: &Principal, asking: Asking<'_>) {
        let names = self.roles.registry().names(used).collect::<Vec<_>>().join(" ");
        self.record(AuditEvent::new("access").permission(names), Some(caller), asking);
    }

    fn record(&self, event: AuditEvent, caller: Option<&Principal>, asking: Asking<'_>) {
        let mut event = event.object(format!("{} {}", asking.head.method, asking.route));
        event.subject = caller.map(|caller| caller.subject().to_owned());
        event.client = caller.and_then(Principal::client).map(str::to_owned);
        #[cfg(feature = "_db")]
        if let Some(log) = &self.server.audit {
            return log.record_of(event, Some(asking.origin));
        }
        Record::new(event, Some(asking.origin)).trace();
    }

    fn of_token<'a>(&self, headers: &'a HeaderMap) -> Result<Known<'a>, Refusal> {
        let Some(presented) = bearer::token(headers)? else { return Ok(Known::Nobody) };
        let (Presented::Bearer(token) | Presented::Dpop(token)) = presented;
        let ResourceServer { verifier, keys, .. } = &self.server;
        let verified = verifier.verify(&keys.keys(), token, Timestamp::now()).map_err(Refusal::Invalid)?;
        if keys.is_revoked(verified.claims().sid.as_deref(), verified.id()) {
            return Err(Refusal::Invalid(Error::new(ErrorKind::Revoked, "the token was revoked")));
        }
        let mut identity = Identity::new(verified.subject());
        let claims = verified.claims();
        identity.scope = Some(scope(claims.scope.as_deref())?);
        identity.client.clone_from(&claims.client_id);
        identity.roles = claims.roles.as_ref().map(|named| {
            // The token names those of the moment at which it was issued.
            self.roles.reassigned(verified.subject()).unwrap_or_else(|| named.clone())
        });
        identity.session.clone_from(&claims.sid);
        let principal = Principal::new(Arc::new(identity), &self.roles);
        let wrong = |message| Err(Refusal::Invalid(Error::new(ErrorKind::Claim, message)));
        match (presented, &claims.cnf) {
            (Presented::Bearer(_), None) => Ok(Known::Caller(principal)),
            (Presented::Bearer(_), Some(_)) => wrong("the token is bound to a key, and came as a bearer's"),
            (Presented::Dpop(_), None) => wrong("the token is a bearer's, and came as bound to a key"),
            (Presented::Dpop(_), Some(confirmation)) => match &confirmation.jkt {
                Some(thumbprint) => Ok(Known::Holder(principal, token, thumbprint.clone())),
                None => wrong("the token is bound in a way that is not known here"),
            },
        }
    }

    /// Has the request prove that its sender holds the key of its token. The failure is a refusal, or ours.
    async fn confirm(
        &self,
        head: &Parts,
        token: &str,
        thumbprint: &str,
    ) -> Result<(), Result<Refusal, Box<ProblemDetails>>> {
        let missing = || Ok(Refusal::Unproved("there is no DPoP proof, or several".to_owned()));
        let proof = bearer::proof(&head.headers).ok_or_else(missing)?;
        let (method, path, now) = (head.method.as_str(), head.uri.path(), Timestamp::now());
        let request = BoundRequest { method, path, token, thumbprint, proof, now };
        self.server.keys.confirm(request).await.map_err(|failure| match failure {
            Failure::Refused(error) => Ok(Refusal::Unproved(error.to_string())),
            other => Err(Box::new(ProblemDetails::new(&INTERNAL).cause(other))),
        })
    }

    fn has_session_cookie(&self, headers: &HeaderMap) -> bool {
        self.server.session_cookie().is_some_and(|name| cookie::value(headers, name).is_some())
    }

    /// The user of the browser's session; nobody where it has ended, since a browser keeps its cookie longer than that.
    ///
    /// A browser sends its cookies along whoever makes it send the request, so that one which changes something must not
    /// come from another site's page.
    #[cfg(feature = "_db")]
    async fn of_session(&self, asking: Asking<'_>) -> Result<Option<Principal>, ProblemDetails> {
        let Asking { head, shared, cors, .. } = asking;
        let (Some(people), Some(db)) = (&self.server.people, shared.get::<covet_db::Db>()) else { return Ok(None) };
        crate::cross_site::check(head, cors)?;
        let found = people.caller(&db, &head.headers).await;
        let Some((session, user)) = found.map_err(|error| ProblemDetails::new(&INTERNAL).cause(error))? else {
            return Ok(None);
        };
        let mut identity = Identity::new(user.id);
        (identity.roles, identity.session) = (Some(user.roles), Some(session.id));
        Ok(Some(Principal::new(Arc::new(identity), &self.roles)))
    }

    /// Without a database there are no sessions.
    #[cfg(not(feature = "_db"))]
    async fn of_session(&self, _: Asking<'_>) -> Result<Option<Principal>, ProblemDetails> {
        Ok(None)
    }

    /// Where somebody who wants to see a page logs in, to come back to it.
    fn login(&self, asking: Asking<'_>) -> Option<Response> {
        let head = asking.head;
        let is_visit = asking.is_page && matches!(head.method, Method::GET | Method::HEAD);
        if !is_visit || !negotiation::prefers_html(&head.headers) {
            return None;
        }
        let path = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let query = covet_auth::oauth2::Parameters::default().with("return_to", path).encode_without(&[]);
        let location = HeaderValue::try_from(format!("{}?{query}", self.login_path()?)).ok()?;
        let mut response = Response::default();
        *response.status_mut() = StatusCode::SEE_OTHER;
        let headers = response.headers_mut();
        headers.insert(header::LOCATION, location);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Some(response)
    }

    #[cfg(feature = "_db")]
    fn login_path(&self) -> Option<&str> {
        let people = self.server.people.as_ref()?;
        people.session_cookie().map(|_| people.login_path())
    }

    #[cfg(not(feature = "_db"))]
    fn login_path(&self) -> Option<&str> {
        None
    }
}

/// The scope claim: absent or empty is no scope at all.
fn scope(text: Option<&str>) -> Result<Scope, Refusal> {
    let wrong = |fault| Refusal::Invalid(Error::caused(ErrorKind::Claim, "the token's `scope` is malformed", fault));
    match text {
        None | Some("") => Ok(Scope::default()),
        Some(text) => text.parse().map_err(wrong),
    }
}
