//! The error of a handler that has no error type of its own, and of the start of an app.

use std::fmt;

use crate::app::StartFault;
use crate::problem::{self, Chain, Problem, ProblemDetails, Problems};
use crate::{BodyError, BoxError};

/// A result whose error is [`Error`] unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any failure. `?` makes it from every error type; as an answer it is the problem 500, save that failures of the
/// database and of reading the body keep their own problems. The client never sees the cause; the log does.
///
/// An error that the client should be told about is a type with `#[derive(Problem)]`, which [`Error::problem`] takes.
///
/// ```
/// use covet::{get, Result};
///
/// /// Read the notice board.
/// #[get("/notice")]
/// async fn notice() -> Result<String> {
///     Ok(std::fs::read_to_string("notice.txt")?)
/// }
/// # let _ = covet::routes![notice];
/// ```
pub struct Error(Box<Repr>);

enum Repr {
    Cause(BoxError),
    Problem(ProblemDetails),
    Start(Vec<StartFault>),
}

impl Error {
    /// A failure that is told in words, for the log.
    ///
    /// ```
    /// let error = covet::Error::new("the price list is empty");
    /// assert_eq!(error.to_string(), "the price list is empty");
    /// ```
    pub fn new(message: impl Into<String>) -> Self {
        Error(Box::new(Repr::Cause(message.into().into())))
    }

    /// A failure that the client is told about as this problem.
    ///
    /// ```
    /// # use covet::{Error, Problem, Result};
    /// #[derive(Problem)]
    /// enum ShopError {
    ///     /// The shop is closed
    ///     #[problem(status = 503)]
    ///     Closed,
    /// }
    ///
    /// fn price() -> Result<i64> {
    ///     Err(Error::problem(ShopError::Closed))
    /// }
    /// assert_eq!(price().unwrap_err().to_string(), "The shop is closed");
    /// ```
    pub fn problem(problem: impl Problem) -> Self {
        Error(Box::new(Repr::Problem(problem.into_details())))
    }

    pub(crate) fn start(faults: Vec<StartFault>) -> Self {
        Error(Box::new(Repr::Start(faults)))
    }

    /// The faults that kept an app from being built; none when the error is of another kind.
    pub fn start_faults(&self) -> &[StartFault] {
        match &*self.0 {
            Repr::Start(faults) => faults,
            Repr::Cause(_) | Repr::Problem(_) => &[],
        }
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Error(Box::new(Repr::Cause(Box::new(error))))
    }
}

impl Problem for Error {
    fn describe(problems: &mut Problems) {
        problems.add(&problem::INTERNAL);
        #[cfg(feature = "_db")]
        problems.add(&problem::DATABASE_UNAVAILABLE);
    }

    fn into_details(self) -> ProblemDetails {
        let cause = match *self.0 {
            Repr::Problem(details) => return details,
            Repr::Start(faults) => Error::start(faults).to_string().into(),
            Repr::Cause(cause) => cause,
        };
        let cause = match cause.downcast::<BodyError>() {
            Ok(error) => return error.into_details(),
            Err(cause) => cause,
        };
        let cause = match cause.downcast::<crate::InvalidPatch>() {
            Ok(error) => return error.into_details(),
            Err(cause) => cause,
        };
        #[cfg(feature = "_db")]
        let cause = match cause.downcast::<crate::IdempotencyError>() {
            Ok(error) => return error.into_details(),
            Err(cause) => cause,
        };
        #[cfg(feature = "_db")]
        if let Some(error) = cause.downcast_ref::<covet_db::Error>() {
            return problem::database_details(error).cause(cause);
        }
        ProblemDetails::new(&problem::INTERNAL).cause(cause)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Repr::Cause(cause) => Chain(cause.as_ref()).fmt(f),
            Repr::Problem(details) => {
                f.write_str(details.kind().title)?;
                details.detail_text().map_or(Ok(()), |detail| write!(f, ": {detail}"))
            }
            Repr::Start(faults) => {
                write!(f, "the app cannot start, for {} reason(s):", faults.len())?;
                faults.iter().try_for_each(|fault| write!(f, "\n  - {fault}"))
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
