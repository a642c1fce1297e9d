//! One occurrence of a problem, and how it becomes a response.

use std::borrow::Cow;
use std::fmt;

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::{INTERNAL, ProblemType};
use crate::format::Format;
use crate::respond::add_vary;
use crate::validation::Faults;
use crate::{Body, BoxError, RequestId, Response};

/// One occurrence of a problem (RFC 9457, section 3): its type, what is particular to it, and its private cause.
///
/// ```
/// use covet::{ProblemDetails, ProblemType};
///
/// static CLOSED: ProblemType = ProblemType::new("shop-closed", 503, "The shop is closed", "");
///
/// let problem = ProblemDetails::new(&CLOSED).detail("We open at nine.").with("opens", "09:00");
/// assert_eq!(problem.status(), 503);
/// ```
pub struct ProblemDetails(Box<Occurrence>);

/// Behind a pointer, since a result that can be a problem is mostly none.
struct Occurrence {
    kind: &'static ProblemType,
    detail: Option<Cow<'static, str>>,
    errors: Faults,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<BoxError>,
}

impl ProblemDetails {
    /// An occurrence of this type.
    pub fn new(kind: &'static ProblemType) -> Self {
        ProblemDetails(Box::new(Occurrence {
            kind,
            detail: None,
            errors: Faults::new(),
            members: Map::new(),
            headers: Vec::new(),
            cause: None,
        }))
    }

    /// With a text for people about this occurrence.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// With a member of its own. A value that cannot be JSON is left out and logged.
    pub fn with<T: Serialize>(mut self, name: &str, value: T) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => {
                self.0.members.insert(name.to_owned(), value);
            }
            Err(error) => tracing::error!(member = name, %error, "a member of a problem could not be written"),
        }
        self
    }

    /// With the violated rules, as the `errors` member.
    pub fn errors(mut self, errors: Faults) -> Self {
        self.0.errors = errors;
        self
    }

    /// With a header of the response.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// With its cause, which is logged and never sent.
    pub fn cause(mut self, cause: impl Into<BoxError>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The type.
    pub fn kind(&self) -> &'static ProblemType {
        self.0.kind
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The text for people about this occurrence.
    pub fn detail_text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Writes the cause into the log, and makes the response.
    pub(crate) fn into_response(self, id: RequestId, mut format: Format) -> Response {
        self.log(id);
        let mut body = Vec::with_capacity(256);
        if let Err(error) = format.encode(&Document { problem: &self, id }, &mut body) {
            // Every member is a string, a number or a value that is already JSON, so this is out of memory or a bug
            // of ours; the client still gets a well-formed problem.
            tracing::error!(%error, "a problem could not be written");
            format = Format::Json;
            body = format!(r#"{{"type":"{}","status":{}}}"#, INTERNAL.uri(), self.0.kind.status).into_bytes();
        }
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(format.problem_type()));
        for (name, value) in self.0.headers {
            response.headers_mut().append(name, value);
        }
        if Format::ALL.len() > 1 {
            add_vary(response.headers_mut(), "Accept");
        }
        response
    }

    fn log(&self, id: RequestId) {
        let cause = self.0.cause.as_deref().map(|cause| Chain(cause).to_string());
        if self.0.kind.status >= 500 {
            let detail = self.0.detail.as_deref();
            tracing::error!(request.id = %id, problem = self.0.kind.name, detail, cause, "the request failed");
        } else if let Some(cause) = cause {
            tracing::debug!(request.id = %id, problem = self.0.kind.name, cause, "the request was refused");
        }
    }
}

/// An error with all its sources on one line.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

struct Document<'a> {
    problem: &'a ProblemDetails,
    id: RequestId,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let problem = self.problem;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &problem.0.kind.uri())?;
        map.serialize_entry("title", problem.0.kind.title)?;
        map.serialize_entry("status", &problem.0.kind.status)?;
        if let Some(detail) = &problem.0.detail {
            map.serialize_entry("detail", detail)?;
        }
        map.serialize_entry("instance", &format_args!("urn:uuid:{}", self.id))?;
        if !problem.0.errors.is_empty() {
            map.serialize_entry("errors", &*problem.0.errors)?;
        }
        if problem.0.errors.omitted() > 0 {
            map.serialize_entry("omitted", &problem.0.errors.omitted())?;
        }
        for (name, value) in &problem.0.members {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl fmt::Debug for ProblemDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProblemDetails")
            .field("type", &self.0.kind.name)
            .field("status", &self.0.kind.status)
            .field("detail", &self.0.detail)
            .field("errors", &self.0.errors)
            .field("members", &self.0.members)
            .field("cause", &self.0.cause)
            .finish_non_exhaustive()
    }
}
