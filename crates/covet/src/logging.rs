//! Running a program, and its log.

use std::fmt::Display;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How long work that blocks a thread goes on after the end of `main`.
const LEFT_BEHIND: Duration = Duration::from_secs(5);

/// Runs the program's own `main` on a runtime. An error is printed on standard error, and the exit code is 1.
#[doc(hidden)]
pub fn run<E: Display>(main: impl Future<Output = Result<(), E>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    log_to_standard_error();
    let result = runtime.block_on(main);
    // What blocks a thread for ever must not keep the process from ending.
    runtime.shutdown_timeout(LEFT_BEHIND);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

#[expect(clippy::print_stderr, reason = "the error of a program belongs on standard error")]
fn fail(error: &dyn Display) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

/// A program that has set up a subscriber of its own keeps it. `COVET_LOG` says what is logged, as `level` or as
/// `target=level`, separated by commas.
fn log_to_standard_error() {
    let wanted = std::env::var("COVET_LOG").ok().map(|text| text.parse::<Targets>());
    let fault = wanted.as_ref().and_then(|wanted| wanted.as_ref().err()).map(ToString::to_string);
    let filter = wanted.and_then(Result::ok).unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let ansi = std::io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(ansi).with_target(false);
    // The only error is that there is a subscriber already, which is the program's own.
    let _ = tracing_subscriber::registry().with(layer).with(filter).try_init();
    if let Some(fault) = fault {
        tracing::warn!(
            fault,
            "COVET_LOG cannot be read, so the level is info; it is a level, or target=level, by commas"
        );
    }
}
