//! The command line of Covet: looks into an app without serving it, renders templates and evaluates expressions.
//!
//! An app that finds `COVET_INSPECT` in its environment prints JSON about itself and ends, so the command line builds
//! and runs the program in the current folder that way.

mod eval;
mod inspect;
mod render;
mod template;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Covet's command line.
#[derive(Debug, Parser)]
#[command(name = "covet", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the routes of the app in this folder.
    Routes {
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        program: Program,
    },
    /// Print the OpenAPI document of the app in this folder, as JSON.
    Openapi {
        #[command(flatten)]
        program: Program,
    },
    /// Render a template to standard output.
    #[command(after_help = template::EXIT_CODES)]
    Render(Box<render::Arguments>),
    /// Evaluate an expression and print its value as JSON.
    #[command(after_help = template::EXIT_CODES)]
    Eval(eval::Arguments),
}

/// Which program is looked into.
#[derive(Debug, Args)]
struct Program {
    /// The package, where the folder has several.
    #[arg(long, short)]
    package: Option<String>,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Routes { json, program } => {
            inspect::routes(program.package.as_deref(), json).map_err(inspect::Error::report)
        }
        Command::Openapi { program } => inspect::openapi(program.package.as_deref()).map_err(inspect::Error::report),
        Command::Render(arguments) => render::render(&arguments).map_err(|error| error.report()),
        Command::Eval(arguments) => eval::eval(&arguments).map_err(|error| error.report()),
    };
    result.err().unwrap_or(ExitCode::SUCCESS)
}
