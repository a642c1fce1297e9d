//! Forms with files (`multipart/form-data`, RFC 7578), read as they arrive.

mod disposition;
mod error;
mod parser;
mod part;

use http::header;

use crate::extract::body;
use crate::openapi::Operation;
use crate::problem::{Problem, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::{Code, Fault};
use crate::{FromRequest, Rejection, Request};

pub use error::MultipartError;
use parser::Parser;
pub use part::Part;

/// The media type.
const MEDIA_TYPE: &str = "multipart/form-data";

/// How many parts a body may have unless the program says otherwise.
const MAX_PARTS: usize = 100;

/// The body of a form with files, part by part. Nothing is written to disk, and nothing but the piece at hand is in memory.
///
/// The body as a whole is held to the route's [`body_limit`](crate::Routes::body_limit), its parts to a number of 100, the
/// headers of a part to 8 KiB, and a part that is read as text to 64 KiB.
///
/// ```
/// use covet::{post, Multipart, MultipartError};
///
/// /// Take pictures, and answer how long they are.
/// #[post("/pictures")]
/// async fn upload(mut form: Multipart) -> Result<String, MultipartError> {
///     let mut total = 0;
///     while let Some(mut part) = form.next().await? {
///         if part.file_name().is_some() {
///             while let Some(chunk) = part.chunk().await? {
///                 total += chunk.len();
///             }
///         }
///     }
///     Ok(total.to_string())
/// }
/// # let _ = covet::routes![upload];
/// ```
#[derive(Debug)]
pub struct Multipart {
    parser: Parser,
    parts: usize,
    max_parts: usize,
}

impl Multipart {
    /// The same form, with another limit for the number of its parts.
    pub fn max_parts(mut self, parts: usize) -> Self {
        self.max_parts = parts;
        self
    }

    /// The next part, or `None` at the end. What has not been read of the part before it is passed over.
    ///
    /// # Errors
    /// That the body is not such a form, has too many parts, or cannot be read.
    pub async fn next(&mut self) -> Result<Option<Part<'_>>, MultipartError> {
        while self.parser.chunk().await?.is_some() {}
        let Some(headers) = self.parser.headers().await? else { return Ok(None) };
        if self.parts >= self.max_parts {
            return Err(MultipartError::TooManyParts { limit: self.max_parts });
        }
        self.parts += 1;
        Part::new(&mut self.parser, &headers).map(Some)
    }
}

impl FromRequest for Multipart {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.request_form(MEDIA_TYPE);
        operation.problem(&UNSUPPORTED_MEDIA_TYPE);
        MultipartError::describe(&mut operation.problems);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        body::check_media_type(request, MEDIA_TYPE, |found| found == MEDIA_TYPE)?;
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = content_type.and_then(|value| disposition::parameter(value, "boundary"));
        // RFC 2046, section 5.1.1.
        let boundary = boundary.filter(|boundary| (1..=70).contains(&boundary.len())).ok_or_else(|| {
            let message = "the Content-Type must have a `boundary` of 1 to 70 characters";
            Rejection::Malformed(Fault::new(Code::Syntax, message).into())
        })?;
        let parser = Parser::new(request.take_body(), &boundary);
        Ok(Multipart { parser, parts: 0, max_parts: MAX_PARTS })
    }
}
