//! The command line of Covet: looks into an app without serving it, migrates its database, renders templates, evaluates
//! expressions, and handles keys and tokens.
//!
//! An app that finds `COVET_INSPECT` or `COVET_MIGRATE` in its environment prints JSON about itself and ends, so the
//! command line builds and runs the program in the current folder that way. Only the program knows its migrations, its
//! database and how to reach it.

mod db;
mod error;
mod eval;
mod inspect;
mod jwt;
mod migrate;
mod program;
mod project;
mod render;
mod template;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use error::Error;
use program::Program;

/// What the exit codes mean, for the end of the help of what runs the program in this folder.
const EXIT_CODES: &str = "Exit codes:
  0  done
  1  something cannot be read or written
  2  the command line is wrong
  3  the program does not build, or does not run to its end
  4  the program is no Covet app
  5  the migrations do not agree with the database, or one of them fails
  6  the database cannot be reached
  7  migrations are pending (with --check)";

/// Covet's command line.
#[derive(Debug, Parser)]
#[command(name = "covet", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new project that builds, runs and passes its tests.
    New {
        /// The name of the project and of its folder.
        name: String,
        /// The folder of the package covet-rs to depend on, instead of the published one.
        #[arg(long, value_name = "FOLDER")]
        covet: Option<PathBuf>,
        /// Print JSON instead of a line.
        #[arg(long)]
        json: bool,
    },
    /// List the routes of the app in this folder.
    #[command(after_help = EXIT_CODES)]
    Routes {
        /// Say who may call each: the permissions, and the roles of the program that have them.
        #[arg(long)]
        auth: bool,
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        program: Program,
    },
    /// Print the OpenAPI document of the app in this folder, as JSON.
    #[command(after_help = EXIT_CODES)]
    Openapi {
        /// JSON, which it is in any case.
        #[arg(long, hide = true)]
        json: bool,
        #[command(flatten)]
        program: Program,
    },
    /// Make migrations, apply them, or see which are applied.
    #[command(after_help = EXIT_CODES)]
    Migrate {
        #[command(subcommand)]
        command: Migrate,
    },
    /// Look into a database and move rows, by its URL alone.
    #[command(after_help = db::EXIT_CODES)]
    Db(Box<db::Arguments>),
    /// Render a template to standard output.
    #[command(after_help = template::EXIT_CODES)]
    Render(Box<render::Arguments>),
    /// Evaluate an expression and print its value as JSON.
    #[command(after_help = template::EXIT_CODES)]
    Eval(eval::Arguments),
    /// Make keys, sign and verify tokens.
    #[command(after_help = jwt::EXIT_CODES)]
    Jwt {
        #[command(subcommand)]
        command: jwt::Jwt,
    },
}

#[derive(Debug, Subcommand)]
enum Migrate {
    /// Make the next numbered file in `migrations/`.
    New {
        /// What the migration does, such as `add_price`.
        name: String,
        /// A file for each of these databases, in a folder of its own, instead of one file for all. Without it a folder
        /// that has such folders already gets a file in each of them.
        #[arg(long = "for", value_name = "DATABASE", value_delimiter = ',')]
        databases: Vec<Database>,
        /// The folder of the migrations.
        #[arg(long, default_value = "migrations")]
        folder: PathBuf,
        /// Print JSON instead of lines.
        #[arg(long)]
        json: bool,
    },
    /// Apply the migrations of the app in this folder that its database lacks.
    Up {
        #[command(flatten)]
        on: On,
    },
    /// Show how the app's migrations stand on its database.
    Status {
        /// End with code 7 when some are pending.
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        on: On,
    },
}

/// Which program, on which database.
#[derive(Debug, clap::Args)]
struct On {
    /// The database; without it the one that the program itself chooses, by DATABASE_URL if it asks for that.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    program: Program,
}

/// The databases that have a folder of migrations of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
    Mysql,
}

impl Database {
    /// The name of its folder.
    fn folder(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::New { name, covet, json } => project::new(&name, covet.as_deref(), json).map_err(Error::report),
        Command::Routes { auth, json, program } => inspect::routes(&program, auth, json).map_err(Error::report),
        Command::Openapi { program, .. } => inspect::openapi(&program).map_err(Error::report),
        Command::Migrate { command } => migrate(command).map_err(Error::report),
        Command::Db(arguments) => db::run(*arguments).map_err(db::Failure::report),
        Command::Render(arguments) => render::render(&arguments).map_err(|error| error.report()),
        Command::Eval(arguments) => eval::eval(&arguments).map_err(|error| error.report()),
        Command::Jwt { command } => jwt::jwt(command).map_err(|error| error.report()),
    };
    result.err().unwrap_or(ExitCode::SUCCESS)
}

fn migrate(command: Migrate) -> Result<(), Error> {
    match command {
        Migrate::New { name, databases, folder, json } => migrate::new(&folder, &name, &databases, json),
        Migrate::Up { on } => migrate::up(&on),
        Migrate::Status { check, on } => migrate::status(&on, check),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
