//! Who the client is (RFC 6749, section 2.3; RFC 7523, section 2.2).

use super::client::Client;
use super::error::{Failure, OAuthError, OAuthErrorCode};
use super::parameters::{Parameters, decode};
use super::secret;
use super::server::Server;
use super::settings::path;
use super::store::Store;
use crate::jose::KeySet;
use crate::jose::json::{Object, integer};
use crate::jose::jws::Parts;
use crate::{AuditEvent, Scope};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use std::net::IpAddr;

/// A POST to one of the endpoints that clients call.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EndpointRequest<'a> {
    /// The body, `application/x-www-form-urlencoded`. The query is not looked at.
    pub body: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `DPoP` header.
    pub dpop: Option<&'a str>,
    /// Where it comes from; wrong secrets are counted by it.
    pub address: Option<IpAddr>,
    /// The time.
    pub now: Timestamp,
}

/// `client_assertion_type`'s one value.
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far in the future an assertion may end, in seconds.
const ASSERTION_LIFE: i64 = 3600;

impl<'a> EndpointRequest<'a> {
    /// A request with a body.
    pub fn new(body: &'a str, now: Timestamp) -> EndpointRequest<'a> {
        EndpointRequest { body, authorization: None, dpop: None, address: None, now }
    }
}

impl<S: Store> Server<S> {
    /// The client of a request, proved where it is confidential.
    pub(crate) async fn authenticate(
        &self,
        request: &EndpointRequest<'_>,
        form: &Parameters,
    ) -> Result<Client, Failure> {
        let result = self.try_authenticate(request, form).await;
        if let Err(Failure::Refused(error) | Failure::Later { error, .. }) = &result
            && error.code != OAuthErrorCode::InvalidRequest
        {
            let claimed = request.authorization.and_then(read_basic).map(|(id, _)| id);
            let claimed = claimed.or_else(|| form.value("client_id").map(str::to_owned));
            let event = AuditEvent::denied("client", error.description.clone());
            self.store.record(AuditEvent { client: claimed, ..event });
        }
        result
    }

    async fn try_authenticate(&self, request: &EndpointRequest<'_>, form: &Parameters) -> Result<Client, Failure> {
        form.check()?;
        let refused =
            || OAuthError::new(OAuthErrorCode::InvalidClient, "the client is unknown or did not prove who it is");
        let (basic, posted, asserted) =
            (request.authorization, form.value("client_secret"), form.value("client_assertion"));
        if [basic.is_some(), posted.is_some(), asserted.is_some()].into_iter().filter(|given| *given).count() > 1 {
            return Err(OAuthError::request("the client proves who it is in two ways").into());
        }
        let named = form.value("client_id");
        if let Some(assertion) = asserted {
            return self.authenticate_by_assertion(assertion, form, request.now).await;
        }
        let (id, given) = match basic {
            Some(header) => {
                let (id, given) = read_basic(header).ok_or_else(refused)?;
                if named.is_some_and(|named| named != id) {
                    return Err(OAuthError::request("client_id is not the client of the Authorization header").into());
                }
                (id, Some(given))
            }
            None => (named.ok_or_else(refused)?.to_owned(), posted.map(str::to_owned)),
        };
        let client = self.store.client(&id).await?;
        let proved = match (&client, &given) {
            (Some(client), None) => !client.is_confidential(),
            (None, None) => false,
            (client, Some(given)) => {
                let is_right = || match client {
                    Some(client) => client.has_secret(given),
                    None => {
                        // As much work as for a client that exists.
                        Client::new(&id, Scope::default()).with_secret("").has_secret(given);
                        false
                    }
                };
                let attempt = self.throttle.attempt((&id, request.address), request.now, is_right);
                attempt.map_err(|wait| {
                    let description = "there were too many wrong client secrets; try again later";
                    let error = OAuthError::new(OAuthErrorCode::TemporarilyUnavailable, description);
                    Failure::Later { error, wait }
                })?
            }
        };
        client.filter(|_| proved).ok_or_else(|| refused().into())
    }

