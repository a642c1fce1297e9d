//! The id of a request: a version 7 UUID, made without a system call.

use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

/// The id of one request. It stands in the `X-Request-Id` header of the answer, in the `instance` of a problem and in
/// every log line of the request.
///
/// Ids sort by time. They are unique, not secret: do not use them as tokens.
///
/// ```
/// use covet::{get, RequestId};
///
/// /// Say under which id this request is logged.
/// #[get("/id")]
/// async fn id(id: RequestId) -> String {
///     id.to_string()
/// }
/// # let _ = covet::routes![id];
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(uuid::Uuid);

thread_local! {
    /// The state of a SplitMix64 generator, seeded by the operating system once per thread.
    static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(std::thread::current().id()));
}

impl RequestId {
    pub(crate) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut random = [0; 10];
        random[..8].copy_from_slice(&next_random().to_le_bytes());
        random[8..].copy_from_slice(&next_random().to_le_bytes()[..2]);
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        RequestId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The id as a UUID.
    pub fn uuid(self) -> uuid::Uuid {
        self.0
    }

    pub(crate) fn header(self) -> http::HeaderValue {
        let mut buffer = uuid::Uuid::encode_buffer();
        let text = self.0.hyphenated().encode_lower(&mut buffer);
        http::HeaderValue::from_str(text).unwrap_or_else(|_| http::HeaderValue::from_static(""))
    }
}

fn next_random() -> u64 {
    STATE.with(|state| {
        let seed = state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        state.set(seed);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_are_version_7() {
        let ids: std::collections::HashSet<_> = (0..10_000).map(|_| RequestId::new()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.uuid().get_version_num() == 7));
    }
}
