//! A request on its way to a handler, and the trait of what a handler can take from it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Uri, header};
use tokio::sync::watch;

use crate::deadline;
use crate::openapi::Operation;
use crate::overload::Share;
use crate::problem::{INVALID_REQUEST, MALFORMED_REQUEST, Problem, ProblemDetails, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::{Code, Fault, Faults, In};
use crate::{Body, BodyError, ClientAddress, RequestId, Responding, Response};

/// What an argument of a handler is made from: the head of the request, its body, and what the app shares.
#[derive(Debug)]
pub struct Request {
    pub(crate) head: Parts,
    pub(crate) body: Body,
    pub(crate) path: MatchedPath,
    pub(crate) id: RequestId,
    pub(crate) client: ClientAddress,
    pub(crate) principal: Option<Arc<str>>,
    pub(crate) body_wait: Duration,
    /// The memory that the body has taken, as far as it was read as a whole.
    pub(crate) body_share: Share,
    pub(crate) shared: Arc<Shared>,
}

/// In the extensions of a response: the handler was not called, since its arguments could not be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused;

/// The values that an app shares with its handlers, by type.
#[derive(Default)]
pub(crate) struct Shared {
    values: HashMap<TypeId, Arc<dyn Any + Send + Sync>, BuildHasherDefault<TypeHasher>>,
    /// Whether the server has been told to stop.
    stopping: watch::Sender<bool>,
}

/// The path of a request, with the places of the route's parameters in it.
#[derive(Debug, Default)]
pub(crate) struct MatchedPath {
    /// The path in normal form, where that is not the path as it was sent.
    pub(crate) normalized: Option<String>,
    /// For each parameter its name and the range of bytes of its value.
    pub(crate) parameters: Vec<(Arc<str>, std::ops::Range<usize>)>,
}

/// A value that a handler takes as an argument.
///
/// One implementation gives three things: the value, what the argument means for the OpenAPI document, and the
/// problems that it can raise. `name` is the argument's name in the handler.
///
/// ```
/// use covet::{FromRequest, Rejection, Request, openapi::Operation};
///
/// /// The product that the client says it is.
/// struct UserAgent(String);
///
/// impl FromRequest for UserAgent {
///     fn describe(_: &mut Operation<'_>, _: &str) {}
///
///     async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
///         let agent = request.headers().get("user-agent").and_then(|value| value.to_str().ok());
///         Ok(UserAgent(agent.unwrap_or("unknown").to_owned()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler",
    label = "not an argument",
    note = "arguments are `Path<T>`, `Query<T>`, `Header<T>`, `Cookie<T>`, `Json<T>`, `Content<T>`, `NdJson<T>`, `Form<T>`, `Multipart`, `MergePatch<T>`, `IfMatch`, `IfNoneMatch`, `IdempotencyKey`, `State<T>`, `Db`, \
            `Body`, `Bytes`, `String`, `HeaderMap`, `Method`, `Uri`, `RequestId`, and types of your own that implement \
            `covet::FromRequest`",
    note = "to share a value with handlers, take `State<{Self}>` and give it to the app with `.state(…)`"
)]
pub trait FromRequest: Sized + Send {
    /// Adds to the operation what this argument reads, and the problems that it can raise.
    fn describe(operation: &mut Operation<'_>, name: &str);

    /// Makes the value.
    ///
    /// # Errors
    /// A [`Rejection`]: violated rules, which are gathered with the ones of the other arguments, or a problem that
    /// ends the request at once.
    fn from_request(request: &mut Request, name: &'static str) -> impl Future<Output = Result<Self, Rejection>> + Send;
}

/// Why an argument could not be made.
///
/// ```
/// use covet::validation::{Code, Fault, In};
/// use covet::{FromRequest, Rejection, Request, openapi::Operation};
///
/// /// The day for which the client asks, of a week.
/// struct Day(u8);
///
/// impl FromRequest for Day {
///     fn describe(operation: &mut Operation<'_>, _: &str) {
///         operation.parameter::<u8>(In::Header, "x-day");
///     }
///
///     async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
///         let day = request.headers().get("x-day").and_then(|value| value.to_str().ok()?.parse().ok());
///         day.filter(|day| (1..=7).contains(day)).map(Day).ok_or_else(|| {
///             let fault = Fault::new(Code::Invalid, "must be a day from 1 to 7").in_parameter(In::Header, "x-day");
///             Rejection::Invalid(fault.into())
///         })
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Rejection {
    /// Bytes that are not in the format that they should be in (400).
    Malformed(Faults),
    /// Values that are not of the type, or that violate its rules (422).
    Invalid(Faults),
    /// A problem that ends the request whatever the other arguments say.
    Problem(ProblemDetails),
}

impl<P: Problem> From<P> for Rejection {
    fn from(problem: P) -> Self {
        Rejection::Problem(problem.into_details())
    }
}

impl Request {
    /// The method.
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The target.
    pub fn uri(&self) -> &Uri {
        &self.head.uri
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The id under which this request is logged.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// Who sends the request, as [`App::principal`](crate::App::principal) tells it.
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_deref()
    }

    /// The value that the app shares under this type; `None` where none was given to it. An argument that needs one
    /// says so with [`Operation::requires_state`], so that its absence is an error of the start.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.shared.get()
    }

    /// The body, once; a second call gets an empty one.
    pub fn take_body(&mut self) -> Body {
        std::mem::take(&mut self.body)
    }

    /// The head of the request, for its answer.
    #[doc(hidden)]
    pub fn responding(&self) -> Responding<'_> {
        let http::request::Parts { method, uri, headers, .. } = &self.head;
        Responding { method, uri, headers, id: self.id, shared: &self.shared }
    }

