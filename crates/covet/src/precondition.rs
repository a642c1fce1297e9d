//! Conditional requests (RFC 9110, section 13): entity tags, and who may change what he has not seen.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};

use http::{HeaderMap, HeaderValue, Method, header};
use serde::Serialize;

use crate::openapi::Operation;
use crate::problem::{MALFORMED_REQUEST, PRECONDITION_FAILED, PRECONDITION_REQUIRED, ProblemDetails};
use crate::validation::{Code, Fault, In};
use crate::{FromRequest, Problem, Problems, Rejection, Request, Responder, Responding, Response};

/// A strong entity tag: the name of one state of a resource.
///
/// ```
/// use covet::ETag;
///
/// let tag = ETag::of(&("Emma", 999));
/// assert_eq!(tag, ETag::of(&("Emma", 999)));
/// assert_ne!(tag, ETag::of(&("Emma", 1099)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ETag(String);

impl ETag {
    /// The tag of a value: equal values have equal tags, as long as the program is the same.
    pub fn of<T: Serialize>(value: &T) -> Self {
        let mut hasher = Hashing(DefaultHasher::new());
        // A value that cannot be JSON is tagged by as much of it as can; its answer fails by itself.
        let _ = serde_json::to_writer(&mut hasher, value);
        ETag(format!("{:016x}", hasher.0.finish()))
    }

    /// The tag of a version that the app counts itself.
    pub fn version(version: impl Into<u64>) -> Self {
        ETag(format!("v{}", version.into()))
    }

    fn header(&self, ending: &str) -> Option<HeaderValue> {
        HeaderValue::try_from(format!("\"{}{ending}\"", self.0)).ok()
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// Hashes what is written.
struct Hashing(DefaultHasher);

impl std::io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What such a header looks like, for the document.
pub(crate) const PATTERN: &str = r#"^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$"#;

/// What a header of tags lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tags {
    Any,
    These(Vec<Listed>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    tag: String,
    is_weak: bool,
}

impl Tags {
    /// Parses the header; `None` where it is not there.
    fn parse(headers: &HeaderMap, name: header::HeaderName) -> Result<Option<Self>, Rejection> {
        if !headers.contains_key(&name) {
            return Ok(None);
        }
        Tags::of(headers.get_all(&name).iter()).map(Some).ok_or_else(|| {
            let message = "must be `*` or a list of entity tags such as `\"a1b2\"`";
            let fault = Fault::new(Code::Syntax, message).in_parameter(In::Header, name.as_str().to_owned());
            Rejection::Malformed(fault.into())
        })
    }

    /// The tags of all such headers; `None` where one of them is not a list of tags.
    pub(crate) fn of<'a>(values: impl Iterator<Item = &'a HeaderValue>) -> Option<Self> {
        let mut tags = Vec::new();
        for value in values {
            let text = value.to_str().ok()?.trim();
            if text == "*" {
                return Some(Tags::Any);
            }
            tags.extend(list(text)?);
        }
        Some(Tags::These(tags))
    }

    /// Whether a representation with this `ETag` is listed, by the weak comparison.
    pub(crate) fn has_representation(&self, etag: &str) -> bool {
        let etag = etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"');
        match self {
            Tags::Any => true,
            Tags::These(tags) => tags.iter().any(|listed| listed.tag == etag),
        }
    }

    /// The strong comparison of RFC 9110, section 8.8.3.2.
    fn has_strong(&self, tag: &ETag) -> bool {
        match self {
            Tags::Any => true,
            Tags::These(tags) => tags.iter().any(|listed| !listed.is_weak && state(&listed.tag) == tag.0),
        }
    }

    /// The weak comparison.
    fn has_weak(&self, tag: &ETag) -> bool {
        match self {
            Tags::Any => true,
            Tags::These(tags) => tags.iter().any(|listed| state(&listed.tag) == tag.0),
        }
    }
}

/// What a tag says of the state, without the format and the coding that it was shown in: each representation of a state has a
/// tag of its own.
fn state(tag: &str) -> &str {
    let without =
        |tag: &'_ str, endings: &[&str]| endings.iter().find_map(|ending| tag.strip_suffix(*ending)).map(str::len);
    let coded = without(tag, &["-gzip", "-br", "-zstd"]).map_or(tag, |length| &tag[..length]);
    without(coded, &["-cbor", "-msgpack", "-csv"]).map_or(coded, |length| &coded[..length])
}

/// The ending of a representation's tag, by its format; JSON has none.
fn ending(headers: &HeaderMap) -> &'static str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match value.split(';').next().unwrap_or_default() {
        "application/cbor" => "-cbor",
        "application/vnd.msgpack" => "-msgpack",
        "text/csv" => "-csv",
        _ => "",
    }
}

