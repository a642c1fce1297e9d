//! The database layer of Covet: one honest interface over SQL databases, injection-proof by construction, with nothing lost
//! when a future is dropped.
//!
//! ```
//! use covet_db::{sql, Db, FromRow};
//!
//! #[derive(FromRow)]
//! #[from_row(crate = "covet_db")]
//! struct Book {
//!     id: i64,
//!     title: String,
//!     price: Option<i64>,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
//! let db = Db::connect("sqlite::memory:").await?;
//! db.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT NOT NULL, price INTEGER)").await?;
//!
//! let (title, price) = ("Dune", 1999);
//! db.execute(sql!("INSERT INTO books (title, price) VALUES ({title}, {price})")).await?;
//!
//! let most = Some(2500);
//! let affordable = most.map(|most| sql!("AND price <= {most}"));
//! let books: Vec<Book> = db
//!     .fetch_all(sql!("SELECT * FROM books WHERE title LIKE {\"D%\"} {..affordable} ORDER BY id"))
//!     .await?;
//! assert_eq!((books[0].id, books[0].price), (1, Some(1999)));
//! # Ok(()) }
//! ```
//!
//! # What is where
//! - [`Db`] is a pool; [`Executor`] has the calls that it and a [`Transaction`] share; [`sql!`] makes a [`Sql`].
//! - Values go in by [`IntoParam`] and come out by [`Decode`]; rows come out by [`FromRow`], or as [`Row`].
//! - [`migrations!`] embeds numbered files, [`Db::migrate`] applies them.
//! - Everything fails with one [`Error`], told apart by its [`ErrorKind`].
//!
//! # Databases
//! SQLite (feature `sqlite`, on by default) and PostgreSQL (feature `postgres`; tested on version 15), told apart by the
//! URL alone. Encrypted connections need the feature `tls`. What only PostgreSQL can do stands in the module `postgres`:
//! notifications, advisory locks, and COPY of bytes.
//!
//! On PostgreSQL a value is sent in the type of its place, and one that does not fit is refused before it is sent. Instants
//! keep microseconds there. An array is bound and read as [`Json`] of a list.
//!
//! # Decisions
//! - **Text and values are apart from the start.** `sql!` splits the text at compile time. A value can only be bound; what is
//!   spliced, `{..part}`, brings its own values; other text is a `&'static str` or stands behind [`Sql::unchecked`].
//! - **A call that is dropped leaves nothing behind.** A lease is busy before its first byte goes out and returns to the pool
//!   only when its connection has been proved clean. The running statement is stopped, and no other.
//! - **The drivers are bare connections; pool, statement cache, cancellation, transactions and rows are ours**, because that is
//!   where libraries lose data or time. Adapters stand behind an enum: no trait objects, no boxed futures per call.
//! - **Rows share two buffers per batch** and decode a column when it is asked for.
//! - **Logs and errors never hold a value**: the `query` span has OpenTelemetry's names and the text with placeholders.

#![cfg_attr(
    not(all(feature = "mysql", feature = "postgres", feature = "sqlite")),
    allow(dead_code, unreachable_code, reason = "what only one adapter uses is idle in a build without it")
)]

#[cfg(not(all(feature = "mysql", feature = "postgres", feature = "sqlite")))]
mod absent;
mod arity;
mod backend;
mod batch;
mod bulk;
mod db;
mod dialect;
mod error;
mod executor;
mod from_row;
mod ident;
mod lru;
mod migrate;
#[cfg(feature = "mysql")]
pub mod mysql;
mod observe;
mod options;
mod param;
mod pool;
#[cfg(feature = "postgres")]
pub mod postgres;
mod quick_hash;
mod replicas;
mod row;
mod schema;
mod slow;
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod statements;
mod stream;
mod transaction;
mod url;
mod value;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod words;

/// Reads a row into a struct, each field from the column of its name: derives the trait [`FromRow`](trait@crate::FromRow).
///
/// ```
/// use covet_db::{Db, FromRow, Json, sql};
///
/// #[derive(FromRow)]
/// #[from_row(crate = "covet_db")]
/// struct Book {
///     id: i64,
///     #[from_row(rename = "book_title")]
///     title: String,
///     #[from_row(json)]
///     tags: Vec<String>,
///     #[from_row(default)]
///     stock: i64,
///     #[from_row(flatten)]
///     author: Author,
///     #[from_row(skip)]
///     marked: bool,
/// }
///
/// #[derive(FromRow)]
/// #[from_row(crate = "covet_db")]
/// struct Author {
///     name: String,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// let db = Db::connect("sqlite::memory:").await?;
/// let tags = Json(["classic"]);
/// let book: Book = db
///     .fetch_one(sql!("SELECT 1 AS id, 'Emma' AS book_title, {tags} AS tags, NULL AS stock, 'Jane Austen' AS name"))
///     .await?;
/// assert_eq!((book.id, book.title.as_str(), book.tags.len()), (1, "Emma", 1));
/// assert_eq!((book.stock, book.author.name.as_str(), book.marked), (0, "Jane Austen", false));
/// # Ok(()) }
/// ```
///
/// | on a field, `#[from_row(…)]` | meaning |
/// |---|---|
/// | `rename = "column"` | the column has another name |
/// | `default`, `default = expression` | what stands for a column that is missing or NULL |
/// | `json` | the column is JSON |
/// | `flatten` | the field is read from the same row |
/// | `skip`, `skip = expression` | no column is read |
///
/// | on the struct | meaning |
/// |---|---|
/// | `rename_all = "…"` | how columns are named: `camelCase`, `PascalCase`, `SCREAMING_SNAKE_CASE`, `kebab-case` |
/// | `crate = "path"` | where this crate is found, unless it is `covet::db` |
///
/// A column that is missing, or whose value is of another type, is an error of the kind
/// [`Decode`](ErrorKind::Decode) that names it.
pub use covet_macros::FromRow;

