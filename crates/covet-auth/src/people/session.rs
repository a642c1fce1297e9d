//! A session that begins.

use std::fmt;

use zeroize::Zeroizing;

/// What goes into the browser's cookies after a login.
#[derive(Clone)]
pub struct NewSession {
    pub(super) id: String,
    pub(super) token: Zeroizing<String>,
    pub(super) device: Zeroizing<String>,
}

impl NewSession {
    /// The session's id, which may stand in logs.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The value of the session's cookie: 256 random bits, of which only the hash is kept.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The value of a cookie of its own that outlives the session: with it, the browser is known to have logged this user in, and
    /// failures from elsewhere do not lock it out. It gives no right by itself.
    pub fn device(&self) -> &str {
        &self.device
    }
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession").field("id", &self.id).finish_non_exhaustive()
    }
}
