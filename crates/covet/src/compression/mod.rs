//! Compression of answers (RFC 9110, section 8.4).
//!
//! It is a step at the end of the pipeline and not a layer, since it has to know what else the pipeline does: a compressed
//! answer is another representation, so its entity tag is another (`"a"` becomes `"a-gzip"`), what is answered to
//! `If-None-Match` is decided after that, and HEAD says what GET does. Short answers are compressed at once and keep a length;
//! longer ones and streams are compressed as they go, and flushed when their source has nothing more for the moment, so that a
//! line which has been sent has also arrived.

mod coding;
mod stream;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

pub(crate) use coding::Coding;

use crate::respond::add_vary;
use crate::{Body, Response, negotiation};

/// Up to this length an answer is compressed at once.
const AT_ONCE: u64 = 32 << 10;

/// Which answers are compressed, with the best of gzip, Brotli and Zstandard (features `gzip`, `brotli` and `zstd`) that the
/// client takes. An app does not compress unless it is told to.
///
/// Compressed are answers of at least a kibibyte, or of unknown length, whose media type is one of text, JSON, XML and the
/// like, and of which no part was asked for, which are not packed already, and which do not say `Cache-Control: no-transform`.
/// Server-sent events are not among them, unless their media type is [added](Self::media_type).
///
/// An answer that holds both a secret and something that an attacker can choose must not be compressed: its length tells
/// the secret letter by letter (the BREACH attack). Switch such routes [off](Self::off).
///
/// ```
/// use covet::{get, routes, App, Compression};
///
/// /// The form with its secret token.
/// #[get("/form")]
/// async fn form() -> String { "…".into() }
///
/// /// A long list.
/// #[get("/list")]
/// async fn list() -> String { "item\n".repeat(1000) }
///
/// let app = App::new("Lists", "1.0.0")
///     .compression(Compression::default())
///     .routes(routes![list].and(routes![form].compression(Compression::off())));
/// assert!(app.build().is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct Compression {
    is_on: bool,
    min_size: u64,
    media_types: Vec<String>,
}

impl Compression {
    /// No compression.
    pub fn off() -> Self {
        Compression { is_on: false, ..Compression::default() }
    }

    /// With another length, in bytes, from which on answers are compressed.
    pub fn min_size(mut self, bytes: u64) -> Self {
        self.min_size = bytes;
        self
    }

    /// With one more media type that is worth it.
    pub fn media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_types.push(media_type.into().to_ascii_lowercase());
        self
    }

    /// What a client takes; `None` where nothing is compressed.
    pub(crate) fn wanted(&self, headers: &HeaderMap) -> Option<Wanted<'_>> {
        self.is_on.then(|| Wanted::new(self, headers))
    }

    /// Whether answers of this kind are compressed for those who take it.
    fn concerns(&self, response: &Response) -> bool {
        let headers = response.headers();
        let is_whole = !matches!(response.status(), StatusCode::PARTIAL_CONTENT | StatusCode::RESET_CONTENT)
            && !headers.contains_key(header::CONTENT_RANGE)
            && !headers.contains_key(header::CONTENT_ENCODING);
        let has_body = !http_body::Body::is_end_stream(response.body());
        is_whole && has_body && !forbids_transformation(headers) && self.is_worth_it(headers)
    }

    fn is_worth_it(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        is_compressible(&essence) || self.media_types.contains(&essence)
    }
}

impl Default for Compression {
    fn default() -> Self {
        Compression { is_on: true, min_size: 1024, media_types: Vec::new() }
    }
}

/// The types of content that become much smaller.
fn is_compressible(essence: &str) -> bool {
    let Some((kind, subtype)) = essence.split_once('/') else { return false };
    match kind {
        "text" => subtype != "event-stream",
        "application" => {
            let suffix = subtype.rsplit('+').next().unwrap_or_default();
            matches!(
                suffix,
                "json" | "xml" | "cbor" | "msgpack" | "yaml" | "vnd.msgpack" | "x-ndjson" | "javascript" | "wasm"
            )
        }
        "image" => matches!(subtype, "svg+xml" | "bmp" | "x-icon"),
        "font" => matches!(subtype, "ttf" | "otf"),
        _ => false,
    }
}

/// A cache or a proxy, and so also we, must leave the content as it is (RFC 9111, section 5.2.2.6).
fn forbids_transformation(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|directive| directive.trim().eq_ignore_ascii_case("no-transform"))
}

/// What is to be done for one request.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    settings: &'a Compression,
    coding: Option<Coding>,
    /// Whether the client refuses what is not compressed.
    refuses_identity: bool,
}

impl<'a> Wanted<'a> {
    fn new(settings: &'a Compression, headers: &HeaderMap) -> Self {
        if !headers.contains_key(header::ACCEPT_ENCODING) {
            return Wanted { settings, coding: None, refuses_identity: false };
        }
        let identity = negotiation::coding_quality(headers, "identity");
        let mut best = (None, identity);
        for coding in Coding::ALL {
            let quality = negotiation::coding_quality(headers, coding.name());
            let is_better = if best.0.is_none() { quality >= identity } else { quality > best.1 };
            if quality > 0.0 && is_better {
                best = (Some(*coding), quality);
            }
        }
        Wanted { settings, coding: best.0, refuses_identity: identity == 0.0 }
    }

    /// Decides how an answer is compressed, and writes that into its head.
    pub(crate) fn decide(&self, method: &Method, response: &mut Response) -> Option<Coding> {
        if *method == Method::CONNECT || !self.settings.concerns(response) {
            return None;
        }
        let length = http_body::Body::size_hint(response.body()).exact();
        let is_short = length.is_some_and(|length| length < self.settings.min_size);
        if is_short && !self.refuses_identity {
            return None;
        }
        let headers = response.headers_mut();
        add_vary(headers, "Accept-Encoding");
        let coding = self.coding?;
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        headers.remove(header::CONTENT_LENGTH);
        // The ranges of what is compressed on the way are nobody's.
        headers.remove(header::ACCEPT_RANGES);
        let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()).filter(|tag| !tag.starts_with("W/"));
        if let Some(Ok(tag)) =
            tag.and_then(|tag| tag.strip_suffix('"')).map(|tag| format!("{tag}-{}\"", coding.name()).try_into())
        {
            headers.insert(header::ETAG, tag);
        }
        Some(coding)
    }
}

/// Compresses a body.
pub(crate) fn compress(mut body: Body, coding: Coding) -> Body {
    let length = http_body::Body::size_hint(&body).exact();
    if length.is_some_and(|length| length <= AT_ONCE)
        && let Some(bytes) = body.take_full()
    {
        match coding::at_once(coding, &bytes) {
            Ok(packed) => return packed.into(),
            Err(error) => return Body::stream(futures_util::stream::iter([Err(error.into())])),
        }
    }
    Body::stream(stream::Compressed::new(body, coding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_already_is_left_alone() {
        for essence in
            ["text/plain", "application/json", "application/problem+json", "application/cbor", "image/svg+xml"]
        {
            assert!(is_compressible(essence), "{essence}");
        }
        for essence in
            ["image/png", "text/event-stream", "application/octet-stream", "application/zip", "video/mp4", "x"]
        {
            assert!(!is_compressible(essence), "{essence}");
        }
    }
}
