//! What `{..part}` takes.

use super::{Arg, Sql};
use crate::Ident;

/// What can be spliced into a statement with `{..part}`: a statement, an optional one, an identifier, a direction.
///
/// The two dots are the mark that tells a part of the statement from a value: `{part}` binds, `{..part}` splices. A
/// part brings its own values with it, so splicing cannot inject.
///
/// ```
/// use covet_db::{sql, Direction, Ident};
/// # fn main() -> covet_db::Result<()> {
/// let cheap = true.then(|| sql!("WHERE price < {500}"));
/// let column = Ident::new("title")?;
/// let query = sql!("SELECT id FROM books {..cheap} ORDER BY {..column} {..Direction::Descending}");
/// assert_eq!(query.text(), "SELECT id FROM books WHERE price < ? ORDER BY \"title\" DESC");
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be spliced into a statement",
    label = "not a part of a statement",
    note = "`{{..part}}` takes a `Sql`, an `Option<Sql>`, an `Ident` or a `Direction`; to bind a value, leave the dots out"
)]
pub trait Splice<'a> {
    /// The part as an argument of the statement.
    #[doc(hidden)]
    fn splice(&self) -> Arg<'a>;
}

impl<'a> Splice<'a> for Sql<'a> {
    fn splice(&self) -> Arg<'a> {
        Arg::Fragment(self.clone())
    }
}

impl<'a, T: Splice<'a>> Splice<'a> for Option<T> {
    fn splice(&self) -> Arg<'a> {
        self.as_ref().map_or(Arg::Nothing, T::splice)
    }
}

impl<'a, T: Splice<'a>> Splice<'a> for &T {
    fn splice(&self) -> Arg<'a> {
        T::splice(self)
    }
}

impl<'a> Splice<'a> for Ident<'a> {
    fn splice(&self) -> Arg<'a> {
        Arg::Ident(self.clone())
    }
}

/// The direction of a sort.
///
/// ```
/// use covet_db::{sql, Direction};
/// let query = sql!("SELECT id FROM books ORDER BY id {..Direction::Ascending}");
/// assert_eq!(query.text(), "SELECT id FROM books ORDER BY id ASC");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two directions")]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl Splice<'static> for Direction {
    fn splice(&self) -> Arg<'static> {
        Arg::Fragment(Sql::from(match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        }))
    }
}
