//! The routes of the docs page.

use http::{HeaderMap, HeaderValue, header};

use super::{Asset, CONTENT_SECURITY_POLICY, asset, page};
use crate::app::{Pages, takes_gzip};
use crate::problem::{INTERNAL, NOT_ACCEPTABLE, NOT_FOUND, Problem, ProblemDetails, Problems};
use crate::routing::Routes;
use crate::security_headers::CROSS_ORIGIN_OPENER_POLICY;
use crate::{Body, Path, Responder, Responding, Response, State, get, openapi, routes};

/// The page and its files.
pub(crate) fn routes() -> Routes {
    routes![docs, docs_file]
}

/// A response that the page's policy comes with.
struct Guarded(Response);

impl Responder for Guarded {
    fn describe(operation: &mut openapi::Operation<'_>) {
        operation.response_anything();
    }

    fn respond(self, _: &Responding<'_>) -> Response {
        let mut response = self.0;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // "Authorize" opens a window, which comes back to a file of these by redirects: with a policy for openers that one of
        // the answers on that way lacks, the browser would take the page and its window apart.
        headers.insert(CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("unsafe-none"));
        response
    }
}

/// The docs page.
#[get("/docs", crate = "crate")]
async fn docs(pages: State<Pages>) -> Guarded {
    let mut response = Response::new(page(pages.title(), "docs", "openapi.json", pages.docs_client()).into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Guarded(response)
}

/// Why a file of the page cannot be had.
enum FileError {
    NotFound,
    /// The files are stored packed, and every browser since 1999 takes them so.
    OnlyGzip,
    Broken(http::header::InvalidHeaderValue),
}

impl Problem for FileError {
    fn describe(problems: &mut Problems) {
        [&NOT_FOUND, &NOT_ACCEPTABLE, &INTERNAL].into_iter().for_each(|problem| problems.add(problem));
    }

    fn into_details(self) -> ProblemDetails {
        match self {
            FileError::NotFound => ProblemDetails::new(&NOT_FOUND),
            FileError::OnlyGzip => ProblemDetails::new(&NOT_ACCEPTABLE)
                .detail("this file is only there packed: send `Accept-Encoding: gzip`")
                .with("available", ["gzip"]),
            FileError::Broken(error) => ProblemDetails::new(&INTERNAL).cause(error),
        }
    }
}

/// A file of the docs page.
#[get("/docs/{name}", crate = "crate")]
async fn docs_file(name: Path<String>, headers: HeaderMap) -> Result<Guarded, FileError> {
    let asset = asset(&name).ok_or(FileError::NotFound)?;
    if !takes_gzip(&headers) {
        return Err(FileError::OnlyGzip);
    }
    file(asset, &headers).map(Guarded).map_err(FileError::Broken)
}

fn file(asset: &'static Asset, headers: &HeaderMap) -> Result<Response, http::header::InvalidHeaderValue> {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let unchanged =
        known.flat_map(|value| value.split(',')).any(|tag| tag.trim().trim_start_matches("W/") == asset.etag);
    let mut response = Response::new(if unchanged { Body::empty() } else { asset.gzip.into() });
    if unchanged {
        *response.status_mut() = http::StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::ETAG, HeaderValue::from_str(asset.etag)?);
    Ok(response)
}
