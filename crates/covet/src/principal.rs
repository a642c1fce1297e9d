//! Who sends a request.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

type Function = dyn Fn(&Parts) -> Option<String> + Send + Sync;

/// The app's way to tell who sends a request.
#[derive(Clone)]
pub(crate) struct Identify(Arc<Function>);

impl Identify {
    pub(crate) fn new(identify: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        Identify(Arc::new(identify))
    }

    pub(crate) fn identify(&self, head: &Parts) -> Option<Arc<str>> {
        (self.0)(head).map(Into::into)
    }
}

impl fmt::Debug for Identify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identify")
    }
}
