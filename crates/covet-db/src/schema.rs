//! What the database says about its tables.

use crate::backend::{Backend, mysql_introspection, postgres_introspection, sqlite_introspection};
use crate::{Executor, Ident, Result};

/// A table: its columns, keys and indexes.
///
/// ```
/// # use covet_db::Db;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// db.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT NOT NULL)").await?;
/// let Some(table) = db.table_info("books").await? else { return Ok(()) };
/// assert_eq!(table.primary_key, ["id"]);
/// assert_eq!(table.columns[1].name, "title");
/// assert!(!table.columns[1].nullable);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct TableInfo {
    /// The table's name.
    pub name: String,
    /// What the database was told about it (`COMMENT ON TABLE`), where that can be told.
    pub comment: Option<String>,
    /// The columns in their order.
    pub columns: Vec<ColumnInfo>,
    /// The names of the primary key's columns, in the key's order.
    pub primary_key: Vec<String>,
    /// The foreign keys.
    pub foreign_keys: Vec<ForeignKeyInfo>,
    /// The indexes, without the one of the primary key.
    pub indexes: Vec<IndexInfo>,
}

/// A column of a table; see [`TableInfo`].
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ColumnInfo {
    /// The column's name.
    pub name: String,
    /// The type, as the database writes it.
    pub data_type: String,
    /// Whether it can be NULL.
    pub nullable: bool,
    /// The default, as SQL.
    pub default: Option<String>,
    /// Whether its value is computed from others.
    pub generated: bool,
    /// What the database was told about it (`COMMENT ON COLUMN`), where that can be told.
    pub comment: Option<String>,
}

/// A foreign key; see [`TableInfo`].
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ForeignKeyInfo {
    /// The columns that point.
    pub columns: Vec<String>,
    /// The table that they point to.
    pub table: String,
    /// The columns that they point to; empty for that table's primary key.
    pub references: Vec<String>,
}

/// An index; see [`TableInfo`].
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct IndexInfo {
    /// The index's name.
    pub name: String,
    /// Whether its columns' values are unique.
    pub unique: bool,
    /// The columns; an expression has no name.
    pub columns: Vec<Option<String>>,
}

impl Executor {
    /// The names of the tables, sorted, without the database's own. On PostgreSQL those of a schema that is not on the search
    /// path are named `schema.table`, as every call here takes them.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// assert!(db.tables().await?.is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn tables(&self) -> Result<Vec<String>> {
        match self.database.backend {
            Backend::Sqlite(_) => sqlite_introspection::tables(self).await,
            Backend::Postgres(_) => postgres_introspection::tables(self).await,
            Backend::Mysql(_) => mysql_introspection::tables(self).await,
        }
    }

    /// Whether there is a table of this name.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// assert!(!db.table_exists("books").await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn table_exists(&self, table: &str) -> Result<bool> {
        match self.database.backend {
            Backend::Sqlite(_) => sqlite_introspection::table_exists(self, table).await,
            Backend::Postgres(_) => postgres_introspection::table_exists(self, table).await,
            Backend::Mysql(_) => mysql_introspection::table_exists(self, table).await,
        }
    }

    /// What the database says about a table; none when there is no such table.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// assert!(db.table_info("books").await?.is_none());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn table_info(&self, table: &str) -> Result<Option<TableInfo>> {
        match self.database.backend {
            Backend::Sqlite(_) => sqlite_introspection::table_info(self, table).await,
            Backend::Postgres(_) => postgres_introspection::table_info(self, table).await,
            Backend::Mysql(_) => mysql_introspection::table_info(self, table).await,
        }
    }

    /// The version of the database, as it writes it.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// assert!(db.version().await?.starts_with("SQLite 3."));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn version(&self) -> Result<String> {
        match self.database.backend {
            Backend::Sqlite(_) => sqlite_introspection::version(self).await,
            Backend::Postgres(_) => postgres_introspection::version(self).await,
            Backend::Mysql(_) => mysql_introspection::version(self).await,
        }
    }

    /// Lets the database count a table anew, so that it plans better.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// db.execute("CREATE TABLE books (id INTEGER)").await?;
    /// db.analyze_table("books").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When there is no such table.
    pub async fn analyze_table(&self, table: &str) -> Result<()> {
        match self.database.backend {
            Backend::Sqlite(_) => sqlite_introspection::analyze_table(self, Ident::new(table)?).await,
            Backend::Postgres(_) => postgres_introspection::analyze_table(self, table).await,
            Backend::Mysql(_) => mysql_introspection::analyze_table(self, table).await,
        }
    }
}

impl IndexInfo {
    /// The indexes of rows of a name, whether it is unique, and a column; the rows of one stand side by side.
    #[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
    pub(crate) fn gathered(rows: Vec<(String, bool, Option<String>)>) -> Vec<IndexInfo> {
        let mut indexes: Vec<IndexInfo> = Vec::new();
        for (name, unique, column) in rows {
            match indexes.last_mut().filter(|index| index.name == name) {
                Some(index) => index.columns.push(column),
                None => indexes.push(IndexInfo { name, unique, columns: vec![column] }),
            }
        }
        indexes
    }
}

impl ForeignKeyInfo {
    /// Keys from rows of their constraint, the table that they refer to, and one column of each, in order.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(crate) fn gathered(rows: Vec<(String, String, String, String)>) -> Vec<ForeignKeyInfo> {
        let mut keys: Vec<(String, ForeignKeyInfo)> = Vec::new();
        for (constraint, table, own, other) in rows {
            if keys.last().is_none_or(|(last, _)| *last != constraint) {
                keys.push((constraint, ForeignKeyInfo { table, ..ForeignKeyInfo::default() }));
            }
            if let Some((_, key)) = keys.last_mut() {
                key.columns.push(own);
                key.references.push(other);
            }
        }
        keys.into_iter().map(|(_, key)| key).collect()
    }
}
