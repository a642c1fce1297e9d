//! The first stock of an empty shop.
//!
//! `data/books.csv` holds titles, authors and years of first publication, which are facts; its prices (in cents) and
//! stocks are invented: both are taken from a hash of title and author, so that they look like a shop's and never change.

use covet::{Db, Error, Result};

/// The stock, as a part of the program.
const BOOKS: &[u8] = include_bytes!("../data/books.csv");

/// One line of the file.
type Line = (String, String, i32, i64, i64);

/// Fills an empty database with books, and leaves any other as it is.
///
/// # Errors
/// That the database fails.
pub async fn fill_empty(db: Db) -> Result<()> {
    let lines = lines()?;
    // In one transaction, since two programs may begin with the same empty database.
    db.transaction(async |tx| -> Result<()> {
        if tx.fetch_optional::<(i64,)>("SELECT id FROM books LIMIT 1").await?.is_none() {
            tx.copy_in("books", ["title", "author", "published", "price", "stock"], lines).await?;
        }
        Ok(())
    })
    .await
}

fn lines() -> Result<Vec<Line>> {
    let mut reader = csv::Reader::from_reader(BOOKS);
    let line = |record: csv::StringRecord| {
        let field = |index: usize| record.get(index).unwrap_or_default().to_owned();
        let fault = || Error::new(format!("data/books.csv has a bad line: {record:?}"));
        let number = |index: usize| field(index).parse::<i64>().map_err(|_| fault());
        let published = number(2)?.try_into().map_err(|_| fault())?;
        Ok((field(0), field(1), published, number(3)?, number(4)?))
    };
    reader.records().map(|record| line(record?)).collect()
}
