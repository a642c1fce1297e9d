//! Why a command failed.

use std::io;
use std::process::ExitCode;

/// Each kind has an exit code of its own.
#[derive(Debug)]
pub(crate) enum Error {
    /// cargo could not be started, or something could not be read or written.
    Io(io::Error),
    /// What was asked for makes no sense.
    Usage(String),
    /// The program did not build, or did not run to its end; it has said why itself.
    Failed,
    /// The program printed something else than what an app prints.
    NotAnApp,
    /// A migration was edited, is missing, comes too late or failed.
    Migrations(String),
    /// The database could not be reached; the program has said why itself.
    Database,
    /// Some migrations are not applied, where the caller wanted to know.
    Pending(usize),
}

impl Error {
    /// Prints the error, and says with which code the process ends.
    #[expect(clippy::print_stderr, reason = "errors of a command line belong on standard error")]
    pub(crate) fn report(self) -> ExitCode {
        eprintln!("error: {self}");
        ExitCode::from(self.code())
    }

    pub(crate) fn code(&self) -> u8 {
        match self {
            Error::Io(_) => 1,
            Error::Usage(_) => 2,
            Error::Failed => 3,
            Error::NotAnApp => 4,
            Error::Migrations(_) => 5,
            Error::Database => 6,
            Error::Pending(_) => 7,
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Io(error) => error.fmt(f),
            Error::Usage(message) | Error::Migrations(message) => f.write_str(message),
            Error::Failed => f.write_str("the program did not run to its end"),
            Error::NotAnApp => f.write_str("the program in this folder does not end in `App::serve`"),
            Error::Database => f.write_str("the database could not be reached"),
            Error::Pending(1) => f.write_str("1 migration is pending"),
            Error::Pending(count) => write!(f, "{count} migrations are pending"),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}