/// In the extensions of a response: if the client has it already, it is answered 304.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Revalidate;

/// `1#entity-tag` (RFC 9110, section 8.8.3). A tag may hold a comma.
fn list(text: &str) -> Option<Vec<Listed>> {
    let mut tags = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let (is_weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |rest| (true, rest));
        let (tag, after) = quoted.strip_prefix('"')?.split_once('"')?;
        tags.push(Listed { tag: tag.to_owned(), is_weak });
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(',') {
            return None;
        }
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    (!tags.is_empty()).then_some(tags)
}

/// The `If-Match` header, which the client must send: it names the state that it has seen, so that nobody overwrites what
/// another has changed meanwhile. Without it the answer is 428; `Option<IfMatch>` leaves the choice to the client.
///
/// ```
/// use covet::{delete, ETag, IfMatch, NoContent, Path, PreconditionFailed};
///
/// # fn current(_: i64) -> ETag { ETag::version(3u64) }
/// /// Delete a note that has not changed since it was read.
/// #[delete("/notes/{id}")]
/// async fn remove(id: Path<i64>, seen: IfMatch) -> Result<NoContent, PreconditionFailed> {
///     seen.check(&current(*id))?;
///     Ok(NoContent)
/// }
/// # let _ = covet::routes![remove];
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Tags);

impl IfMatch {
    /// Holds the state that is there now against those that the client has seen.
    ///
    /// # Errors
    /// [`PreconditionFailed`] when it is none of them.
    pub fn check(&self, current: &ETag) -> Result<(), PreconditionFailed> {
        if self.0.has_strong(current) { Ok(()) } else { Err(PreconditionFailed) }
    }
}

impl FromRequest for IfMatch {
    fn describe(operation: &mut Operation<'_>, name: &str) {
        Option::<IfMatch>::describe(operation, name);
        operation.require_parameter(In::Header, "if-match");
        operation.problem(&PRECONDITION_REQUIRED);
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        let seen = Option::<IfMatch>::from_request(request, name).await?;
        seen.ok_or_else(|| {
            let detail = "send If-Match with the ETag of the state that you have seen";
            Rejection::Problem(ProblemDetails::new(&PRECONDITION_REQUIRED).detail(detail))
        })
    }
}

impl FromRequest for Option<IfMatch> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.parameter::<Option<String>>(In::Header, "if-match");
        operation.pattern(In::Header, "if-match", PATTERN);
        operation.problem(&MALFORMED_REQUEST);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        Ok(Tags::parse(request.headers(), header::IF_MATCH)?.map(IfMatch))
    }
}

/// The `If-None-Match` header, which the client must send: `*` where nothing may be there yet, or tags of states that must
/// not be the current one. Without it the answer is 428; `Option<IfNoneMatch>` leaves the choice to the client.
///
/// It is for methods that change something. The `If-None-Match` of a GET is answered by [`Tagged`] alone.
///
/// ```
/// use covet::{put, ETag, IfNoneMatch, NoContent, Path, PreconditionFailed};
///
/// # fn current(_: &str) -> Option<ETag> { None }
/// /// Reserve a name that is free: `If-None-Match: *`.
/// #[put("/names/{name}")]
/// async fn reserve(name: Path<String>, unseen: IfNoneMatch) -> Result<NoContent, PreconditionFailed> {
///     unseen.check(current(&name).as_ref())?;
///     Ok(NoContent)
/// }
/// # let _ = covet::routes![reserve];
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfNoneMatch(Tags);

