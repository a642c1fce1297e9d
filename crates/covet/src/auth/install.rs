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

/// A future that brings keys.
pub type Refreshing<'a> = Pin<Box<dyn Future<Output = covet_auth::Result<()>> + Send + 'a>>;

/// The keys by which tokens are believed at this moment, and which of their tokens are not.
pub trait TokenKeys: fmt::Debug + Send + Sync + 'static {
    /// The keys.
    fn keys(&self) -> Arc<KeySet>;

    /// Whether the keys are fetched from elsewhere, so that [`refresh`](Self::refresh) is to be asked for each token.
    fn is_remote(&self) -> bool {
        false
    }

    /// What must be waited for before the keys are good for a token that names the key of this id, or none. None where they are
    /// good already.
    fn refresh(&self, key: Option<String>) -> Option<Refreshing<'_>> {
        let _ = key;
        None
    }

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
