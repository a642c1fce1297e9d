//! `covet db`: looks into a database and moves rows, by its URL alone.

mod copy;
mod export;
mod info;
mod migrate;
mod query;
mod rows;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use covet_db::{Db, ErrorKind};

/// What the exit codes mean, for the end of the help.
pub(crate) const EXIT_CODES: &str = "Exit codes:
  0  done
  1  something cannot be read or written
  2  the command line, the URL or a row is wrong
  5  the migrations do not agree with the database, or one of them fails
  6  the database cannot be reached
  8  the database refuses the statement";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", global = true)]
    database_url: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the version, the tables, and the state of the pool.
    Info,
    /// Run a statement, and print its rows; with --json a line for each.
    Query {
        /// The statement, in the database's own language; `-` reads it from standard input.
        sql: String,
    },
    /// Load rows into a table, all or none.
    Copy {
        /// The table, which exists.
        table: String,
        /// The URL of a database that has a table of the same name, or a file of rows: `.csv` with names in its first line, or
        /// `.ndjson`.
        from: String,
    },
    /// Write the rows of a table out.
    Export {
        /// The table.
        table: String,
        /// The form of the rows.
        #[arg(long, value_enum, default_value = "csv")]
        format: export::Format,
        /// The file; without it, standard output.
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
    /// Apply the numbered SQL files of a folder, without a program that has them.
    Migrate {
        /// The folder.
        #[arg(default_value = "migrations")]
        folder: PathBuf,
        /// Only show how they stand.
        #[arg(long)]
        status: bool,
    },
}

/// Why it failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Io(io::Error),
    Usage(String),
    Database(covet_db::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<covet_db::Error> for Failure {
    fn from(error: covet_db::Error) -> Self {
        Self::Database(error)
    }
}

impl Failure {
    /// Prints the error with its causes, and says with which code the process ends.
    #[expect(clippy::print_stderr, reason = "errors of a command line belong on standard error")]
    pub(crate) fn report(self) -> ExitCode {
        let code = match &self {
            Self::Io(error) => {
                eprintln!("error: {error}");
                1
            }
            Self::Usage(message) => {
                eprintln!("error: {message}");
                2
            }
            Self::Database(error) => {
                eprintln!("error: {error}");
                let mut cause = std::error::Error::source(error);
                while let Some(error) = cause {
                    eprintln!("  because {error}");
                    cause = error.source();
                }
                match error.kind() {
                    ErrorKind::Configuration | ErrorKind::Encode => 2,
                    ErrorKind::Migration => 5,
                    ErrorKind::Connect | ErrorKind::ConnectionLost | ErrorKind::PoolTimeout => 6,
                    _ => 8,
                }
            }
        };
        ExitCode::from(code)
    }
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Some(url) = arguments.database_url else {
        return Err(Failure::Usage("which database? name it by --database-url, or by DATABASE_URL".into()));
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut options = covet_db::ConnectOptions::new(&url)?;
        // One caller at a time.
        options.pool.min = 0;
        // A statement that a person starts may take its time.
        options.query_timeout = std::time::Duration::from_secs(60 * 60);
        options.command_timeout = options.query_timeout;
        let db = Db::connect_with(options).await?;
        let result = match arguments.command {
            Command::Info => info::run(&db, arguments.json).await,
            Command::Query { sql } => query::run(&db, sql, arguments.json).await,
            Command::Copy { table, from } => copy::run(&db, &table, &from, arguments.json).await,
            Command::Export { table, format, output } => export::run(&db, &table, format, output.as_deref()).await,
            Command::Migrate { folder, status } => migrate::run(&db, &folder, status, arguments.json).await,
        };
        db.close().await;
        result
    })
}

/// Prints a text; nobody reading any more is no error.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// A table for people: columns as wide as their widest cell.
fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .chain(std::iter::once(head.to_vec()).collect::<Vec<_>>().iter())
            .map(|row| row[column].chars().count())
            .max();
        cells.unwrap_or_default()
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded: Vec<_> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned() + "\n"
    };
    let rule: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = line(head) + &line(&rule);
    text.extend(rows.iter().map(|row| line(row)));
    text
}

/// A bar on standard error that counts rows, where a person sees it.
fn progress(what: &str, all: Option<u64>) -> indicatif::ProgressBar {
    let bar = match all {
        Some(all) => indicatif::ProgressBar::new(all),
        None => indicatif::ProgressBar::new_spinner(),
    };
    let template = match all {
        Some(_) => "{msg} {wide_bar} {human_pos}/{human_len} rows {per_sec} {eta}",
        None => "{msg} {spinner} {human_pos} rows {per_sec}",
    };
    if let Ok(style) = indicatif::ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_its_cells() {
        let cells = |row: [&str; 2]| row.map(str::to_owned).to_vec();
        let text = table(&cells(["id", "title"]), &[cells(["1", "Dune"]), cells(["1000", "é"])]);
        assert_eq!(text, "id    title\n----  -----\n1     Dune\n1000  é\n");
    }
}
