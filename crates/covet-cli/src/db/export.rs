//! The rows of a table, written out.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use clap::ValueEnum;
use covet_db::{Db, Row};
use futures_util::TryStreamExt;
use serde_json::Value;

use super::copy::all_of;
use super::rows::{csv_head, csv_line};
use super::{Failure, progress};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Names in the first line, NULL as an empty field without quotes.
    Csv,
    /// A JSON object on each line.
    Ndjson,
}

pub(super) async fn run(db: &Db, table: &str, format: Format, output: Option<&Path>) -> Result<(), Failure> {
    let (columns, count, select) = all_of(db, table).await?;
    let mut output: Box<dyn Write> = match output {
        Some(path) => Box::new(BufWriter::new(File::create(path)?)),
        None => Box::new(BufWriter::new(io::stdout().lock())),
    };
    if format == Format::Csv {
        output.write_all(csv_head(columns.iter().map(String::as_str)).as_bytes())?;
    }
    let bar = progress(table, Some(count));
    let mut rows = db.stream::<Row>(select);
    while let Some(row) = rows.try_next().await? {
        let line = match format {
            Format::Csv => csv_line(&row),
            Format::Ndjson => format!("{}\n", Value::Object(row.to_map())),
        };
        match output.write_all(line.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
        bar.inc(1);
    }
    output.flush()?;
    bar.finish_and_clear();
    Ok(())
}
