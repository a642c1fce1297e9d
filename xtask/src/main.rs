//! The tasks of this repository, started as `cargo xtask TASK`.
//!
//! One command is continuous integration on every machine: `cargo xtask test`. What a machine
//! lacks is installed into `target/tools` where an ordinary package client can do it; what could
//! not be had is said in the summary, never passed over in silence.
#![expect(clippy::print_stdout, reason = "a task runner reports on standard output")]

mod assets;
mod bench;
mod coverage;
mod edges;
mod links;
mod process;
mod report;
mod steps;
mod tools;
mod workspace;

use clap::{Parser, Subcommand};
use report::Report;
use std::process::ExitCode;
use steps::Step;
use workspace::Workspace;

/// The tasks of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Check and test everything; this is what continuous integration runs.
    Test {
        /// Add what takes long.
        #[arg(long)]
        full: bool,
        /// Run these steps only.
        #[arg(long, value_name = "STEP", num_args = 1.., value_delimiter = ',')]
        only: Vec<Step>,
    },
    /// Check format, lints, dependencies and the edges between crates.
    Lint,
    /// Build the documentation and check the links of the chapters.
    Docs,
    /// Run the benchmarks: servers under load, the database adapter, or the packages' own.
    Bench(bench::Options),
    /// Fetch the docs page's files anew and pack them.
    Assets,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    process::listen_for_interrupts();
    match run(arguments.task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Carries out one task; the answer is whether all of it went well.
fn run(task: Task) -> Result<bool, String> {
    let mut workspace = Workspace::load()?;
    let steps = match task {
        Task::Test { full, only } => {
            workspace.full = full;
            Step::selected(&only, full)
        }
        Task::Lint => vec![Step::Format, Step::Edges, Step::Clippy, Step::Deny],
        Task::Docs => vec![Step::Docs],
        Task::Bench(options) => return bench::run(&workspace, &options),
        Task::Assets => return assets::pack(&workspace).map(|()| true),
    };
    let mut report = Report::new();
    for step in steps {
        report.step(step.name(), || step.run(&mut workspace));
        if process::interrupted() {
            break;
        }
    }
    Ok(report.finish())
}
