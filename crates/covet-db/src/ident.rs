//! Names of tables and columns that are known only at run time.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::{Dialect, Error, ErrorKind, Result};

/// The name of a table or column, checked so that it can be quoted for every database.
///
/// It is spliced into a statement with `{..name}`, quoted by the one function that this crate has for it.
///
/// ```
/// # use covet_db::{sql, Db, Ident};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// let table = Ident::new("we\"ird; DROP TABLE users")?;
/// db.execute(sql!("CREATE TABLE {..table} (id INTEGER)")).await?;
/// assert_eq!(db.fetch_value::<i64>(sql!("SELECT count(*) FROM {..table}")).await?, 0);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ident<'a>(Cow<'a, str>);

/// The name of a table quoted, ready to be spliced.
pub(crate) fn table_path<'a>(table: &str, dialect: Dialect) -> Result<crate::Sql<'a>> {
    let mut text = String::new();
    quote_path(table, dialect, &mut text)?;
    Ok(crate::Sql::unchecked(text))
}

/// Writes the name of a table, or of a schema and a table in it with a dot between them, quoted. On SQLite the dot is part
/// of the name, because it has no schemas.
pub(crate) fn quote_path(table: &str, dialect: Dialect, output: &mut String) -> Result<()> {
    match table.split_once('.') {
        Some((schema, table)) if dialect != Dialect::Sqlite => {
            Ident::new(schema)?.quote_into(dialect, output);
            output.push('.');
            Ident::new(table)?.quote_into(dialect, output);
        }
        _ => Ident::new(table)?.quote_into(dialect, output),
    }
    Ok(())
}

impl<'a> Ident<'a> {
    /// The longest name, in bytes: PostgreSQL cuts longer ones off in silence, so that two names could become one.
    pub const LONGEST: usize = 63;

    /// Takes a name that is not empty, not longer than 63 bytes and free of NUL.
    ///
    /// ```
    /// use covet_db::Ident;
    /// assert!(Ident::new("books").is_ok());
    /// assert!(Ident::new("").is_err());
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`] when the name is empty, too long or has a NUL in it.
    pub fn new(name: impl Into<Cow<'a, str>>) -> Result<Self> {
        let name = name.into();
        let fault = if name.is_empty() {
            "an identifier must not be empty"
        } else if name.len() > Self::LONGEST {
            "an identifier must not be longer than 63 bytes"
        } else if name.contains('\0') {
            "an identifier must not contain a NUL"
        } else {
            return Ok(Self(name));
        };
        Err(Error::new(ErrorKind::Syntax, fault))
    }

    /// The name as it was given, without quotes.
    ///
    /// ```
    /// # fn main() -> covet_db::Result<()> {
    /// assert_eq!(covet_db::Ident::new("books")?.as_str(), "books");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Writes the name between the dialect's quotes, doubling the quotes inside it.
    pub(crate) fn quote_into(&self, dialect: Dialect, output: &mut String) {
        let quote = match dialect {
            Dialect::Sqlite | Dialect::Postgres => '"',
            Dialect::Mysql => '`',
        };
        output.push(quote);
        for character in self.0.chars() {
            if character == quote {
                output.push(quote);
            }
            output.push(character);
        }
        output.push(quote);
    }
}

impl fmt::Display for Ident<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        f.write_str(&self.0.replace('"', "\"\""))?;
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a quoted name back as the databases do, and gives it with what stands behind it.
    fn unquote(text: &str, quote: char) -> Option<(String, &str)> {
        let mut rest = text.strip_prefix(quote)?;
        let mut name = String::new();
        loop {
            let end = rest.find(quote)?;
            name.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            let Some(more) = rest.strip_prefix(quote) else {
                return Some((name, rest));
            };
            name.push(quote);
            rest = more;
        }
    }

    proptest! {
        #[test]
        fn quoting_is_undone_by_reading(name in "[^\0]{1,15}") {
            let ident = Ident::new(name.as_str())?;
            for (dialect, quote) in [(Dialect::Sqlite, '"'), (Dialect::Postgres, '"'), (Dialect::Mysql, '`')] {
                let mut text = String::new();
                ident.quote_into(dialect, &mut text);
                prop_assert_eq!(unquote(&text, quote), Some((name.clone(), "")));
            }
        }
    }

    #[test]
    fn names_that_cannot_be_quoted_are_refused() {
        assert!(Ident::new("a\0b").is_err());
        assert!(Ident::new("é".repeat(32)).is_err());
        assert!(Ident::new("x".repeat(63)).is_ok());
    }
}
