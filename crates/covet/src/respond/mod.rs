//! What a handler can answer.

mod cookie;
mod created;
mod html;
mod negotiated;
mod no_content;
mod page;
mod redirect;
mod text;

pub use cookie::{SetCookie, WithCookie};
pub use created::{Accepted, Created};
pub use html::Html;
pub use negotiated::Negotiated;
pub use no_content::NoContent;
pub use page::Page;
pub use redirect::Redirect;

use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::negotiation;
use crate::openapi::Operation;
use crate::problem::{INTERNAL, Problem, ProblemDetails};
use crate::request::Shared;
use crate::{Body, RequestId};

/// A response, as the `http` crate has it. A handler that answers it describes nothing: prefer a typed result.
///
/// ```
/// use covet::{Response, get};
///
/// /// Be a teapot.
/// #[get("/coffee")]
/// async fn coffee() -> Response {
///     let mut response = Response::new("tea".into());
///     *response.status_mut() = http::StatusCode::IM_A_TEAPOT;
///     response
/// }
/// # let _ = covet::routes![coffee];
/// ```
pub type Response = http::Response<Body>;

/// The head of the request that is being answered.
#[derive(Debug)]
pub struct Responding<'a> {
    pub(crate) method: &'a http::Method,
    pub(crate) uri: &'a http::Uri,
    pub(crate) headers: &'a http::HeaderMap,
    pub(crate) id: RequestId,
    pub(crate) shared: &'a Shared,
}

impl Responding<'_> {
    /// The target of the request.
    pub fn uri(&self) -> &http::Uri {
        self.uri
    }

    /// The id under which the request is logged.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// The method of the request.
    pub fn method(&self) -> &http::Method {
        self.method
    }

    /// The headers of the request.
    pub fn headers(&self) -> &http::HeaderMap {
        self.headers
    }

    /// Becomes true when the server is told to stop, for an answer that would otherwise go on.
    pub fn stopping(&self) -> tokio::sync::watch::Receiver<bool> {
        self.shared.stopping()
    }

    /// The place of the media type that the client likes best, or `None` where it takes none of them. An answer that
    /// depends on this says so with `Vary: Accept`.
    pub fn preferred(&self, media_types: &[&str]) -> Option<usize> {
        negotiation::preferred(self.headers, media_types)
    }

    /// The response of a problem, in the format that the client likes; its cause is logged under the request's id.
    pub fn problem(&self, problem: ProblemDetails) -> Response {
        problem.into_response(self.id, negotiation::problem_format(self.headers))
    }
}

/// A value that a handler answers. One implementation gives the response and its entry in the OpenAPI document.
///
/// ```
/// use covet::{openapi::Operation, Body, Responder, Responding, Response};
///
/// /// A picture.
/// struct Png(Vec<u8>);
///
/// impl Responder for Png {
///     fn describe(operation: &mut Operation<'_>) {
///         operation.response_bytes(200, "The picture", "image/png");
///     }
///
///     fn respond(self, _: &Responding<'_>) -> Response {
///         let mut response = Response::new(Body::from(self.0));
///         response.headers_mut().insert("content-type", http::HeaderValue::from_static("image/png"));
///         response
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a handler",
    label = "not a result",
    note = "results are `Json<T>`, `Negotiated<T>`, `Created<T>`, `Accepted<T>`, `NoContent`, `Page<T>`, `NdJson<T>`, `Events`, `Stream<M>`, `File`, `Html`, `Redirect`, `String`, \
            `Result<T, E>` of one of them, and types of your own that implement `covet::Responder`",
    note = "to answer a model as JSON, wrap it: `Json<{Self}>`"
)]
pub trait Responder {
    /// Adds the responses that this value can be to the operation.
    fn describe(operation: &mut Operation<'_>);

    /// The response.
    fn respond(self, to: &Responding<'_>) -> Response;
}

impl<T: Responder, E: Problem> Responder for Result<T, E> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
        operation.problems::<E>();
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        match self {
            Ok(value) => value.respond(to),
            Err(error) => to.problem(error.into_details()),
        }
    }
}

impl Responder for Response {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_anything();
    }

    fn respond(self, _: &Responding<'_>) -> Response {
        self
    }
}

/// Adds a name to `Vary`, unless it is there.
pub(crate) fn add_vary(headers: &mut http::HeaderMap, name: &'static str) {
    let values = headers.get_all(header::VARY).iter().filter_map(|value| value.to_str().ok());
    let is_there = values.flat_map(|value| value.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.eq_ignore_ascii_case(name)
    });
    if !is_there {
        headers.append(header::VARY, HeaderValue::from_static(name));
    }
}

/// The bytes that an answer in JSON has room for at first. Up to about this size the system's allocator has blocks at hand, and
/// what grows is copied.
const JSON_ROOM: usize = 1000;

/// The response of a value as JSON.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T, to: &Responding<'_>) -> Response {
    let mut body = Vec::with_capacity(JSON_ROOM);
    if let Err(error) = serde_json::to_writer(&mut body, value) {
        return to.problem(ProblemDetails::new(&INTERNAL).cause(error));
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, const { HeaderValue::from_static("application/json") });
    response
}