    /// `private_key_jwt` (OpenID Connect Core, section 9).
    async fn authenticate_by_assertion(
        &self,
        assertion: &str,
        form: &Parameters,
        now: Timestamp,
    ) -> Result<Client, Failure> {
        let refused = |description: &'static str| OAuthError::new(OAuthErrorCode::InvalidClient, description);
        if form.value("client_assertion_type") != Some(ASSERTION) {
            return Err(OAuthError::request("client_assertion_type must be that of JWT").into());
        }
        let malformed = || refused("the client assertion is malformed");
        let parts = Parts::split(assertion).map_err(|_| malformed())?;
        let header = parts.header().map_err(|_| malformed())?;
        if header.brings_key {
            return Err(malformed().into());
        }
        let payload = parts.payload().map_err(|_| malformed())?;
        // Only the name of the client is taken from what is not verified yet, to find its keys.
        let claims = Object::parse(&payload).map_err(|_| malformed())?;
        let text = |name| claims.string(name).ok().flatten();
        let id = text("sub").ok_or_else(malformed)?.into_owned();
        if text("iss").as_deref() != Some(&id) || form.value("client_id").is_some_and(|named| named != id) {
            return Err(refused("the client assertion's iss, sub and client_id are not one").into());
        }
        let client =
            self.store.client(&id).await?.ok_or_else(|| refused("the client assertion is not by the client"))?;
        let keys = client.keys.as_deref().and_then(|keys| KeySet::parse(keys.as_bytes()).ok());
        let keys = keys.ok_or_else(|| refused("the client has no keys"))?.keys;
        let key = match &header.key_id {
            Some(id) => keys.find(id),
            None => keys.iter().find(|key| Some(key.algorithm()) == header.algorithm),
        };
        let verified =
            key.filter(|key| !key.algorithm().is_symmetric()).is_some_and(|key| parts.verify(&header, key).is_ok());
        if !verified {
            return Err(refused("the client assertion is not by the client").into());
        }
        let audiences: Vec<String> = match claims.string("aud") {
            Ok(Some(one)) => vec![one.into_owned()],
            _ => claims.strings("aud").ok().flatten().unwrap_or_default(),
        };
        let ours = [self.settings.issuer.clone(), self.settings.url(path::TOKEN), self.settings.url(path::PAR)];
        if !audiences.iter().any(|audience| ours.contains(audience)) {
            return Err(refused("the client assertion is for another audience").into());
        }
        let date = |name| claims.raw(name).and_then(integer);
        let (seconds, leeway) = (now.as_second(), 30);
        let end = date("exp").ok_or_else(|| refused("the client assertion has no exp"))?;
        if end + leeway <= seconds || end > seconds + ASSERTION_LIFE {
            return Err(refused("the client assertion has expired, or ends in more than an hour").into());
        }
        if claims.has("nbf") && date("nbf").is_none_or(|from| from > seconds + leeway) {
            return Err(refused("the client assertion is not good yet").into());
        }
        let unique =
            text("jti").filter(|id| !id.is_empty()).ok_or_else(|| refused("the client assertion has no jti"))?;
        let name = secret::hash(&format!("assertion:{id}:{unique}"));
        let until = Timestamp::from_second(end + 2 * leeway).unwrap_or(Timestamp::MAX);
        if !self.store.once(&name, until).await? {
            return Err(refused("the client assertion was used before").into());
        }
        Ok(client)
    }
}

/// Id and secret of `Basic`, both form-encoded before base64 (RFC 6749, section 2.3.1).
fn read_basic(header: &str) -> Option<(String, String)> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decode(id)?, decode(secret)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_77_basic_is_form_decoded() {
        let check = |plain: &str, expected: Option<(&str, &str)>| {
            let header = format!("bAsIc {}", STANDARD.encode(plain));
            let found = read_basic(&header);
            assert_eq!(found.as_ref().map(|(id, secret)| (id.as_str(), secret.as_str())), expected, "{plain}");
        };
        check("app:secret", Some(("app", "secret")));
        check("app:a%3Ab%25c+d", Some(("app", "a:b%c d")));
        check("my%3Aapp:s:t", Some(("my:app", "s:t")));
        check("app", None);
        check("app:%zz", None);
        assert_eq!(read_basic("Bearer abc"), None);
        assert_eq!(read_basic("Basic !!!"), None);
        assert_eq!(read_basic("Basic"), None);
    }
}
