//! What an app prints about itself with `COVET_INSPECT`.

use std::io::{self, Write};

use serde_json::Value;

use crate::error::Error;
use crate::program::Program;

/// Prints the routes.
pub(crate) fn routes(program: &Program, auth: bool, json: bool) -> Result<(), Error> {
    let value = inspect(program, "routes")?;
    let text = match (json, auth) {
        (true, _) => pretty(&value),
        (false, true) => access_table(&value),
        (false, false) => routes_table(&value),
    };
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

/// A line for each route: method, path, who may call it, the roles that may.
fn access_table(routes: &Value) -> String {
    let rows = routes.as_array().into_iter().flatten();
    let row = |route: &Value| {
        let text = |name: &str| route[name].as_str().unwrap_or_default().to_owned();
        let roles: Vec<_> = route["auth"]["roles"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        [text("method"), text("path"), who(&route["auth"]), roles.join(" ")]
    };
    table(&rows.map(row).collect::<Vec<_>>())
}

/// `everybody`, `whoever is known`, or permissions: `+` where both are needed, `or` where one is enough.
fn who(auth: &Value) -> String {
    let Some(alternatives) = auth["permissions"].as_array() else {
        return auth["who"].as_str().unwrap_or("everybody").to_owned();
    };
    let names = |list: &Value| {
        let names: Vec<_> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if names.is_empty() { "whoever is known".to_owned() } else { names.join(" + ") }
    };
    alternatives.iter().map(names).collect::<Vec<_>>().join(" or ")
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

    #[test]
    fn a_table_says_who_may_call_each_route() {
        let permitted = |any: Value, roles: Value| json!({ "who": "permitted", "permissions": any, "roles": roles });
        let routes = json!([
            { "method": "GET", "path": "/", "auth": { "who": "everybody" } },
            { "method": "GET", "path": "/me", "auth": permitted(json!([[]]), json!(["clerk", "admin"])) },
            { "method": "PUT", "path": "/a", "auth": permitted(json!([["a:read", "a:write"], ["all"]]), json!(["admin"])) },
            { "method": "GET", "path": "/old" },
        ]);
        let expected = [
            "GET  /     everybody",
            "GET  /me   whoever is known         clerk admin",
            "PUT  /a    a:read + a:write or all  admin",
            "GET  /old  everybody",
        ];
        assert_eq!(access_table(&routes).lines().collect::<Vec<_>>(), expected);
    }
}