    /// The answer to a request whose arguments could not all be made.
    #[doc(hidden)]
    pub fn refuse(&self, rejections: Rejections) -> Response {
        let mut response = self.responding().problem(rejections.into_details());
        response.extensions_mut().insert(Refused);
        response
    }

    /// Holds the body to a number of bytes, and to the read time-out.
    pub(crate) fn limit_body(&mut self, limit: u64) {
        self.body = self.take_body().limited(limit, self.body_wait);
    }

    /// Takes the head and the body, and leaves empty ones.
    pub(crate) fn take_http(&mut self) -> (Parts, Body) {
        let (mut head, _) = http::Request::new(()).into_parts();
        std::mem::swap(&mut head, &mut self.head);
        (head, self.take_body())
    }

    /// The raw text of a path parameter, still percent-encoded.
    pub(crate) fn path_parameter(&self, name: &str) -> Option<&str> {
        let path = self.path.normalized.as_deref().unwrap_or_else(|| self.head.uri.path());
        let (_, range) = self.path.parameters.iter().find(|(known, _)| **known == *name)?;
        path.get(range.clone())
    }

    /// Every path parameter, still percent-encoded.
    pub(crate) fn path_parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.path.parameters.iter().filter_map(|(name, _)| Some((&**name, self.path_parameter(name)?)))
    }

    /// The media type of the body without its parameters, in lower case; `None` where the request does not say.
    ///
    /// # Errors
    /// That it says several, that the text is not UTF-8, or that the body is packed.
    pub(crate) fn content_type(&self) -> Result<Option<String>, Rejection> {
        let unsupported = |detail: String| ProblemDetails::new(&UNSUPPORTED_MEDIA_TYPE).detail(detail);
        for coding in self.head.headers.get_all(header::CONTENT_ENCODING) {
            if !coding.as_bytes().eq_ignore_ascii_case(b"identity") {
                let problem = unsupported("the body must not be packed: send it without Content-Encoding".into());
                let identity = http::HeaderValue::from_static("identity");
                return Err(Rejection::Problem(problem.header(header::ACCEPT_ENCODING, identity)));
            }
        }
        let mut types = self.head.headers.get_all(header::CONTENT_TYPE).iter();
        let (Some(value), second) = (types.next(), types.next()) else { return Ok(None) };
        if second.is_some() {
            let fault = Fault::new(Code::Duplicate, "must be given only once").in_parameter(In::Header, "content-type");
            return Err(Rejection::Malformed(fault.into()));
        }
        let text = value.to_str().unwrap_or_default().to_ascii_lowercase();
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_owned();
        let charset = parts.find_map(|part| part.strip_prefix("charset=")).map(|charset| charset.trim_matches('"'));
        match charset {
            Some(charset) if !["utf-8", "utf8", "us-ascii"].contains(&charset) => {
                Err(Rejection::Problem(unsupported(format!("the body must be UTF-8, not {charset}"))))
            }
            _ => Ok(Some(essence)),
        }
    }

    /// The whole body, which must arrive within the read time-out.
    pub(crate) async fn read_body(&mut self) -> Result<Bytes, BodyError> {
        let body = self.take_body();
        if http_body::Body::is_end_stream(&body) {
            return Ok(Bytes::new());
        }
        let bytes = std::pin::pin!(body.bytes_within(&mut self.body_share));
        deadline::within(self.body_wait, bytes).await.unwrap_or(Err(BodyError::TimedOut))
    }
}

impl Shared {
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.values.insert(TypeId::of::<T>(), Arc::new(value));
    }

    /// Tells the answers that have no end of their own that the server stops.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the server stops, now or later.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    pub(crate) fn contains(&self, id: TypeId) -> bool {
        self.values.contains_key(&id)
    }

    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.values.get(&TypeId::of::<T>())?.clone().downcast().ok()
    }
}

/// A type's id is a hash already.
#[derive(Default)]
struct TypeHasher(u64);

impl Hasher for TypeHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("values", &self.values.len()).finish()
    }
}

/// The rejections of a handler's arguments, gathered so that one answer tells all of them.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Rejections {
    malformed: bool,
    faults: Faults,
    problem: Option<ProblemDetails>,
}

impl Rejections {
    /// The value, or `None` and its rejection remembered.
    pub fn take<T>(&mut self, result: Result<T, Rejection>) -> Option<T> {
        match result {
            Ok(value) => return Some(value),
            Err(Rejection::Problem(problem)) => {
                self.problem.get_or_insert(problem);
            }
            Err(Rejection::Malformed(faults)) => {
                self.malformed = true;
                self.faults.append(faults);
            }
            Err(Rejection::Invalid(faults)) => self.faults.append(faults),
        }
        None
    }

    /// The one problem of all rejections.
    pub(crate) fn into_details(self) -> ProblemDetails {
        if let Some(problem) = self.problem {
            return problem;
        }
        if self.malformed { ProblemDetails::malformed(self.faults) } else { ProblemDetails::invalid(self.faults) }
    }
}

impl ProblemDetails {
    /// Bytes that are not in their format (400).
    pub(crate) fn malformed(faults: Faults) -> Self {
        ProblemDetails::new(&MALFORMED_REQUEST).detail(summary(&faults)).errors(faults)
    }

    /// Values that violate rules (422).
    pub(crate) fn invalid(faults: Faults) -> Self {
        ProblemDetails::new(&INVALID_REQUEST).detail(summary(&faults)).errors(faults)
    }
}

fn summary(faults: &Faults) -> String {
    match &**faults {
        [only] => only.to_string(),
        _ => format!("{} rules are violated; `errors` lists them", faults.total()),
    }
}