pub use batch::{Answers, Pending, Statements};
pub use bulk::IntoRecord;
pub use db::Db;
pub use dialect::Dialect;
pub use error::{Error, ErrorKind, Result};
pub use executor::{Executed, Executor};
pub use from_row::FromRow;
pub use ident::Ident;
pub use migrate::{Migration, MigrationState, MigrationStatus, Migrations};
pub use options::{
    ChannelBinding, ConnectOptions, MysqlOptions, PoolOptions, PostgresOptions, PreparedStatements, SqliteMode, SqliteOptions,
    SqliteSynchronous, SslMode, TargetSession,
};
pub use param::{IntoParam, Param};
pub use pool::{ClosedStats, Histogram, LaneStats, PoolStats, StatementStats};
pub use row::{ColumnIndex, Row};
pub use schema::{ColumnInfo, ForeignKeyInfo, IndexInfo, TableInfo};
pub use slow::SlowStatement;
pub use sql::{Direction, Splice, Sql};
pub use stream::RowStream;
pub use transaction::{Isolation, Transaction, TransactionOptions};
pub use value::{Decode, Json, ValueRef};

/// What the macros expand to; no part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use covet_macros::{migrations, sql};

    pub use crate::row::Field;
    pub use crate::sql::{Arg, Piece, Template};
    use crate::{ColumnIndex, Decode, IntoParam, Result, Row, Splice, Sql};

    /// A column that may be missing or NULL.
    pub fn optional<T: Decode>(row: &Row, column: Field) -> Result<Option<T>> {
        match column.find(row) {
            Some(_) => row.get(column),
            None => Ok(None),
        }
    }

    /// The statement of a `sql!`.
    #[must_use]
    pub fn statement<'a>(template: &'static Template, args: Vec<Arg<'a>>) -> Sql<'a> {
        Sql::from_template(template, args)
    }

    /// `{value}`
    #[must_use]
    pub fn value<'a>(value: impl IntoParam<'a>) -> Arg<'a> {
        Arg::Value(value.into_param())
    }

    /// `IN ({list*})`
    #[must_use]
    pub fn list<'a, T: IntoParam<'a>>(list: impl IntoIterator<Item = T>) -> Arg<'a> {
        Arg::List(list.into_iter().map(IntoParam::into_param).collect())
    }

    /// `{..part}`
    #[must_use]
    pub fn splice<'a>(part: &impl Splice<'a>) -> Arg<'a> {
        part.splice()
    }
}

/// A statement with values: text in a string literal, Rust expressions in its braces.
///
/// | written | means |
/// |---|---|
/// | `{id}`, `{*id}`, `{self.x}` | binds the value of the place, which is borrowed |
/// | `{f(a)}`, `{n + 1}` | binds the value that the expression makes |
/// | `x IN ({list*})`, `x NOT IN ({list*})` | binds each value of a list; an empty one is false, or true for `NOT IN` |
/// | `{..part}` | splices a [`Sql`], an `Option<Sql>`, an [`Ident`] or a [`Direction`] |
/// | `{{`, `}}` | a brace |
///
/// Quoted text, quoted identifiers, dollar quotes and comments are left alone. A name in braces within quotes, `'{name}'`,
/// is an error, because it would be text and not the value that was meant.
///
/// ```
/// use covet_db::{sql, Ident};
/// # fn main() -> covet_db::Result<()> {
/// let (ids, word) = (vec![1, 2, 3], "%left%");
/// let only_cheap = Some(sql!("AND price < {1_000}"));
/// let column = Ident::new("title")?;
/// let query = sql!(
///     "SELECT id FROM books
///      WHERE id IN ({ids*}) AND title LIKE {word} {..only_cheap}
///      ORDER BY {..column}"
/// );
/// # drop(query);
/// # Ok(()) }
/// ```
///
/// A crate that re-exports this one as `its::db` gives its users the macro by a wrapper of its own:
///
/// ```
/// # extern crate self as its;
/// # pub use covet_db as db;
/// macro_rules! sql {
///     ($($tokens:tt)*) => { covet_db::__private::sql!(covet_db, $($tokens)*) };
/// }
/// # let _ = sql!("SELECT 1");
/// ```
#[macro_export]
macro_rules! sql {
    ($($tokens:tt)*) => { $crate::__private::sql!($crate, $($tokens)*) };
}

/// The migrations of a folder, as [`Migrations`], built into the program.
///
/// The path is relative to the package's `Cargo.toml`. Files are named `0001_create_books.sql`; those that differ between
/// databases stand in `sqlite/`, `postgres/` and `mysql/` below, and share their numbers with nothing in the folder itself.
///
/// ```
/// static MIGRATIONS: covet_db::Migrations = covet_db::migrations!("tests/migrations");
/// ```
///
/// The compiler watches the files but not the folder: after adding one, touch the file with the macro, or let a `build.rs`
/// print `cargo::rerun-if-changed=migrations`. In a development build a file that was not seen is an error at run time.
#[macro_export]
macro_rules! migrations {
    ($($tokens:tt)*) => { $crate::__private::migrations!($crate, $($tokens)*) };
}

#[cfg(test)]
extern crate self as covet_db;
