//! The keys of another issuer, fetched from its JWKS document when they are needed and no more often.

use crate::error::{Error, ErrorKind, Result};
use crate::jose::KeySet;
use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a fetched set is taken without asking again.
const FRESH: Duration = Duration::from_secs(300);

/// How long two attempts to fetch are apart at least, whoever asks for whichever key.
const COOLDOWN: Duration = Duration::from_secs(30);

/// A remote key set: cached, fetched by one task at a time, and kept while its server does not answer.
///
/// How it is fetched is the caller's business; what it gives is the document's bytes.
///
/// ```
/// use covet_auth::jose::{Algorithm, KeySet, SigningKey};
/// use covet_auth::keys::RemoteKeys;
/// use jiff::Timestamp;
///
/// # fn block_on<F: Future>(future: F) -> F::Output { tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future) }
/// let key = SigningKey::generate(Algorithm::Es256)?;
/// let document = KeySet::new([key.verifying().clone()])?.to_json().to_string().into_bytes();
/// let remote = RemoteKeys::new();
/// let keys = block_on(remote.keys(Some(key.id()), Timestamp::now(), || async { Ok(document.clone()) }))?;
/// assert!(keys.find(key.id()).is_some());
/// # Ok::<(), covet_auth::Error>(())
/// ```
#[derive(Default)]
pub struct RemoteKeys {
    known: ArcSwapOption<Fetched>,
    /// When the last attempt began, in seconds since 1970, or zero.
    tried_at: AtomicI64,
    fetching: Mutex<()>,
}

struct Fetched {
    keys: Arc<KeySet>,
    at: Timestamp,
}

impl RemoteKeys {
    /// Nothing fetched yet.
    pub fn new() -> RemoteKeys {
        RemoteKeys::default()
    }

    /// The keys, with the one of an id in them if the issuer has it.
    ///
    /// They are fetched where there are none, where they are older than five minutes, or where the id is not among them; at
    /// most every 30 s, and by one task while the others wait for it. If that fails, those that are there stay.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Storage`] where there are no keys at all, and none could be fetched.
    pub async fn keys<F>(
        &self,
        id: Option<&str>,
        now: Timestamp,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Arc<KeySet>>
    where
        F: Future<Output = Result<Vec<u8>>> + Send,
    {
        if let Some(keys) = self.good(id, now) {
            return Ok(keys);
        }
        let _one = self.fetching.lock().await;
        // The one before may have brought them.
        if let Some(keys) = self.good(id, now) {
            return Ok(keys);
        }
        let fault = if self.is_cooling(now) { None } else { self.fetch(now, fetch).await.err() };
        let known = self.known.load();
        known.as_ref().map(|known| known.keys.clone()).ok_or_else(|| {
            fault.unwrap_or_else(|| {
                Error::new(ErrorKind::Storage, "the issuer's keys could not be fetched some seconds ago")
            })
        })
    }

    /// The keys that are at hand, however old.
    pub fn cached(&self) -> Option<Arc<KeySet>> {
        self.known.load().as_ref().map(|known| known.keys.clone())
    }

    /// Whether [`keys`](Self::keys) would answer at once: they are young and have the key of this id, or it is too early to ask
    /// again.
    pub fn is_good(&self, id: Option<&str>, now: Timestamp) -> bool {
        self.good(id, now).is_some()
    }

    /// What is known, where it is young and has the key; and where it is too early to ask again.
    fn good(&self, id: Option<&str>, now: Timestamp) -> Option<Arc<KeySet>> {
        let known = self.known.load();
        let known = known.as_ref()?;
        let is_fresh = known.at.saturating_add(FRESH).is_ok_and(|end| now < end);
        let has = id.is_none_or(|id| known.keys.find(id).is_some());
        (is_fresh && has || self.is_cooling(now)).then(|| known.keys.clone())
    }

    fn is_cooling(&self, now: Timestamp) -> bool {
        let since = now.as_second().saturating_sub(self.tried_at.load(Ordering::Acquire));
        (0..COOLDOWN.as_secs() as i64).contains(&since)
    }

    async fn fetch<F>(&self, now: Timestamp, fetch: impl FnOnce() -> F + Send) -> Result<()>
    where
        F: Future<Output = Result<Vec<u8>>> + Send,
    {
        self.tried_at.store(now.as_second(), Ordering::Release);
        let document = fetch().await?;
        let parsed = KeySet::parse(&document)?;
        if parsed.keys.iter().next().is_none() {
            return Err(Error::new(ErrorKind::Key, "the issuer's key set has no key that verifies"));
        }
        self.known.store(Some(Arc::new(Fetched { keys: Arc::new(parsed.keys), at: now })));
        Ok(())
    }
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.load();
        f.debug_struct("RemoteKeys").field("fetched_at", &known.as_ref().map(|known| known.at)).finish_non_exhaustive()
    }
}
