//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that is sent again is carried out once.
//!
//! The argument [`IdempotencyKey`] is what makes an operation so: it stands in the signature, and therefore in the document,
//! and the pipeline sees it there. A row in the app's database belongs to each key; whoever inserts it works, everybody
//! else waits for the answer in it. The row is in the database because a retry may reach another process, and outside of the
//! handler's transaction because others must see it while the handler is at work. What that leaves open, a process which dies
//! between the handler's commit and the stored answer, is closed by [`IdempotencyKey::fence`].

mod answer;
mod key;
mod run;
mod store;

use std::time::Duration;

pub use key::{IdempotencyError, IdempotencyKey};
pub(crate) use run::{Keys, answer};

/// How answers are kept for [`IdempotencyKey`].
///
/// ```
/// use std::time::Duration;
/// use covet::{App, Idempotency};
///
/// let app = App::new("Shop", "1.0.0").idempotency(Idempotency::default().keep(Duration::from_secs(7 * 86_400)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    keep: Duration,
    wait: Duration,
    answer_limit: usize,
}

impl Idempotency {
    /// With another time for which answers are kept than 24 hours. After it a key may be used anew.
    pub fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// With another time for which a request waits for its twin, which is at work with the same key, than 5 seconds. After
    /// it the answer is 409.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// With another length up to which the body of an answer is kept than 1 MiB. A request whose answer was longer is not
    /// carried out again either; its retries are told so with a 409.
    pub fn answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = bytes;
        self
    }
}

impl Default for Idempotency {
    fn default() -> Self {
        Idempotency { keep: Duration::from_secs(86_400), wait: Duration::from_secs(5), answer_limit: 1 << 20 }
    }
}
