//! The calls that only MySQL and MariaDB have.

use std::fmt;

use super::introspection;
use crate::backend::Backend;
use crate::ident::table_path;
use crate::{Error, ErrorKind, Executor, FromRow, Result, Row};

/// What only MySQL and MariaDB have: the upkeep of tables, what the server has beside this database, and its sessions.
/// [`Executor::mysql`] gives it.
///
/// ```no_run
/// # use covet_db::Db;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// let db = Db::connect("mysql://me@localhost/shop").await?;
/// for message in db.mysql()?.optimize_table("orders").await? {
///     println!("{}: {}", message.kind, message.text);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy)]
pub struct Handle<'a> {
    executor: &'a Executor,
}

impl fmt::Debug for Handle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(self.executor).finish()
    }
}

/// What the server says while it works on a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct TableMessage {
    /// The table, with its database.
    pub table: String,
    /// `status`, `note`, `info` or `warning`.
    pub kind: String,
    /// The message.
    pub text: String,
}

impl FromRow for TableMessage {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self { table: row.get(0)?, kind: row.get(2)?, text: row.get(3)? })
    }
}

/// A column as `SHOW FULL COLUMNS` tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct FullColumn {
    /// The name.
    pub name: String,
    /// The type, as in `CREATE TABLE`.
    pub data_type: String,
    /// How text is compared; none where the column is no text.
    pub collation: Option<String>,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// `PRI`, `UNI`, `MUL`, or nothing.
    pub key: String,
    /// What is stored where nothing is written.
    pub default: Option<String>,
    /// Whether it numbers itself.
    pub auto_increment: bool,
    /// What else the server says, such as `auto_increment` or `VIRTUAL GENERATED`.
    pub extra: String,
    /// What the user of the connection may do with it.
    pub privileges: String,
    /// The comment.
    pub comment: String,
}

impl FromRow for FullColumn {
    fn from_row(row: &Row) -> Result<Self> {
        let extra: String = row.get("Extra")?;
        Ok(Self {
            name: row.get("Field")?,
            data_type: row.get("Type")?,
            collation: row.get("Collation")?,
            nullable: row.get::<String>("Null")? == "YES",
            key: row.get("Key")?,
            default: row.get("Default")?,
            auto_increment: extra.to_ascii_lowercase().contains("auto_increment"),
            extra,
            privileges: row.get("Privileges")?,
            comment: row.get("Comment")?,
        })
    }
}

impl Executor {
    /// The calls that only MySQL and MariaDB have.
    ///
    /// ```
    /// # use covet_db::{Db, ErrorKind};
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// let db = Db::connect("sqlite::memory:").await?;
    /// assert_eq!(db.mysql().unwrap_err().kind(), ErrorKind::Misuse);
    /// # Ok(()) }
    /// # #[cfg(not(feature = "sqlite"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] on every other database.
    pub fn mysql(&self) -> Result<Handle<'_>> {
        match &self.database.backend {
            Backend::Mysql(_) => Ok(Handle { executor: self }),
            other => {
                let message = format!("only MySQL can do this, and the database is {}", other.dialect());
                Err(Error::new(ErrorKind::Misuse, message))
            }
        }
    }
}

impl Handle<'_> {
    /// Writes a table anew, without the room that its deleted rows have left. A table is named alone or behind its database
    /// and a dot, here and below.
    ///
    /// # Errors
    /// When there is no such table, or it cannot be written.
    pub async fn optimize_table(&self, table: &str) -> Result<Vec<TableMessage>> {
        let table = table_path(table, self.executor.dialect())?;
        self.tell(crate::sql!("OPTIMIZE TABLE {..table}")).await
    }

    /// Counts anew what the server plans its queries by.
    ///
    /// # Errors
    /// When there is no such table.
    pub async fn analyze_table(&self, table: &str) -> Result<Vec<TableMessage>> {
        let table = table_path(table, self.executor.dialect())?;
        self.tell(crate::sql!("ANALYZE TABLE {..table}")).await
    }

    /// Looks for faults in a table.
    ///
    /// # Errors
    /// When there is no such table, or when there are faults.
    pub async fn check_table(&self, table: &str) -> Result<Vec<TableMessage>> {
        let table = table_path(table, self.executor.dialect())?;
        self.tell(crate::sql!("CHECK TABLE {..table}")).await
    }

    async fn tell(&self, statement: crate::Sql<'_>) -> Result<Vec<TableMessage>> {
        let rows: Vec<Row> = self.executor.fetch_all(statement).await?;
        introspection::told(&rows)?;
        rows.iter().map(TableMessage::from_row).collect()
    }

    /// The databases of the server that the user of the connection may see.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn databases(&self) -> Result<Vec<String>> {
        let names: Vec<(String,)> = self
            .executor
            .fetch_all("SELECT schema_name FROM information_schema.schemata ORDER BY BINARY schema_name")
            .await?;
        Ok(names.into_iter().map(|(name,)| name).collect())
    }

    /// The tables of a database; none where there is no such database.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn tables(&self, database: &str) -> Result<Vec<String>> {
        let names: Vec<(String,)> = self
            .executor
            .fetch_all(crate::sql!(
                "SELECT table_name FROM information_schema.tables
                 WHERE table_schema = {database} AND table_type = 'BASE TABLE' ORDER BY BINARY table_name"
            ))
            .await?;
        Ok(names.into_iter().map(|(name,)| name).collect())
    }

    /// The columns of a table with their keys, collations, comments and what numbers itself; see also
    /// [`table_info`](Executor::table_info), which is the same on every database.
    ///
    /// # Errors
    /// When there is no such table.
    pub async fn table_info(&self, table: &str) -> Result<Vec<FullColumn>> {
        let table = table_path(table, self.executor.dialect())?;
        self.executor.fetch_all(crate::sql!("SHOW FULL COLUMNS FROM {..table}")).await
    }

    /// The server's number for the session of the connection, which is worth something within a transaction alone.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn connection_id(&self) -> Result<u64> {
        self.executor.fetch_value("SELECT CONNECTION_ID()").await
    }

    /// Ends the session of this number, with the statement that runs in it.
    ///
    /// # Errors
    /// When there is none, or it is another user's and that may not be ended.
    pub async fn kill(&self, connection: u64) -> Result<()> {
        self.executor.execute(crate::Sql::unchecked(format!("KILL CONNECTION {connection}"))).await.map(drop)
    }

    /// The server's variables, as they are in force for the session, by name.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn variables(&self) -> Result<Vec<(String, String)>> {
        self.executor.fetch_all("SHOW VARIABLES").await
    }

    /// One of them; none where there is no variable of this name.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn variable(&self, name: &str) -> Result<Option<String>> {
        let variables = self.variables().await?;
        Ok(variables.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value))
    }
}
