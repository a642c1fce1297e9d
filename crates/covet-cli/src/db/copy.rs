//! Rows into a table: from another database, or from a file.

use std::fs::File;
use std::io::{BufRead, BufReader};

use bytes::Bytes;
use covet_db::postgres::CopyFormat;
use covet_db::{Db, Dialect, Ident, Param, Row, Sql, sql};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use serde_json::{Map, Value, json};

use super::rows::{csv_line, csv_of_object, of_object, params};
use super::{Failure, print, progress};

const CSV: CopyFormat = CopyFormat::Csv { header: false };

pub(super) async fn run(db: &Db, table: &str, from: &str, as_json: bool) -> Result<(), Failure> {
    let count = if from.ends_with(".csv") {
        from_csv(db, table, from).await?
    } else if from.ends_with(".ndjson") || from.ends_with(".jsonl") {
        from_lines(db, table, from).await?
    } else if from.contains(':') {
        from_database(db, table, from).await?
    } else {
        let message = format!("`{from}` is no URL of a database, and its name does not end in .csv or .ndjson");
        return Err(Failure::Usage(message));
    };
    match as_json {
        true => print(&format!("{}\n", json!({ "rows": count }))),
        false => print(&format!("{count} rows copied\n")),
    }
}

/// The columns that a table's rows are written with, how many rows there are, and the statement that gives them.
pub(super) async fn all_of(db: &Db, table: &str) -> Result<(Vec<String>, u64, Sql<'static>), Failure> {
    let Some(info) = db.table_info(table).await? else {
        return Err(Failure::Usage(format!("there is no table `{table}`")));
    };
    let columns: Vec<_> =
        info.columns.into_iter().filter(|column| !column.generated).map(|column| column.name).collect();
    let names = columns.iter().map(|column| Ident::new(column.clone())).collect::<Result<Vec<_>, _>>()?;
    let names = Sql::join(names.into_iter().map(|name| sql!("{..name}")), ", ");
    let name = path(table, db.dialect())?;
    let count = db.fetch_value::<u64>(sql!("SELECT count(*) FROM {..name}")).await?;
    Ok((columns, count, sql!("SELECT {..names} FROM {..name}")))
}

/// `schema.table`, each quoted.
fn path<'a>(table: &str, dialect: Dialect) -> Result<Sql<'a>, Failure> {
    match table.split_once('.') {
        Some((schema, table)) if dialect != Dialect::Sqlite => {
            let (schema, table) = (Ident::new(schema.to_owned())?, Ident::new(table.to_owned())?);
            Ok(sql!("{..schema}.{..table}"))
        }
        _ => {
            let table = Ident::new(table.to_owned())?;
            Ok(sql!("{..table}"))
        }
    }
}

async fn from_database(db: &Db, table: &str, url: &str) -> Result<u64, Failure> {
    let mut options = covet_db::ConnectOptions::new(url)?;
    options.pool.min = 0;
    let source = Db::connect_with(options).await?;
    let (columns, count, select) = all_of(&source, table).await?;
    let bar = progress(table, Some(count));
    let copied = if let (Ok(from), Ok(to)) = (source.postgres(), db.postgres()) {
        // As it is, whatever the types are.
        let pieces = from.copy_out(select, CopyFormat::Text).await?;
        let pieces = pieces.inspect_ok(|piece| bar.inc(piece.iter().filter(|byte| **byte == b'\n').count() as u64));
        to.copy_in(table, &columns, CopyFormat::Text, pieces).await?
    } else {
        let rows = source.stream::<Row>(select).inspect_ok(|_| bar.inc(1));
        match db.postgres() {
            Ok(to) => to.copy_in(table, &columns, CSV, rows.map_ok(|row| Bytes::from(csv_line(&row)))).await?,
            Err(_) => db.copy_in_stream(table, &columns, rows.map_ok(|row| params(&row))).await?,
        }
    };
    bar.finish_and_clear();
    source.close().await;
    Ok(copied)
}

