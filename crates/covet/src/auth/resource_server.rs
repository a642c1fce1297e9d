//! Believing tokens of an issuer.

use std::sync::Arc;

use covet_auth::jose::{CachedVerifier, KeySet, Verifier};
use covet_auth::rbac::{LiveRoles, Registry, RoleDefinition, RoleId};
use covet_auth::{Identity, Principal, Scope};
use http::HeaderMap;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Guard, Refusal, TokenKeys, bearer};
use crate::problem::ProblemDetails;

/// The name of the scheme in the document.
pub(crate) const SCHEME: &str = "bearer";

/// Believes access tokens of one issuer for one audience (RFC 9068), whose keys it has.
///
/// ```
/// use covet::auth::{ResourceServer, jose};
/// use covet::{App, Auth, get, routes};
///
/// /// Say who I am.
/// #[get("/me")]
/// async fn me(auth: Auth) -> String { auth.subject().to_owned() }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = jose::SigningKey::generate(jose::Algorithm::Es256)?;
/// let keys = jose::KeySet::new([key.verifying().clone()])?;
/// let tokens = ResourceServer::new("https://id.example", "https://shop.example", keys);
/// let app = App::new("Shop", "1.0.0").auth(tokens).routes(routes![me]);
/// assert!(app.build().is_ok());
/// # Ok(())
/// # }
/// ```
///
/// The permissions of a caller are those that its token's `scope` names. Where the token has `roles`, which are numbers of the
/// roles that were given with [`roles`](Self::roles), they are only those that its roles have as well.
#[derive(Debug)]
pub struct ResourceServer {
    verifier: CachedVerifier<AccessClaims>,
    keys: Arc<dyn TokenKeys>,
    definitions: Vec<RoleDefinition>,
    realm: String,
}

/// A resource server that knows the permissions of the app.
#[derive(Debug)]
pub(crate) struct Authentication {
    server: ResourceServer,
    roles: LiveRoles,
}

/// The claims of an access token beside the registered ones (RFC 9068, section 2.2).
#[derive(Deserialize)]
struct AccessClaims {
    client_id: Option<String>,
    scope: Option<String>,
    roles: Option<Vec<RoleId>>,
    sid: Option<String>,
    cnf: Option<serde::de::IgnoredAny>,
}

/// How many verified tokens are remembered, so that their signature is not checked again.
const REMEMBERED: usize = 10_000;

impl ResourceServer {
    /// Believes tokens of this issuer, signed by one of these keys, for this audience. Issuer and audience are compared byte
    /// for byte.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, keys: KeySet) -> Self {
        ResourceServer::of(issuer, audience, Arc::new(Arc::new(keys)))
    }

    /// The same with keys that may change while the app runs.
    pub fn of(issuer: impl Into<String>, audience: impl Into<String>, keys: Arc<dyn TokenKeys>) -> Self {
        let verifier = CachedVerifier::new(Verifier::new(issuer, audience), REMEMBERED);
        ResourceServer { verifier, keys, definitions: Vec::new(), realm: "api".to_owned() }
    }

    /// With these roles. They are checked when the app is built.
    pub fn roles(mut self, roles: impl IntoIterator<Item = RoleDefinition>) -> Self {
        self.definitions.extend(roles);
        self
    }

    /// With another realm in the challenges of 401 and 403 than `api`: printable ASCII without `"` and `\`.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = realm.into();
        self
    }

    /// Ready for an app with these permissions, or what is wrong.
    pub(crate) fn open(self, registry: &'static Registry) -> Result<Authentication, Vec<String>> {
        let roles = LiveRoles::new(registry);
        let mut faults = Vec::new();
        if let Err(wrong) = roles.replace(&self.definitions) {
            faults.extend(wrong.iter().map(|fault| format!("auth: {fault}")));
        }
        if !self.realm.bytes().all(|byte| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~')) {
            faults.push(format!("auth: the realm {:?} has a character that a challenge cannot have", self.realm));
        }
        if faults.is_empty() { Ok(Authentication { server: self, roles }) } else { Err(faults) }
    }
}

impl Authentication {
    /// The Security Scheme Objects (OpenAPI 3.1, section 4.8.27), by name.
    pub(crate) fn security_schemes(&self) -> [(String, Value); 1] {
        let scheme = json!({
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": format!("An access token of {}.", self.server.verifier.verifier().issuer()),
        });
        [(SCHEME.to_owned(), scheme)]
    }

    /// Lets the caller in, or says why not.
    pub(crate) fn admit(&self, guard: &Guard, headers: &HeaderMap) -> Result<Option<Principal>, ProblemDetails> {
        let refused = |refusal: Refusal| refusal.into_details(&self.server.realm, self.roles.registry());
        match self.identify(headers).map_err(refused)? {
            None if guard.is_optional() => Ok(None),
            None => Err(refused(Refusal::Missing)),
            Some(principal) if guard.permits(&principal.permissions()) => Ok(Some(principal)),
            Some(_) => Err(refused(Refusal::Insufficient(guard.alternatives()))),
        }
    }

    fn identify(&self, headers: &HeaderMap) -> Result<Option<Principal>, Refusal> {
        let Some(token) = bearer::token(headers)? else { return Ok(None) };
        let ResourceServer { verifier, keys, .. } = &self.server;
        let verified = verifier.verify(&keys.keys(), token, Timestamp::now()).map_err(Refusal::Invalid)?;
        if keys.is_revoked(verified.claims().sid.as_deref(), verified.id()) {
            let kind = covet_auth::ErrorKind::Revoked;
            return Err(Refusal::Invalid(covet_auth::Error::new(kind, "the token was revoked")));
        }
        let mut identity = Identity::new(verified.subject());
        let claims = verified.claims();
        if claims.cnf.is_some() {
            let kind = covet_auth::ErrorKind::Claim;
            return Err(Refusal::Invalid(covet_auth::Error::new(
                kind,
                "the token is bound to a key, and came as a bearer's",
            )));
        }
        identity.scope = Some(scope(claims.scope.as_deref())?);
        identity.client.clone_from(&claims.client_id);
        identity.roles.clone_from(&claims.roles);
        identity.session.clone_from(&claims.sid);
        Ok(Some(Principal::new(Arc::new(identity), &self.roles)))
    }
}

/// The scope claim: absent or empty is no scope at all.
fn scope(text: Option<&str>) -> Result<Scope, Refusal> {
    let wrong = |fault| {
        let kind = covet_auth::ErrorKind::Claim;
        Refusal::Invalid(covet_auth::Error::caused(kind, "the token's `scope` is malformed", fault))
    };
    match text {
        None | Some("") => Ok(Scope::default()),
        Some(text) => text.parse().map_err(wrong),
    }
}
