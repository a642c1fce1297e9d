//! Believing tokens of an issuer.

use std::sync::Arc;

use covet_auth::jose::{CachedVerifier, KeySet, Verifier};
use covet_auth::rbac::{LiveRoles, Registry, RoleDefinition, RoleFaults, RoleId, Roles};
use serde::Deserialize;

use super::{Authentication, TokenKeys};

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
    pub(super) verifier: CachedVerifier<AccessClaims>,
    pub(super) keys: Arc<dyn TokenKeys>,
    definitions: Vec<RoleDefinition>,
    pub(super) realm: String,
    /// Whether the issuer is this app.
    pub(super) is_own: bool,
    /// The client that the docs page is.
    pub(super) docs_client: Option<String>,
    /// Whose sessions are believed as well.
    #[cfg(feature = "_db")]
    pub(super) people: Option<Arc<dyn super::People>>,
    /// Where refusals are written beside the log of the program.
    #[cfg(feature = "_db")]
    pub(super) audit: Option<super::audit::AuditLog>,
    /// What keeps the roles up to date, once they are there.
    #[cfg(feature = "_db")]
    roles: super::roles::RoleBook,
}

/// The claims of an access token beside the registered ones (RFC 9068, section 2.2).
#[derive(Deserialize)]
pub(super) struct AccessClaims {
    pub(super) client_id: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) roles: Option<Vec<RoleId>>,
    pub(super) sid: Option<String>,
    pub(super) cnf: Option<Confirmation>,
}

/// What a token is bound to (RFC 7800, section 3.1).
#[derive(Deserialize)]
pub(super) struct Confirmation {
    /// The thumbprint of a key (RFC 9449, section 6.1); a token that is bound in another way is not taken.
    pub(super) jkt: Option<String>,
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
        ResourceServer {
            verifier,
            keys,
            definitions: Vec::new(),
            realm: "api".to_owned(),
            is_own: false,
            docs_client: None,
            #[cfg(feature = "_db")]
            people: None,
            #[cfg(feature = "_db")]
            audit: None,
            #[cfg(feature = "_db")]
            roles: super::roles::RoleBook::default(),
        }
    }

    /// The same with the keys of another server, from the address of its JWKS document: over https (feature `tls`), or over plain
    /// http from this machine.
    ///
    /// They are fetched with the first token, again after five minutes, and where a token names a key that is not among them; at
    /// most every 30 seconds, and once for all who wait. While the issuer does not answer, those that are there stay good.
    ///
    /// # Errors
    /// That the address is none.
    pub fn remote(issuer: impl Into<String>, audience: impl Into<String>, jwks_url: &str) -> covet_auth::Result<Self> {
        Ok(ResourceServer::of(issuer, audience, Arc::new(super::remote::RemoteTokenKeys::new(jwks_url)?)))
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

    /// Of the app's own server.
    #[cfg(feature = "_db")]
    pub(super) fn own(mut self, docs_client: Option<String>) -> Self {
        (self.is_own, self.docs_client) = (true, docs_client);
        self
    }

    /// With the sessions of these people beside tokens.
    #[cfg(feature = "_db")]
    pub(super) fn sessions(mut self, people: Arc<dyn super::People>) -> Self {
        self.people = Some(people);
        self
    }

    /// With an audit log in a database.
    #[cfg(feature = "_db")]
    pub(super) fn audit(mut self, log: super::audit::AuditLog) -> Self {
        self.audit = Some(log);
        self
    }

    /// With roles that are kept up to date by this.
    #[cfg(feature = "_db")]
    pub(super) fn book(mut self, roles: super::roles::RoleBook) -> Self {
        self.roles = roles;
        self
    }

    /// The name of the cookie that is believed as well.
    pub(crate) fn session_cookie(&self) -> Option<&str> {
        #[cfg(feature = "_db")]
        return self.people.as_ref()?.session_cookie();
        #[cfg(not(feature = "_db"))]
        None
    }

    /// The names of the schemes that its routes can be called by, in the document.
    pub(crate) fn schemes(&self) -> Vec<&'static str> {
        let own = self.is_own.then_some(super::OAUTH2);
        let session = self.session_cookie().map(|_| super::SESSION);
        own.into_iter().chain([super::BEARER]).chain(session).collect()
    }

    /// What is wrong with the roles, in an app with these permissions. From then on those of the database are judged by them, too.
    pub(crate) fn role_faults(&self, registry: &'static Registry) -> Vec<String> {
        #[cfg(feature = "_db")]
        self.roles.know(registry);
        let judged = Roles::new(registry, &self.definitions);
        judged.err().iter().flat_map(RoleFaults::iter).map(|fault| format!("auth: {fault}")).collect()
    }

    /// Ready for an app with these permissions, or what is wrong.
    pub(crate) fn open(self, registry: &'static Registry) -> Result<Authentication, Vec<String>> {
        let roles = Arc::new(LiveRoles::new(registry));
        let mut faults = self.role_faults(registry);
        // What is wrong with them was told.
        roles.replace(&self.definitions).ok();
        if !self.realm.bytes().all(|byte| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~')) {
            faults.push(format!("auth: the realm {:?} has a character that a challenge cannot have", self.realm));
        }
        #[cfg(feature = "_db")]
        if let Err(wrong) = self.roles.open(&roles) {
            faults.extend(wrong.iter().map(|fault| format!("auth: in the database, {fault}")));
        }
        if faults.is_empty() { Ok(Authentication::new(self, roles)) } else { Err(faults) }
    }
}