impl IfNoneMatch {
    /// Holds the state that is there now, if one is, against those that must not be.
    ///
    /// # Errors
    /// [`PreconditionFailed`] when it is one of them, or when any is there and the client says `*`.
    pub fn check(&self, current: Option<&ETag>) -> Result<(), PreconditionFailed> {
        match current {
            Some(current) if self.0.has_weak(current) => Err(PreconditionFailed),
            _ => Ok(()),
        }
    }
}

impl FromRequest for IfNoneMatch {
    fn describe(operation: &mut Operation<'_>, name: &str) {
        Option::<IfNoneMatch>::describe(operation, name);
        operation.require_parameter(In::Header, "if-none-match");
        operation.problem(&PRECONDITION_REQUIRED);
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        let unseen = Option::<IfNoneMatch>::from_request(request, name).await?;
        unseen.ok_or_else(|| {
            let detail = "send If-None-Match: * to say that nothing may be there yet";
            Rejection::Problem(ProblemDetails::new(&PRECONDITION_REQUIRED).detail(detail))
        })
    }
}

impl FromRequest for Option<IfNoneMatch> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        if matches!(*operation.method(), Method::GET | Method::HEAD) {
            operation.fault("takes `IfNoneMatch`, but reads only; `Tagged` as its result answers that header");
        }
        operation.parameter::<Option<String>>(In::Header, "if-none-match");
        operation.pattern(In::Header, "if-none-match", PATTERN);
        operation.problem(&MALFORMED_REQUEST);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        Ok(Tags::parse(request.headers(), header::IF_NONE_MATCH)?.map(IfNoneMatch))
    }
}

/// The resource is not in the state that the client has seen (412).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreconditionFailed;

impl Problem for PreconditionFailed {
    fn describe(problems: &mut Problems) {
        problems.add(&PRECONDITION_FAILED);
    }

    fn into_details(self) -> ProblemDetails {
        ProblemDetails::new(&PRECONDITION_FAILED)
    }
}

/// A result with its entity tag. A GET whose `If-None-Match` names the tag is answered 304, without the body.
///
/// A state has a tag, and each of its representations one of its own: what is answered as CBOR, or compressed by gzip, has
/// `"…-cbor"` or `"…-gzip"`. [`IfMatch`] takes any of them for the state.
///
/// ```
/// use covet::{get, ETag, Json, Tagged};
///
/// /// The price list.
/// #[get("/prices")]
/// async fn prices() -> Tagged<Json<Vec<i64>>> {
///     let prices = vec![999, 1099];
///     Tagged { tag: ETag::of(&prices), value: Json(prices) }
/// }
/// # let _ = covet::routes![prices];
/// ```
#[derive(Debug, Clone)]
pub struct Tagged<T> {
    /// The tag of the state that the value shows.
    pub tag: ETag,
    /// What is answered.
    pub value: T,
}

impl<T: Responder> Responder for Tagged<T> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
        for status in operation.statuses() {
            operation.response_header(&status, "ETag", "The name of this state");
        }
        if *operation.method() == Method::GET {
            // Without a pattern, since what is no list of tags is passed over and the value sent.
            operation.parameter::<Option<String>>(In::Header, "if-none-match");
            operation.response_empty(304, "Not changed since the state that If-None-Match names");
        }
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        let mut response = self.value.respond(to);
        if let (true, Some(tag)) = (response.status().is_success(), self.tag.header(ending(response.headers()))) {
            response.headers_mut().insert(header::ETAG, tag);
            response.extensions_mut().insert(Revalidate);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tags_are_parsed() {
        let check = |text: &str, expected: Option<&[(&str, bool)]>| {
            let found = list(text).map(|tags| tags.into_iter().map(|one| (one.tag, one.is_weak)).collect::<Vec<_>>());
            let expected =
                expected.map(|tags| tags.iter().map(|(tag, weak)| ((*tag).to_owned(), *weak)).collect::<Vec<_>>());
            assert_eq!(found, expected, "{text}");
        };
        check("\"a\"", Some(&[("a", false)]));
        check("\"a,b\" , W/\"c\",,\"\"", Some(&[("a,b", false), ("c", true), ("", false)]));
        check("", None);
        check("a", None);
        check("\"a", None);
        check("\"a\" \"b\"", None);
        check("w/\"a\"", None);
    }
}
