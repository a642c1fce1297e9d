//! What an app can be given as its authentication.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use covet_auth::jose::KeySet;
use covet_auth::oauth2::{BoundRequest, Failure, OAuthError, OAuthErrorCode};

use super::ResourceServer;
use crate::App;

/// What [`App::auth`] takes: a [`ResourceServer`], or the app's own authorization server.
pub trait Install {
    /// The app with it.
    #[doc(hidden)]
    fn install(self, app: App) -> App;
}

/// What [`TokenKeys::confirm`] answers.
pub type Confirming<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// The keys by which tokens are believed at this moment, and which of their tokens are not.
pub trait TokenKeys: fmt::Debug + Send + Sync + 'static {
    /// The keys.
    fn keys(&self) -> Arc<KeySet>;

    /// Whether a token was revoked, by its `sid` or its `jti`.
    fn is_revoked(&self, grant: Option<&str>, token: Option<&str>) -> bool {
        let _ = (grant, token);
        false
    }

    /// Whether a request proves that its sender holds the key that its token is bound to (RFC 9449, section 7). Whoever
    /// answers must see to it that a proof is good once; by default tokens that are bound to a key are not taken.
    fn confirm<'a>(&'a self, request: BoundRequest<'a>) -> Confirming<'a> {
        let _ = request;
        let description = "tokens that are bound to a key are not taken here";
        Box::pin(async move { Err(OAuthError::new(OAuthErrorCode::InvalidDpopProof, description).into()) })
    }
}

impl TokenKeys for Arc<KeySet> {
    fn keys(&self) -> Arc<KeySet> {
        self.clone()
    }
}

impl Install for ResourceServer {
    fn install(self, mut app: App) -> App {
        app.auth = Some(self);
        app
    }
}
