//! What hyper takes and we do not: requests that a proxy in front could read otherwise than we do.

use http::uri::Authority;
use http::{HeaderValue, Request, Version, header};

use crate::problem::{MALFORMED_REQUEST, NOT_IMPLEMENTED, ProblemDetails};

/// Refuses a request whose host or framing is not certain.
pub(crate) fn check<B>(request: &Request<B>) -> Result<(), ProblemDetails> {
    let refuse = |kind, detail| Err(close(ProblemDetails::new(kind).detail(detail), request.version()));
    if let Err(detail) = check_host(request) {
        return refuse(&MALFORMED_REQUEST, detail);
    }
    let mut codings = request.headers().get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => refuse(&NOT_IMPLEMENTED, "the only Transfer-Encoding that this server reads is `chunked`, once"),
    }
}

/// A request of HTTP/1.1 has one Host (RFC 9112, section 3.2); one of HTTP/2 has the same in `:authority`, and where it
/// has both they are equal (RFC 9113, section 8.3.1).
fn check_host<B>(request: &Request<B>) -> Result<(), &'static str> {
    let version = request.version();
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => return Err("the request has more than one Host"),
        (None, _) if version == Version::HTTP_11 => return Err("the request has no Host"),
        (host, None) => host,
        (None, Some(_)) => None,
    };
    let Some(host) = host else { return Ok(()) };
    let is_host =
        host.is_empty() || Authority::try_from(host.as_bytes()).is_ok_and(|host| !host.as_str().contains('@'));
    if !is_host {
        return Err("the request's Host is not a host");
    }
    let authority = request.uri().authority().filter(|_| version == Version::HTTP_2);
    match authority {
        Some(authority) if !host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()) => {
            Err("the request's Host is another than its :authority")
        }
        _ => Ok(()),
    }
}

/// Where the end of a request is doubtful, nothing behind it is read.
fn close(problem: ProblemDetails, version: Version) -> ProblemDetails {
    match version {
        Version::HTTP_2 => problem,
        _ => problem.header(header::CONNECTION, HeaderValue::from_static("close")),
    }
}
