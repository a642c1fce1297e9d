//! Problems: every error answer is an `application/problem+json` document of RFC 9457.
//!
//! A problem has a type, which is declared once as a [`ProblemType`] and has a page of its own in the app, and an
//! occurrence, [`ProblemDetails`]. An error type of an app becomes an answer and its entry in the OpenAPI document by
//! `#[derive(Problem)]`. What the client may read and what only the log may say are kept apart: the cause of a
//! problem is never sent.

mod body;
#[cfg(feature = "_db")]
mod database;
mod details;
mod types;

pub(crate) use body::too_large;
#[cfg(feature = "_db")]
pub(crate) use database::details as database_details;
pub(crate) use details::Chain;
pub use details::ProblemDetails;
pub(crate) use types::*;

use schemars::{Schema, SchemaGenerator};

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Where the pages of the problem types are served; the `type` member of a problem starts with it.
pub(crate) const BASE_PATH: &str = "/problems/";

/// An error that can be answered. Derive it:
///
/// ```
/// use covet::Problem;
///
/// /// Why an order was not taken.
/// #[derive(Problem)]
/// enum OrderError {
///     /// There are fewer copies in stock than were ordered.
///     #[problem(status = 409, detail = "only {left} copies are left")]
///     OutOfStock { left: i64 },
///     /// No book has this number.
///     #[problem(status = 404)]
///     NoSuchBook,
///     #[problem(transparent)]
///     Other(covet::Error),
/// }
/// ```
///
/// The doc comment of a variant is the title of its problem type, fields with names are members of the document,
/// `detail` is a text for people with the fields in braces. A variant with one unnamed field is either
/// `transparent`, so that the field's own problem is the answer, or the field is the cause, which is logged and never
/// sent; both have a `From` conversion, so that `?` works. The `type` is made from the enum's and the variant's name
/// (`/problems/order-out-of-stock`) unless `#[problem(type = "…")]` says otherwise.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a handler",
    label = "not a problem",
    note = "put `#[derive(covet::Problem)]` on the type, or answer `covet::Result<T>`, which takes any error"
)]
pub trait Problem: Send + Sized {
    /// Lists the problem types that this error can be.
    fn describe(problems: &mut Problems);

    /// The answer.
    fn into_details(self) -> ProblemDetails;
}

/// A kind of problem: what a client's code can rely on.
///
/// `#[derive(Problem)]` declares one for each variant; by hand it is a `static`:
///
/// ```
/// use covet::ProblemType;
///
/// static CLOSED: ProblemType = ProblemType::new("shop-closed", 503, "The shop is closed", "It opens at nine.");
/// assert_eq!(CLOSED.uri(), "/problems/shop-closed");
/// ```
#[derive(Debug)]
pub struct ProblemType {
    pub(crate) name: &'static str,
    pub(crate) status: u16,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) members: Option<Members>,
    pub(crate) declared_at: &'static str,
}

/// Makes the schemas of a problem type's own members.
type Members = fn(&mut SchemaGenerator) -> Vec<(&'static str, Schema)>;

impl ProblemType {
    /// A problem type; `name` is the last segment of its URI.
    ///
    /// # Panics
    /// When `status` is not an error status. In a `static`, which is where problem types live, that is an error of the
    /// compiler.
    #[track_caller]
    pub const fn new(name: &'static str, status: u16, title: &'static str, description: &'static str) -> Self {
        assert!(status >= 400 && status < 600, "the status of a problem is from 400 to 599");
        ProblemType { name, status, title, description, members: None, declared_at: "covet" }
    }

    /// The same type with members of its own beside the ones of RFC 9457.
    pub const fn members(mut self, members: fn(&mut SchemaGenerator) -> Vec<(&'static str, Schema)>) -> Self {
        self.members = Some(members);
        self
    }

    /// The same type with the place of its declaration, for the message when two types share a name.
    pub const fn declared_at(mut self, place: &'static str) -> Self {
        self.declared_at = place;
        self
    }

    /// The `type` member: the path of this type's page.
    pub fn uri(&self) -> String {
        format!("{BASE_PATH}{}", self.name)
    }
}

/// The problem types that an operation can answer.
///
/// ```
/// use covet::{Problem, ProblemDetails, ProblemType, Problems};
///
/// static CLOSED: ProblemType = ProblemType::new("shop-closed", 503, "The shop is closed", "");
///
/// struct Closed;
///
/// impl Problem for Closed {
///     fn describe(problems: &mut Problems) {
///         problems.add(&CLOSED);
///     }
///
///     fn into_details(self) -> ProblemDetails {
///         ProblemDetails::new(&CLOSED)
///     }
/// }
/// ```
#[derive(Debug, Default)]
pub struct Problems {
    pub(crate) types: Vec<&'static ProblemType>,
}

impl Problems {
    /// Adds a type; adding it again changes nothing.
    pub fn add(&mut self, problem: &'static ProblemType) {
        if !self.types.iter().any(|known| std::ptr::eq(*known, problem)) {
            self.types.push(problem);
        }
    }
}
