//! What differs between the databases in the text of a statement.

use std::fmt;

/// A family of databases that write SQL alike.
///
/// ```
/// # use covet_db::{Db, Dialect};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// let db = Db::connect("sqlite::memory:").await?;
/// assert_eq!(db.dialect(), Dialect::Sqlite);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL and what speaks its protocol.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

impl Dialect {
    pub(crate) const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

    /// The name by which OpenTelemetry knows the database system; also the folder of its migrations, but that
    /// PostgreSQL's is `postgres`.
    pub(crate) fn system_name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
            Self::Mysql => "mysql",
        }
    }

    /// How many values one statement can bind.
    pub(crate) fn most_parameters(self) -> usize {
        match self {
            Self::Sqlite => 32_766,
            Self::Postgres | Self::Mysql => 65_535,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
        })
    }
}
