//! What `render` and `eval` share: the context, the names of options, and errors with their exit codes.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use covet_template::ErrorKind;
use serde_json::{Map, Value};

/// What the exit codes mean, for the end of the help.
pub(crate) const EXIT_CODES: &str = "Exit codes:
  0  done
  1  a file cannot be read, or the output cannot be written
  2  the command line or the context is wrong
  8  the template or the expression does not compile
  9  rendering or evaluating fails
 10  more is needed than the budget allows";

/// Whose templates they are, which decides what they may use.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Policy {
    /// Templates of the application's own authors: everything that is built in.
    #[value(alias = "Trusted")]
    Trusted,
    /// Templates that customers write: no way to switch escaping off.
    #[value(alias = "Tenant")]
    Tenant,
    /// Arithmetic, comparison, boolean logic and a few functions.
    #[value(alias = "expression", alias = "expression_only", alias = "ExpressionOnly")]
    ExpressionOnly,
}

impl From<Policy> for covet_template::Policy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Trusted => covet_template::Policy::Trusted,
            Policy::Tenant => covet_template::Policy::Tenant,
            Policy::ExpressionOnly => covet_template::Policy::ExpressionOnly,
        }
    }
}

/// What happens with a variable or an attribute that is not there.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Undefined {
    /// Using it is an error.
    Strict,
    /// It prints as nothing; its attributes are an error.
    Lenient,
    /// It prints as nothing, and so do its attributes.
    Chainable,
}

impl From<Undefined> for covet_template::Undefined {
    fn from(undefined: Undefined) -> Self {
        match undefined {
            Undefined::Strict => covet_template::Undefined::Strict,
            Undefined::Lenient => covet_template::Undefined::Lenient,
            Undefined::Chainable => covet_template::Undefined::Chainable,
        }
    }
}

/// Why nothing was rendered or evaluated.
pub(crate) enum Error {
    /// A file cannot be read, or the output cannot be written.
    File(String, io::Error),
    /// The context is no JSON object.
    Context(String),
    /// The value of the expression is undefined, and that is an error.
    Undefined,
    /// The template or the expression failed.
    Template(covet_template::Error),
}

impl From<covet_template::Error> for Error {
    fn from(error: covet_template::Error) -> Self {
        Error::Template(error)
    }
}

impl Error {
    /// Prints the error, and says with which code the process ends.
    #[expect(clippy::print_stderr, reason = "errors of a command line belong on standard error")]
    pub(crate) fn report(self) -> ExitCode {
        match &self {
            Error::File(what, error) => eprintln!("error: {what}: {error}"),
            Error::Context(message) => eprintln!("error: {message}"),
            Error::Undefined => eprintln!("error: the value is undefined"),
            Error::Template(error) => {
                let mut source = std::error::Error::source(error);
                let mut causes = String::new();
                while let Some(cause) = source {
                    causes.push_str(&format!("\n  caused by: {cause}"));
                    source = cause.source();
                }
                eprintln!("error: {error:#}{causes}");
            }
        }
        ExitCode::from(match self {
            Error::File(..) => 1,
            Error::Context(_) => 2,
            Error::Undefined => 9,
            Error::Template(error) => match error.kind() {
                ErrorKind::Syntax | ErrorKind::UnknownName | ErrorKind::UnsafePosition => 8,
                ErrorKind::Budget => 10,
                ErrorKind::Write => 1,
                _ => 9,
            },
        })
    }
}

/// The variables: JSON where the text begins like an object, and otherwise the file of that name, `-` for standard
/// input. Nothing at all is a context without variables.
pub(crate) fn context(text: Option<&str>) -> Result<Map<String, Value>, Error> {
    let Some(text) = text else { return Ok(Map::new()) };
    let (json, name) = match text.trim_start().starts_with('{') {
        true => (text.to_owned(), None),
        false => match read(Path::new(text)) {
            Ok(json) => (json, Some(text)),
            // A value that is no object was not meant as the name of a file.
            Err(_) if serde_json::from_str::<Value>(text).is_ok() => (text.to_owned(), None),
            Err(error) => return Err(error),
        },
    };
    let wrong = |error: serde_json::Error| {
        let place = name.map_or_else(|| "the context".to_owned(), |name| format!("the context in {name}"));
        Error::Context(format!("{place} is not a JSON object: {error}"))
    };
    // A mark at the beginning is what some editors write.
    serde_json::from_str(json.trim_start_matches('\u{feff}')).map_err(wrong)
}

/// The text of a file, or of standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    let read = if path.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|error| Error::File(format!("{} cannot be read", path.display()), error))
}

/// Writes to standard output.
pub(crate) fn write(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Error::File("the output cannot be written".to_owned(), error))
}

/// The folder that a file is in.
pub(crate) fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && file.as_os_str() != "-" => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
