//! What an app prints about itself with `COVET_INSPECT`.

use std::io::{self, Write};

use serde_json::Value;

use crate::error::Error;
use crate::program::Program;

/// Prints the routes.
pub(crate) fn routes(program: &Program, json: bool) -> Result<(), Error> {
    let value = inspect(program, "routes")?;
    let text = if json { pretty(&value) } else { routes_table(&value) };
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// Prints the document.
pub(crate) fn openapi(program: &Program) -> Result<(), Error> {
    Ok(io::stdout().write_all(pretty(&inspect(program, "openapi")?).as_bytes())?)
}

fn inspect(program: &Program, subject: &str) -> Result<Value, Error> {
    let output = program.run(&[("COVET_INSPECT", subject)])?;
    if !output.status.success() {
        return Err(Error::Failed);
    }
    serde_json::from_slice(&output.stdout).map_err(|_| Error::NotAnApp)
}

pub(crate) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// A line for each route: method, path, handler, summary.
fn routes_table(routes: &Value) -> String {
    const COLUMNS: [&str; 4] = ["method", "path", "function", "summary"];
    let rows = routes.as_array().into_iter().flatten();
    let rows = rows.map(|route| COLUMNS.map(|column| route[column].as_str().unwrap_or_default().to_owned()));
    table(&rows.collect::<Vec<_>>())
}

/// Rows in columns that are as wide as their widest cell.
pub(crate) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_route() {
        let routes = json!([
            { "method": "GET", "path": "/", "function": "shop::home", "summary": "The shop" },
            { "method": "DELETE", "path": "/books/{id}", "function": "shop::delete", "summary": "" },
        ]);
        let expected = "GET     /            shop::home    The shop\nDELETE  /books/{id}  shop::delete\n";
        assert_eq!(routes_table(&routes), expected);
        assert_eq!(routes_table(&json!([])), "");
    }
}
