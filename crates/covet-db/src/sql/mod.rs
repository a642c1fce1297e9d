//! Statements: text in pieces that the compiler has seen, and values that can only be bound.
//!
//! `sql!` splits its text when the program is built, so nothing scans SQL at run time, a value can never become text,
//! and the number of placeholders is right by construction. What the text looks like for a database is rendered once
//! for each place in the code; only statements with lists or spliced parts are put together at each call.

mod render;
mod splice;
mod template;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use render::Rendered;
pub use splice::{Direction, Splice};
pub use template::{Arg, Piece, Template};

use crate::{Dialect, Param};

/// A statement with its values, made by [`sql!`](crate::sql!), from a `&'static str`, or by [`Sql::unchecked`].
///
/// ```
/// use covet_db::{sql, Sql};
///
/// let author = Some("Ursula K. Le Guin");
/// let by_author = author.map(|name| sql!("AND author = {name}"));
/// let query: Sql<'_> = sql!("SELECT title FROM books WHERE price < {100} {..by_author}");
/// assert_eq!(query.text(), "SELECT title FROM books WHERE price < ? AND author = ?");
/// ```
#[derive(Clone)]
pub struct Sql<'a> {
    source: Source,
    args: Vec<Arg<'a>>,
    timeout: Option<Duration>,
}

#[derive(Clone)]
enum Source {
    Template(&'static Template),
    Static(&'static str),
    Unchecked(Arc<str>),
}

impl<'a> Sql<'a> {
    /// What `sql!` expands to.
    #[doc(hidden)]
    #[must_use]
    pub fn from_template(template: &'static Template, args: Vec<Arg<'a>>) -> Self {
        Self { source: Source::Template(template), args, timeout: None }
    }

    /// A statement whose text was made at run time. Nothing protects it from injection but the care of whoever made
    /// it, which is why it has a name that is easy to search for.
    ///
    /// ```
    /// # use covet_db::{Db, Sql};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let report = format!("SELECT {}", 6 * 7);
    /// let answer: i64 = db.fetch_value(Sql::unchecked(report)).await?;
    /// assert_eq!(answer, 42);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn unchecked(text: impl Into<String>) -> Self {
        Self { source: Source::Unchecked(Arc::from(text.into())), args: Vec::new(), timeout: None }
    }

    /// Adds a value for the next placeholder of an [unchecked](Sql::unchecked) text, written in the database's own way.
    ///
    /// ```
    /// # use covet_db::{Db, Sql};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let sum: i64 = db.fetch_value(Sql::unchecked("SELECT ? + ?").bind(40).bind(2)).await?;
    /// assert_eq!(sum, 42);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn bind(mut self, value: impl crate::IntoParam<'a>) -> Self {
        self.args.push(Arg::Value(value.into_param()));
        self
    }

    /// Gives this call a time-out of its own in place of the one in [`ConnectOptions`](crate::ConnectOptions).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use covet_db::{sql, Db};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let report = sql!("SELECT 1").timeout(Duration::from_secs(300));
    /// db.fetch_value::<i64>(report).await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The statements joined by a separator, for conditions that are collected in a loop.
    ///
    /// ```
    /// use covet_db::{sql, Sql};
    /// let words = ["left", "hand"];
    /// let all = Sql::join(words.iter().map(|word| sql!("title LIKE {word}")), " AND ");
    /// let query = sql!("SELECT id FROM books WHERE {..all}");
    /// assert_eq!(query.text(), "SELECT id FROM books WHERE title LIKE ? AND title LIKE ?");
    /// ```
    #[must_use]
    pub fn join(parts: impl IntoIterator<Item = Self>, separator: &'static str) -> Self {
        static EMPTY: Template = Template::new(&[]);
        let mut args = Vec::new();
        for part in parts {
            if !args.is_empty() {
                args.push(Arg::Fragment(Sql::from(separator)));
            }
            args.push(Arg::Fragment(part));
        }
        Self::from_template(&EMPTY, args)
    }

    /// The text with a `?` for each value, for logs and tests.
    ///
    /// ```
    /// let name = "Ada";
    /// assert_eq!(covet_db::sql!("SELECT {name}").text(), "SELECT ?");
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        self.render(Dialect::Sqlite).map(|rendered| rendered.text.as_str().to_owned()).unwrap_or_default()
    }

    pub(crate) fn own_timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Whether both were written at the same place, so that they have the same text.
    pub(crate) fn same_source(&self, other: &Self) -> bool {
        match (&self.source, &other.source) {
            (Source::Template(one), Source::Template(two)) => std::ptr::eq(*one, *two) && one.is_fixed(),
            (Source::Static(one), Source::Static(two)) => one == two,
            (Source::Unchecked(one), Source::Unchecked(two)) => one == two,
            _ => false,
        }
    }

    /// Whether its text is the same whatever its values are.
    pub(crate) fn has_values_alone(&self) -> bool {
        match &self.source {
            Source::Template(template) => template.is_fixed(),
            Source::Static(_) | Source::Unchecked(_) => true,
        }
    }

    /// The values alone, of a statement that has neither lists nor parts.
    pub(crate) fn into_values(self) -> impl Iterator<Item = Param<'a>> {
        self.args.into_iter().filter_map(|arg| match arg {
            Arg::Value(value) => Some(value),
            _ => None,
        })
    }
}

impl From<&'static str> for Sql<'_> {
    fn from(text: &'static str) -> Self {
        Self { source: Source::Static(text), args: Vec::new(), timeout: None }
    }
}

impl<'a> From<&Sql<'a>> for Sql<'a> {
    fn from(sql: &Sql<'a>) -> Self {
        sql.clone()
    }
}

impl fmt::Debug for Sql<'_> {
    /// Shows the text, never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sql").field(&self.text()).finish()
    }
}

/// The text of a statement as an adapter sends it; cheap to clone and to keep in a cache.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    /// The program's own, which was written by whoever wrote the program.
    Static(&'static str),
    /// Made at run time.
    Shared(Arc<str>),
}

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Shared(text) => text,
        }
    }
}
