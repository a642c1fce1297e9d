//! Running the app in the current folder with `COVET_INSPECT`.

use std::io::{self, Write};
use std::process::{Command, ExitCode, Stdio};

use serde_json::Value;

/// Why nothing could be learnt from the app. Each kind has an exit code of its own.
pub(crate) enum Error {
    /// cargo could not be started, or nothing could be written.
    Io(io::Error),
    /// The program did not build, or the app has faults, which it has printed itself.
    Failed,
    /// The program printed something else than JSON: it does not serve a Covet app.
    NotAnApp,
}

impl Error {
    /// Prints the error, and says with which code the process ends.
    #[expect(clippy::print_stderr, reason = "errors of a command line belong on standard error")]
    pub(crate) fn report(self) -> ExitCode {
        match &self {
            Error::Io(error) => eprintln!("error: {error}"),
            Error::Failed => eprintln!("error: the program did not run to its end"),
            Error::NotAnApp => eprintln!("error: the program in this folder does not end in `App::serve`"),
        }
        ExitCode::from(match self {
            Error::Io(_) => 1,
            Error::Failed => 3,
            Error::NotAnApp => 4,
        })
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}

/// Prints the routes.
pub(crate) fn routes(package: Option<&str>, json: bool) -> Result<(), Error> {
    let value = inspect(package, "routes")?;
    let text = if json { pretty(&value) } else { table(&value) };
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// Prints the document.
pub(crate) fn openapi(package: Option<&str>) -> Result<(), Error> {
    Ok(io::stdout().write_all(pretty(&inspect(package, "openapi")?).as_bytes())?)
}

fn inspect(package: Option<&str>, subject: &str) -> Result<Value, Error> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--quiet"]);
    if let Some(package) = package {
        cargo.args(["--package", package]);
    }
    let output = cargo.env("COVET_INSPECT", subject).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(Error::Failed);
    }
    serde_json::from_slice(&output.stdout).map_err(|_| Error::NotAnApp)
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// A line for each route: method, path, handler, summary.
fn table(routes: &Value) -> String {
    const COLUMNS: [&str; 4] = ["method", "path", "function", "summary"];
    let cell = |route: &Value, column: &str| route[column].as_str().unwrap_or_default().to_owned();
    let rows: Vec<[String; 4]> =
        routes.as_array().into_iter().flatten().map(|route| COLUMNS.map(|column| cell(route, column))).collect();
    let width = |index: usize| rows.iter().map(|row| row[index].chars().count()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2)];
    let line = |row: &[String; 4]| {
        let [method, path, function, summary] = row;
        let [a, b, c] = widths;
        format!("{method:a$}  {path:b$}  {function:c$}  {summary}").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
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
        assert_eq!(table(&routes), expected);
        assert_eq!(table(&json!([])), "");
    }
}
