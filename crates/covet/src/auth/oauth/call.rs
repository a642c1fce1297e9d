//! The arguments of the endpoints: a form that a client posts, and a request that a browser makes.

use std::sync::Arc;

use covet_auth::oauth2::{EndpointRequest, Failure, OAuthError, Parameters};
use http::{HeaderMap, HeaderName, header};
use jiff::Timestamp;

use super::answer::Answer;
use super::server::{Core, Provider};
use crate::auth::audit::{Origin, within};
use crate::auth::{Decision, Public};
use crate::openapi::Operation;
use crate::problem::{INTERNAL, ProblemDetails};
use crate::{FromRequest, Rejection, Request};

/// A POST of a client, whatever is wrong with it: the endpoint tells that in OAuth's own form.
pub(super) struct Call {
    pub(super) core: Arc<Core>,
    body: Result<String, OAuthError>,
    authorization: Result<Option<String>, OAuthError>,
    dpop: Result<Option<String>, OAuthError>,
    origin: Origin,
}

/// A request of a browser.
pub(super) struct Visit {
    pub(super) core: Arc<Core>,
    pub(super) provider: Provider,
    pub(super) headers: HeaderMap,
    pub(super) method: http::Method,
    /// Those of the query, or of the form where there is one.
    pub(super) parameters: Parameters,
    pub(super) now: Timestamp,
    pub(super) origin: Origin,
}

impl Call {
    /// The request as the core takes it.
    pub(super) fn request(&self) -> Result<EndpointRequest<'_>, Failure> {
        let body = self.body.as_ref().map_err(Clone::clone)?;
        let mut request = EndpointRequest::new(body, Timestamp::now());
        request.authorization = self.authorization.as_ref().map_err(Clone::clone)?.as_deref();
        request.dpop = self.dpop.as_ref().map_err(Clone::clone)?.as_deref();
        request.address = Some(self.origin.address);
        Ok(request)
    }

    /// Answers, so that what happens meanwhile is recorded as of this request.
    pub(super) async fn answer<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
        answer: impl FnOnce(T) -> Answer,
    ) -> Answer {
        within(self.origin, work).await.map_or_else(Answer::failure, answer)
    }
}

/// A header that must not come twice.
fn single(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, OAuthError> {
    let mut values = headers.get_all(name).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(OAuthError::invalid_request("a header is given twice"));
    }
    let text = first.map(|value| value.to_str().map(str::to_owned)).transpose();
    text.map_err(|_| OAuthError::invalid_request("a header has characters that it cannot have"))
}

async fn form(request: &mut Request) -> Result<String, OAuthError> {
    let wrong = || OAuthError::invalid_request("the body is not application/x-www-form-urlencoded");
    let media_type = request.content_type().map_err(|_| wrong())?;
    if media_type.as_deref() != Some("application/x-www-form-urlencoded") {
        return Err(wrong());
    }
    let bytes = request.read_body().await.map_err(|_| OAuthError::invalid_request("the body cannot be read"))?;
    String::from_utf8(bytes.to_vec()).map_err(|_| wrong())
}

fn provider(request: &Request) -> Result<(Arc<Core>, Provider), Rejection> {
    let missing =
        || Rejection::Problem(ProblemDetails::new(&INTERNAL).cause("the authorization server has not started"));
    let provider = request.state::<Provider>().ok_or_else(missing)?;
    let core = provider.core().cloned().ok_or_else(missing)?;
    Ok((core, Provider::clone(&provider)))
}

impl FromRequest for Call {
    fn describe(operation: &mut Operation<'_>, name: &str) {
        <Public as FromRequest>::describe(operation, name);
        operation.requires_state::<covet_db::Db>();
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        let (core, _) = provider(request)?;
        let authorization = single(request.headers(), &header::AUTHORIZATION);
        let dpop = single(request.headers(), &HeaderName::from_static("dpop"));
        let origin = Origin::of(request);
        Ok(Call { core, body: form(request).await, authorization, dpop, origin })
    }
}

impl FromRequest for Visit {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.decide(Decision::Public);
        operation.requires_state::<covet_db::Db>();
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        let (core, provider) = provider(request)?;
        let text = match *request.method() {
            http::Method::POST if request.headers().contains_key(header::CONTENT_TYPE) => {
                form(request).await.map_err(|error| {
                    Rejection::Problem(
                        ProblemDetails::new(&crate::problem::MALFORMED_REQUEST).detail(error.to_string()),
                    )
                })?
            }
            _ => request.uri().query().unwrap_or_default().to_owned(),
        };
        let (headers, method) = (request.headers().clone(), request.method().clone());
        let (parameters, now, origin) = (Parameters::parse(&text), Timestamp::now(), Origin::of(request));
        Ok(Visit { core, provider, headers, method, parameters, now, origin })
    }
}
