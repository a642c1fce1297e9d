//! The body as bytes, as text, and as a stream.

use bytes::Bytes;

use crate::openapi::Operation;
use crate::problem::{Problem, ProblemDetails};
use crate::validation::json::ReadError;
use crate::validation::{Code, Fault};
use crate::{Body, BodyError, FromRequest, Rejection, Request};

/// Says that a handler reads the body, in whatever format.
pub(crate) fn describe_problems(operation: &mut Operation<'_>) {
    BodyError::describe(&mut operation.problems);
}

impl FromRequest for Body {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.request_bytes("*/*");
        describe_problems(operation);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        Ok(request.take_body())
    }
}

impl FromRequest for Bytes {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.request_bytes("*/*");
        describe_problems(operation);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        Ok(request.read_body().await?)
    }
}

impl FromRequest for String {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.request_bytes("*/*");
        describe_problems(operation);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        let bytes = request.read_body().await?;
        String::from_utf8(bytes.into()).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let message = format!("the text is not UTF-8 from byte {at} on");
            Rejection::Malformed(Fault::new(Code::Encoding, message).into())
        })
    }
}

/// Holds the body's `Content-Type` against the one that the handler reads.
pub(crate) fn check_media_type(
    request: &Request,
    supported: &'static str,
    matches: impl FnOnce(&str) -> bool,
) -> Result<(), Rejection> {
    let found = request.content_type()?;
    if found.as_deref().is_some_and(matches) {
        return Ok(());
    }
    Err(unsupported(found, &[supported]))
}

/// The refusal of a body whose `Content-Type` the handler does not read.
pub(crate) fn unsupported(found: Option<String>, supported: &[&str]) -> Rejection {
    let problem = ProblemDetails::new(&crate::problem::UNSUPPORTED_MEDIA_TYPE).with("supported", supported);
    let supported = supported.join(", ");
    Rejection::Problem(match found {
        Some(found) => problem.detail(format!("this operation reads {supported}, not {found}")),
        None => problem.detail(format!("the request has no Content-Type; this operation reads {supported}")),
    })
}

/// The refusal of a body that is not the value that it should be.
pub(crate) fn reject(error: ReadError) -> Rejection {
    match error {
        ReadError::Malformed(fault) => Rejection::Malformed((*fault).into()),
        ReadError::Invalid(faults) => Rejection::Invalid(faults),
    }
}
