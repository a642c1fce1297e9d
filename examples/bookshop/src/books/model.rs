//! What a book is.

use covet::db::FromRow;
use covet::{ETag, InvalidPatch, Json, PreconditionFailed, Problem, Tagged};

/// A book on the shelf.
#[covet::model(output)]
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Book {
    /// The number under which the shop knows it.
    pub id: i64,
    /// The title, as on the cover.
    pub title: String,
    /// Who wrote it.
    pub author: String,
    /// The year of its first publication.
    pub published: i32,
    /// Price in cents.
    pub price: i64,
    /// How many copies there are.
    pub stock: i64,
}

impl Book {
    /// What of it can be changed.
    pub(super) fn changeable(&self) -> NewBook {
        let Book { title, author, published, price, stock, .. } = self.clone();
        NewBook { title, author, published, price, stock }
    }

    /// The book with its entity tag.
    pub(super) fn tagged(self) -> Tagged<Json<Book>> {
        Tagged { tag: ETag::of(&self), value: Json(self) }
    }
}

/// A book that is added, or that takes the place of another.
#[covet::model(deny_unknown)]
#[derive(Debug, Clone)]
pub struct NewBook {
    /// The title, as on the cover.
    #[check(length(min = 1, max = 200))]
    pub title: String,
    /// Who wrote it.
    #[check(length(min = 1, max = 200))]
    pub author: String,
    /// The year of its first publication.
    #[check(range(min = -3000, max = 2100))]
    pub published: i32,
    /// Price in cents.
    #[check(range(min = 0, max = 1_000_000))]
    pub price: i64,
    /// How many copies there are.
    #[check(range(min = 0, max = 1_000_000))]
    #[serde(default)]
    pub stock: i64,
}

/// Why a book cannot be had.
#[derive(Debug, Problem)]
pub enum BookError {
    /// No book has this number.
    #[problem(status = 404)]
    NotFound {
        /// The number that was asked for.
        id: i64,
    },
    /// It is not as the client has seen it.
    #[problem(transparent)]
    Changed(PreconditionFailed),
    /// What the patch makes of it is no book.
    #[problem(transparent)]
    Patch(InvalidPatch),
    /// The database failed.
    #[problem(transparent)]
    Db(covet::db::Error),
}
