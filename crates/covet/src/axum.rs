//! Extractors of axum as arguments of handlers.

use std::ops::Deref;

use axum_core::extract::{FromRequest as AxumFromRequest, FromRequestParts};
use axum_core::response::{IntoResponse, Response as AxumResponse};
use http_body_util::{BodyExt, Limited};

use crate::openapi::Operation;
use crate::problem::{
    CONTENT_TOO_LARGE, INTERNAL, INVALID_REQUEST, MALFORMED_REQUEST, ProblemDetails, UNSUPPORTED_MEDIA_TYPE,
};
use crate::{Body, FromRequest, ProblemType, Rejection, Request};

static UNAUTHORIZED: ProblemType =
    ProblemType::new("extractor-unauthorized", 401, "Say who you are", "An extractor found no proof of who asks.");
static FORBIDDEN: ProblemType =
    ProblemType::new("extractor-forbidden", 403, "Not for you", "An extractor refused whoever asks.");

/// How many bytes of a rejection's text are read.
const MOST_TEXT: usize = 4096;

/// An extractor of axum that reads the head of the request, as an argument. Its rejection becomes a problem with its status: 400,
/// 401, 403, 413, 415 and 422 stay, every other one below 500 becomes 400, and what is left is the problem 500, whose
/// text only the log sees.
///
/// The extractor has the state `()`. It sees the request's extensions, such as layers have set them, but nothing of axum's
/// router: for the parameters of the path there is [`Path`](crate::Path). It describes nothing, so that what it reads is not
/// in the OpenAPI document; prefer the arguments of Covet where there is one.
///
/// ```
/// use covet::{Axum, get};
///
/// /// Say what was asked.
/// #[get("/query")]
/// async fn query(query: Axum<axum::extract::RawQuery>) -> String {
///     let axum::extract::RawQuery(text) = query.0;
///     text.unwrap_or_default()
/// }
/// # let _ = covet::routes![query];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axum<E>(pub E);

/// An extractor of axum that reads the whole request with its body, as an argument. All that is said at [`Axum`] holds here.
///
/// ```
/// use covet::{AxumBody, post};
///
/// /// Take any JSON.
/// #[post("/json")]
/// async fn json(body: AxumBody<axum::Json<serde_json::Value>>) -> String {
///     body.0.to_string()
/// }
/// # let _ = covet::routes![json];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AxumBody<E>(pub E);

impl<E> FromRequest for Axum<E>
where
    E: FromRequestParts<()> + Send,
{
    fn describe(operation: &mut Operation<'_>, _: &str) {
        for problem in [&MALFORMED_REQUEST, &UNAUTHORIZED, &FORBIDDEN, &INVALID_REQUEST] {
            operation.problem(problem);
        }
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        let result = E::from_request_parts(&mut request.head, &()).await.map_err(IntoResponse::into_response);
        match result {
            Ok(value) => Ok(Axum(value)),
            Err(response) => Err(problem(response).await),
        }
    }
}

impl<E> FromRequest for AxumBody<E>
where
    E: AxumFromRequest<()> + Send,
{
    fn describe(operation: &mut Operation<'_>, name: &str) {
        operation.request_bytes("*/*");
        Axum::<()>::describe(operation, name);
        operation.problem(&CONTENT_TOO_LARGE);
        operation.problem(&UNSUPPORTED_MEDIA_TYPE);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        let body = axum_core::body::Body::new(request.take_body());
        // The arguments behind this one see the head as well.
        let mut with_head = http::Request::new(body);
        *with_head.method_mut() = request.head.method.clone();
        *with_head.uri_mut() = request.head.uri.clone();
        *with_head.version_mut() = request.head.version;
        *with_head.headers_mut() = request.head.headers.clone();
        *with_head.extensions_mut() = request.head.extensions.clone();
        let result = E::from_request(with_head, &()).await.map_err(IntoResponse::into_response);
        match result {
            Ok(value) => Ok(AxumBody(value)),
            Err(response) => Err(problem(response).await),
        }
    }
}

/// A rejection as a problem.
async fn problem(response: AxumResponse) -> Rejection {
    let (head, body) = response.into_parts();
    let text = Limited::new(body, MOST_TEXT).collect().await;
    let text = text.map(|text| String::from_utf8_lossy(&text.to_bytes()).into_owned()).unwrap_or_default();
    let kind = match head.status.as_u16() {
        401 => &UNAUTHORIZED,
        403 => &FORBIDDEN,
        413 => &CONTENT_TOO_LARGE,
        415 => &UNSUPPORTED_MEDIA_TYPE,
        422 => &INVALID_REQUEST,
        400..=499 => &MALFORMED_REQUEST,
        _ => return Rejection::Problem(ProblemDetails::new(&INTERNAL).cause(format!("an extractor failed: {text}"))),
    };
    let mut problem = ProblemDetails::new(kind);
    if let Some(challenge) = head.headers.get(http::header::WWW_AUTHENTICATE) {
        problem = problem.header(http::header::WWW_AUTHENTICATE, challenge.clone());
    }
    Rejection::Problem(if text.is_empty() { problem } else { problem.detail(text) })
}

impl<E> Deref for Axum<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.0
    }
}

impl<E> Deref for AxumBody<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.0
    }
}

/// A body of axum's, for a handler or a layer that has one.
impl From<axum_core::body::Body> for Body {
    fn from(body: axum_core::body::Body) -> Self {
        Body::from_http(body)
    }
}
