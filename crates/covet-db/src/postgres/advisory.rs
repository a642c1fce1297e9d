//! Advisory locks: names that the database keeps for programs that want to exclude each other.

use std::panic::Location;
use std::sync::Arc;

use super::call::Call;
use super::connection::{Connection, Session};
use super::control;
use super::handle::Handle;
use crate::pool::{Lease, Place};
use crate::transaction::scope::Scope;
use crate::{Error, ErrorKind, Result};

/// What an advisory lock is called: a number, two numbers, or a text. A text is hashed to 64 bits, the same in every
/// version of this crate.
///
/// ```
/// use covet_db::postgres::LockKey;
/// assert_ne!(LockKey::from("nightly report"), LockKey::from("nightly backup"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LockKey(i64);

impl From<i64> for LockKey {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

impl From<&str> for LockKey {
    /// FNV-1a.
    fn from(name: &str) -> Self {
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(hash.cast_signed())
    }
}

/// A lock that was taken on a connection of its own. Dropped, it is given back without waiting for that; the connection
/// breaking gives it back, too.
///
/// ```no_run
/// # use covet_db::Db;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("postgres://me@localhost/shop").await?;
/// if let Some(lock) = db.postgres()?.try_advisory_lock("nightly report").await? {
///     // This process alone does it.
///     lock.release().await?;
/// }
/// # Ok(()) }
/// ```
#[must_use = "a lock is given back when it is dropped"]
pub struct AdvisoryLock {
    lease: Option<Lease<Connection>>,
    session: Arc<Session>,
    key: LockKey,
}

impl AdvisoryLock {
    /// Gives the lock back, and answers when that has happened.
    ///
    /// # Errors
    /// [`ErrorKind::ConnectionLost`] when the connection broke at some time, and the lock with it: what it was to keep apart
    /// may not have been.
    pub async fn release(mut self) -> Result<()> {
        let Some(lease) = self.lease.take() else { return Ok(()) };
        let key = self.key.0;
        // Should this be dropped halfway, or fail, everything that the session holds is given back.
        let call = Call::once(lease)?;
        let released = super::execute(
            &call.session,
            &crate::sql!("SELECT pg_advisory_unlock({!key})").render(crate::Dialect::Postgres)?,
        )
        .await;
        call.over(released).map(drop)
    }

    /// Whether the connection that holds the lock is there, as far as is known without asking.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.lease.is_some() && !self.session.client.is_closed()
    }
}

impl std::fmt::Debug for AdvisoryLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AdvisoryLock").field(&self.key).finish()
    }
}

impl Drop for AdvisoryLock {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            control::recover(lease, control::Left::Transaction);
        }
    }
}

impl Handle<'_> {
    /// Waits for an advisory lock and holds it, on a connection of the pool that serves nothing else meanwhile, until it is
    /// released or dropped. No transaction is open meanwhile.
    ///
    /// ```no_run
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("postgres://me@localhost/shop").await?;
    /// let lock = db.postgres()?.advisory_lock("import").await?;
    /// lock.release().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] when it was not to be had within `command_timeout`, [`ErrorKind::Misuse`] where a pooler stands
    /// in between; and when no connection becomes free.
    #[track_caller]
    pub fn advisory_lock(&self, key: impl Into<LockKey>) -> impl Future<Output = Result<AdvisoryLock>> + Send {
        let (key, place) = (key.into(), Location::caller());
        async move {
            let lock = self.take(key, crate::sql!("SELECT pg_advisory_lock({!key.0}) IS NOT NULL"), place).await?;
            lock.ok_or_else(|| Error::new(ErrorKind::LockTimeout, "the advisory lock was not given"))
        }
    }

    /// Takes an advisory lock if nobody has it.
    ///
    /// # Errors
    /// As [`advisory_lock`](Self::advisory_lock), but that it answers at once.
    #[track_caller]
    pub fn try_advisory_lock(
        &self,
        key: impl Into<LockKey>,
    ) -> impl Future<Output = Result<Option<AdvisoryLock>>> + Send {
        let (key, place) = (key.into(), Location::caller());
        async move { self.take(key, crate::sql!("SELECT pg_try_advisory_lock({!key.0})"), place).await }
    }

    async fn take(&self, key: LockKey, sql: crate::Sql<'_>, place: Place) -> Result<Option<AdvisoryLock>> {
        self.needs_session("an advisory lock outside of a transaction")?;
        let rendered = sql.render(crate::Dialect::Postgres)?;
        let text = rendered.text.clone();
        let options = &self.executor.database.options;
        let taking = async {
            let call = Call::once(self.database.lease(place).await?)?;
            let session = Arc::clone(&call.session);
            match super::fetch(&session, &rendered, crate::backend::Wanted::One).await {
                Ok(batches) => {
                    let row = batches.into_iter().next().and_then(crate::Row::first);
                    let taken = row.map(|row| row.get::<bool>(0)).transpose()?.unwrap_or(false);
                    let lease = call.keep();
                    let lock = AdvisoryLock { lease, session, key };
                    Ok(taken.then_some(lock))
                }
                Err(failure) => call.over(Err(failure)),
            }
        };
        let (timeout, slow) = (options.command_timeout, self.executor.database.slow.at_least(options.command_timeout));
        crate::observe::observed(crate::Dialect::Postgres, text.as_str(), timeout, &slow, taking).await
    }

    /// Waits for an advisory lock that the transaction holds until it ends.
    ///
    /// ```no_run
    /// # use covet_db::{Db, Error};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("postgres://me@localhost/shop").await?;
    /// db.transaction(async |tx| {
    ///     tx.postgres()?.transaction_lock("stock of 17").await?;
    ///     tx.execute("UPDATE books SET stock = stock - 1 WHERE id = 17").await.map(drop)
    /// })
    /// .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] outside of a transaction, [`ErrorKind::Timeout`] when it was not to be had within
    /// `command_timeout`.
    pub async fn transaction_lock(&self, key: impl Into<LockKey>) -> Result<()> {
        let key = key.into().0;
        self.needs_transaction()?;
        self.executor.execute(crate::sql!("SELECT pg_advisory_xact_lock({!key})")).await.map(drop)
    }

    /// Takes such a lock if nobody has it, and says whether it did.
    ///
    /// # Errors
    /// As [`transaction_lock`](Self::transaction_lock), but that it answers at once.
    pub async fn try_transaction_lock(&self, key: impl Into<LockKey>) -> Result<bool> {
        let key = key.into().0;
        self.needs_transaction()?;
        self.executor.fetch_value(crate::sql!("SELECT pg_try_advisory_xact_lock({!key})")).await
    }

    fn needs_transaction(&self) -> Result<()> {
        match self.executor.scope {
            Scope::Transaction { .. } => Ok(()),
            Scope::Pool => Err(Error::new(
                ErrorKind::Misuse,
                "a lock of a transaction is taken within one; outside of one there is `advisory_lock`",
            )),
        }
    }
}
