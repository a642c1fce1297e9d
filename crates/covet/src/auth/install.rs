//! What an app can be given as its authentication.

use std::fmt;
use std::sync::Arc;

use covet_auth::jose::KeySet;

use super::ResourceServer;
use crate::App;

/// What [`App::auth`] takes: a [`ResourceServer`], or the app's own authorization server.
pub trait Install {
    /// The app with it.
    #[doc(hidden)]
    fn install(self, app: App) -> App;
}

/// The keys by which tokens are believed at this moment, and which of their tokens are not.
pub trait TokenKeys: fmt::Debug + Send + Sync + 'static {
    /// The keys.
    fn keys(&self) -> Arc<KeySet>;

    /// Whether a token was revoked, by its `sid` or its `jti`.
    fn is_revoked(&self, grant: Option<&str>, token: Option<&str>) -> bool {
        let _ = (grant, token);
        false
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
