//! What an order is.

use covet::db::FromRow;
use covet::{IdempotencyError, Problem, jiff};

/// What is to be ordered.
#[covet::model(deny_unknown)]
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// The books; one that stands twice is ordered with all its copies.
    #[check(items(min = 1, max = 100))]
    pub lines: Vec<NewLine>,
}

/// Copies of one book.
#[covet::model(deny_unknown)]
#[derive(Debug, Clone)]
pub struct NewLine {
    /// The number of the book.
    #[check(range(min = 1))]
    pub book: i64,
    /// How many copies.
    #[check(range(min = 1, max = 1000))]
    pub copies: i64,
}

/// An order that was placed.
#[covet::model(output)]
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// The number under which the shop knows it.
    pub id: i64,
    /// When it was placed.
    pub placed_at: jiff::Timestamp,
    /// Who ordered: the user's id, or that of a client that acts for itself. None of orders from before the shop knew.
    pub customer: Option<String>,
    /// What all of it costs, in cents.
    pub total: i64,
    /// The books.
    pub lines: Vec<Line>,
}

/// Copies of one book, as it was when they were ordered.
#[covet::model(output)]
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Line {
    /// The number of the book.
    pub book: i64,
    /// Its title.
    pub title: String,
    /// The price of a copy, in cents.
    pub price: i64,
    /// How many copies.
    pub copies: i64,
}

/// Why an order is not placed, or cannot be had.
#[derive(Debug, Problem)]
pub enum OrderError {
    /// No order has this number.
    #[problem(status = 404)]
    NotFound {
        /// The number that was asked for.
        id: i64,
    },
    /// There is no such book in the shop.
    #[problem(status = 422)]
    UnknownBook {
        /// The number that was ordered.
        book: i64,
    },
    /// There are not enough copies of a book.
    #[problem(status = 409, detail = "of “{name}” {left} copies are left, and {wanted} were ordered")]
    OutOfStock {
        /// The number of the book.
        book: i64,
        /// Its title.
        name: String,
        /// How many copies are left.
        left: i64,
        /// How many copies were ordered.
        wanted: i64,
    },
    /// The key of the request is in other hands.
    #[problem(transparent)]
    Key(IdempotencyError),
    /// The database failed.
    #[problem(transparent)]
    Db(covet::db::Error),
}
