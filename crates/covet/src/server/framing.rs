//! What hyper takes and we do not: requests that a proxy in front could read otherwise than we do.

use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Version, header};

use crate::problem::{MALFORMED_REQUEST, NOT_IMPLEMENTED, ProblemDetails};

/// A header of a name, and whether there is a second one.
#[derive(Default)]
struct Found<'a> {
    value: Option<&'a HeaderValue>,
    is_doubled: bool,
}

impl<'a> Found<'a> {
    fn add(&mut self, value: &'a HeaderValue) {
        self.is_doubled |= self.value.replace(value).is_some();
    }
}

/// Refuses a request whose host or framing is not certain.
pub(crate) fn check(head: &Parts) -> Result<(), ProblemDetails> {
    let refuse = |kind, detail| Err(close(ProblemDetails::new(kind).detail(detail), head.version));
    let (mut host, mut coding) = (Found::default(), Found::default());
    // One look at each name costs less than its hash.
    for (name, value) in &head.headers {
        if *name == header::HOST {
            host.add(value);
        } else if *name == header::TRANSFER_ENCODING {
            coding.add(value);
        }
    }
    if let Err(detail) = check_host(head, &host) {
        return refuse(&MALFORMED_REQUEST, detail);
    }
    match (coding.value, coding.is_doubled) {
        (None, _) => Ok(()),
        (Some(coding), false) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => refuse(&NOT_IMPLEMENTED, "the only Transfer-Encoding that this server reads is `chunked`, once"),
    }
}

/// A request of HTTP/1.1 has one Host (RFC 9112, section 3.2); one of HTTP/2 has the same in `:authority`, and where it
/// has both they are equal (RFC 9113, section 8.3.1).
fn check_host(head: &Parts, found: &Found<'_>) -> Result<(), &'static str> {
    if found.is_doubled {
        return Err("the request has more than one Host");
    }
    let Some(host) = found.value else {
        return if head.version == Version::HTTP_11 { Err("the request has no Host") } else { Ok(()) };
    };
    if !is_host(host.as_bytes()) {
        return Err("the request's Host is not a host");
    }
    let authority = head.uri.authority().filter(|_| head.version == Version::HTTP_2);
    match authority {
        Some(authority) if !host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()) => {
            Err("the request's Host is another than its :authority")
        }
        _ => Ok(()),
    }
}

/// The bytes of names and of addresses of IPv4.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        plain[byte] = matches!(byte as u8, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'.' | b'-');
        byte += 1;
    }
    plain
};

/// A name or an address, with or without a port. The plain ones are most, and need no parser.
fn is_host(host: &[u8]) -> bool {
    let name = host.iter().position(|byte| !PLAIN[usize::from(*byte)]).unwrap_or(host.len());
    let is_plain = match &host[name..] {
        [] => true,
        [b':', port @ ..] => name > 0 && port.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if is_plain {
        return true;
    }
    Authority::try_from(host).is_ok_and(|host| !host.as_str().contains('@'))
}

/// Where the end of a request is doubtful, nothing behind it is read.
fn close(problem: ProblemDetails, version: Version) -> ProblemDetails {
    match version {
        Version::HTTP_2 => problem,
        _ => problem.header(header::CONNECTION, HeaderValue::from_static("close")),
    }
}
