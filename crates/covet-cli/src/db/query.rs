//! A statement from the command line.

use std::io::Read;

use covet_db::{Db, Row, Sql};
use futures_util::TryStreamExt;
use serde_json::{Value, json};

use super::rows::cells;
use super::{Failure, print, table};

/// How many rows of a table are laid out together.
const PAGE: usize = 1000;

pub(super) async fn run(db: &Db, sql: String, as_json: bool) -> Result<(), Failure> {
    let sql = match sql.as_str() {
        "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
        _ => sql,
    };
    if !gives_rows(&sql) {
        let done = db.execute(Sql::unchecked(sql)).await?;
        let rows = done.rows_affected;
        return match as_json {
            true => print(&format!("{}\n", json!({ "rows_affected": rows, "last_insert_id": done.last_insert_id }))),
            false => print(&format!("{rows} rows changed\n")),
        };
    }
    let mut rows = db.stream::<Row>(Sql::unchecked(sql));
    let (mut page, mut head, mut count) = (Vec::new(), Vec::new(), 0_u64);
    while let Some(row) = rows.try_next().await? {
        count += 1;
        if as_json {
            print(&format!("{}\n", Value::Object(row.to_map())))?;
            continue;
        }
        if head.is_empty() {
            head = row.columns().map(str::to_owned).collect();
        }
        page.push(cells(&row));
        if page.len() == PAGE {
            print(&table(&head, &page))?;
            page.clear();
        }
    }
    if as_json {
        return Ok(());
    }
    if !page.is_empty() {
        print(&table(&head, &page))?;
    }
    print(&format!("({count} rows)\n"))
}

/// Whether a statement's rows are what is wanted of it.
fn gives_rows(sql: &str) -> bool {
    let mut words = sql.split(|character: char| !character.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default().to_ascii_uppercase();
    let reads = ["SELECT", "VALUES", "TABLE", "WITH", "SHOW", "EXPLAIN", "PRAGMA", "DESCRIBE", "DESC"];
    reads.contains(&first.as_str()) || words.any(|word| word.eq_ignore_ascii_case("RETURNING"))
}
