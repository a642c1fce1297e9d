//! Many books at once: all of a file, or none of it.

use covet::db::IntoRecord;
use covet::{Auth, Db, Json, Problem, RowError, Rows, post};

use super::NewBook;
use crate::access::BooksWrite;

/// How many bad rows are told.
const TOLD: u64 = 1000;

/// What came of an import.
#[covet::model(output)]
#[derive(Debug)]
pub struct Imported {
    /// How many books were added.
    pub imported: u64,
}

/// What is wrong with one row.
#[covet::model(output)]
#[derive(Debug)]
pub struct BadRow {
    /// The line on which the row begins, counted from 1.
    pub line: u64,
    /// The rules that it violates.
    pub errors: Vec<RowFault>,
}

/// One violated rule.
#[covet::model(output)]
#[derive(Debug)]
pub struct RowFault {
    /// Where in the row (RFC 6901).
    pub pointer: String,
    /// The rule.
    pub code: String,
    /// What is wrong, in words.
    pub message: String,
}

/// Why nothing was imported.
#[derive(Debug, Problem)]
pub enum ImportError {
    /// Some rows are no books.
    ///
    /// Nothing of the file was imported. `rows` has the first 1,000 bad rows.
    #[problem(status = 422, detail = "{bad_rows} rows are wrong, and nothing was imported")]
    BadRows {
        /// How many rows are wrong.
        bad_rows: u64,
        /// The first of them.
        rows: Vec<BadRow>,
    },
    /// The body could not be read.
    #[problem(transparent)]
    Unreadable(RowError),
    /// The database failed.
    #[problem(transparent)]
    Db(covet::db::Error),
}

/// Import books.
///
/// The file may be of any size. All of it is added, or, if a single row is wrong, nothing.
#[post("/books/import")]
pub(super) async fn import_books(
    _: Auth<BooksWrite>,
    mut books: Rows<NewBook>,
    db: Db,
) -> Result<Json<Imported>, ImportError> {
    let rows = futures_util::StreamExt::map(&mut books, |book| book.map(record).map_err(Stopped::Row));
    let columns = ["title", "author", "published", "price", "stock"];
    match db.copy_in_stream("books", columns, rows).await {
        Ok(imported) => Ok(Json(Imported { imported })),
        Err(Stopped::Db(error)) => Err(ImportError::Db(error)),
        // The transaction is over by now; what is left is only looked through.
        Err(Stopped::Row(first)) => Err(bad_rows(first, books).await),
    }
}

fn record(book: NewBook) -> impl IntoRecord<'static> + Send {
    let NewBook { title, author, published, price, stock } = book;
    (title, author, published, price, stock)
}

/// Why a load ended before the file did.
enum Stopped {
    Row(RowError),
    Db(covet::db::Error),
}

impl From<covet::db::Error> for Stopped {
    fn from(error: covet::db::Error) -> Self {
        Stopped::Db(error)
    }
}

/// All that is wrong, from the first bad row on.
async fn bad_rows(first: RowError, mut books: Rows<NewBook>) -> ImportError {
    let (mut bad_rows, mut rows) = (0, Vec::new());
    let mut next = Some(first);
    loop {
        match next.take() {
            Some(error) if error.is_of_one_line() => {
                bad_rows += 1;
                if bad_rows <= TOLD {
                    rows.push(told(&error));
                }
            }
            Some(error) => return ImportError::Unreadable(error),
            None => {}
        }
        match books.next().await {
            Ok(None) => return ImportError::BadRows { bad_rows, rows },
            Ok(Some(_)) => {}
            Err(error) => next = Some(error),
        }
    }
}

fn told(error: &RowError) -> BadRow {
    let fault = |fault: &covet::validation::Fault| RowFault {
        pointer: fault.pointer().to_owned(),
        code: fault.code().as_str().to_owned(),
        message: fault.message().to_owned(),
    };
    BadRow { line: error.line().unwrap_or_default(), errors: error.faults().iter().map(fault).collect() }
}
