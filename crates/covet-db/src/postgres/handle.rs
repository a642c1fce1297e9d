//! The calls that only PostgreSQL has.

use std::fmt;

use super::Postgres;
use crate::backend::Backend;
use crate::{Error, ErrorKind, Executor, Result};

/// What only PostgreSQL has: notifications, advisory locks, and COPY of text. [`Executor::postgres`] gives it, on a database
/// or in a transaction.
///
/// ```no_run
/// # use covet_db::Db;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// let db = Db::connect("postgres://me@localhost/shop").await?;
/// db.postgres()?.notify("orders", "17").await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy)]
pub struct Handle<'a> {
    pub(super) executor: &'a Executor,
    pub(super) database: &'a Postgres,
}

impl fmt::Debug for Handle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(self.executor).finish()
    }
}

impl Executor {
    /// The calls that only PostgreSQL has.
    ///
    /// ```
    /// # use covet_db::{Db, ErrorKind};
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// let db = Db::connect("sqlite::memory:").await?;
    /// assert_eq!(db.postgres().unwrap_err().kind(), ErrorKind::Misuse);
    /// # Ok(()) }
    /// # #[cfg(not(feature = "sqlite"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] on every other database.
    pub fn postgres(&self) -> Result<Handle<'_>> {
        match &self.database.backend {
            Backend::Postgres(database) => Ok(Handle { executor: self, database }),
            other => {
                let message = format!("only PostgreSQL can do this, and the database is {}", other.dialect());
                Err(Error::new(ErrorKind::Misuse, message))
            }
        }
    }
}

impl Handle<'_> {
    /// What lives in a session is lost where a pooler gives each transaction another one.
    pub(super) fn needs_session(&self, what: &str) -> Result<()> {
        match self.database.shared.has_sessions() {
            true => Ok(()),
            false => Err(Error::new(
                ErrorKind::Misuse,
                format!(
                    "{what} needs a session of its own, which the pooler in between does not give; connect to the server itself"
                ),
            )),
        }
    }
}