async fn from_csv(db: &Db, table: &str, path: &str) -> Result<u64, Failure> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| unreadable(path, &error))?;
    let columns: Vec<_> =
        reader.headers().map_err(|error| unreadable(path, &error))?.iter().map(str::to_owned).collect();
    let bar = progress(table, None);
    let records = reader.into_records().map(|record| {
        bar.inc(1);
        record.map_err(|error| unreadable(path, &error))
    });
    let copied = match db.postgres() {
        Ok(to) => {
            let lines = records.map(|record| {
                let mut line = Vec::new();
                for (index, field) in record?.iter().enumerate() {
                    if index > 0 {
                        line.push(b',');
                    }
                    if !field.is_empty() {
                        line.push(b'"');
                        line.extend(field.replace('"', "\"\"").into_bytes());
                        line.push(b'"');
                    }
                }
                line.push(b'\n');
                Ok::<_, Failure>(Bytes::from(line))
            });
            to.copy_in(table, &columns, CSV, stream::iter(lines)).await?
        }
        Err(_) => {
            let rows = records.map(|record| {
                let text = |field: &str| match field {
                    "" => Param::Null,
                    field => Param::Text(field.to_owned().into()),
                };
                Ok::<Vec<Param<'static>>, Failure>(record?.iter().map(text).collect())
            });
            db.copy_in_stream(table, &columns, stream::iter(rows)).await?
        }
    };
    bar.finish_and_clear();
    Ok(copied)
}

async fn from_lines(db: &Db, table: &str, path: &str) -> Result<u64, Failure> {
    let Some(info) = db.table_info(table).await? else {
        return Err(Failure::Usage(format!("there is no table `{table}`")));
    };
    let known: Vec<_> = info.columns.into_iter().map(|column| column.name).collect();
    let mut lines = objects(path, BufReader::new(File::open(path)?), &known).peekable();
    // The first line tells the columns.
    let columns: Vec<String> = match lines.peek() {
        Some(Ok(first)) => known.iter().filter(|column| first.contains_key(*column)).cloned().collect(),
        Some(Err(_)) => known.clone(),
        None => return Ok(0),
    };
    let bar = progress(table, None);
    let copied = load_lines(db, table, &columns, stream::iter(lines), &bar).await?;
    bar.finish_and_clear();
    Ok(copied)
}

async fn load_lines(
    db: &Db,
    table: &str,
    columns: &[String],
    lines: impl Stream<Item = Result<Map<String, Value>, Failure>> + Send,
    bar: &ProgressBar,
) -> Result<u64, Failure> {
    let lines = lines.inspect(|_| bar.inc(1));
    match db.postgres() {
        Ok(to) => {
            let rows = lines.map_ok(|object| Bytes::from(csv_of_object(&object, columns)));
            to.copy_in(table, columns, CSV, rows).await
        }
        Err(_) => db.copy_in_stream(table, columns, lines.map_ok(|object| of_object(&object, columns))).await,
    }
}

/// Each line as an object whose members are columns.
fn objects(
    path: &str,
    lines: impl BufRead + Send,
    known: &[String],
) -> impl Iterator<Item = Result<Map<String, Value>, Failure>> + Send {
    lines
        .lines()
        .enumerate()
        .filter(|(_, line)| line.as_ref().is_ok_and(|line| !line.trim().is_empty()) || line.is_err())
        .map(move |(index, line)| {
            let wrong = |what: String| Failure::Usage(format!("{path}, line {}: {what}", index + 1));
            let object: Map<String, Value> =
                serde_json::from_str(&line?).map_err(|error| wrong(format!("it is no JSON object: {error}")))?;
            match object.keys().find(|key| !known.contains(key)) {
                Some(key) => Err(wrong(format!("the table has no column `{key}`"))),
                None => Ok(object),
            }
        })
}

fn unreadable(path: &str, error: &csv::Error) -> Failure {
    Failure::Usage(format!("{path}: {error}"))
}
