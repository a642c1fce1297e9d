//! Bytes of a known media type, as they come.

use std::fmt;
use std::marker::PhantomData;

use http::{HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::openapi::Operation;
use crate::{Body, BoxError, Bytes, Responder, Responding, Response};

/// A media type as a type, so that the document knows it.
///
/// ```
/// /// A picture.
/// struct Png;
///
/// impl covet::MediaType for Png {
///     const NAME: &'static str = "image/png";
/// }
/// ```
pub trait MediaType: 'static {
    /// The value of `Content-Type`.
    const NAME: &'static str;
    /// The media type without parameters, where `NAME` has any.
    const ESSENCE: &'static str = Self::NAME;
}

/// Media types that are often streamed.
pub mod media {
    use super::MediaType;

    macro_rules! media_types {
        ($($(#[$doc:meta])* $type:ident = $name:literal $(, $essence:literal)?;)+) => {
            $(
                $(#[$doc])*
                #[derive(Debug, Clone, Copy)]
                pub struct $type;

                impl MediaType for $type {
                    const NAME: &'static str = $name;
                    $(const ESSENCE: &'static str = $essence;)?
                }
            )+
        };
    }

    media_types! {
        /// Bytes of no known kind.
        OctetStream = "application/octet-stream";
        /// A table (RFC 4180).
        Csv = "text/csv; charset=utf-8", "text/csv";
        /// Plain text.
        Text = "text/plain; charset=utf-8", "text/plain";
        /// A PDF document.
        Pdf = "application/pdf";
        /// A ZIP archive.
        Zip = "application/zip";
    }
}

/// Bytes that are sent as they come, under the media type `M`.
///
/// ```
/// use covet::{get, media, Bytes, Stream};
/// use futures_util::{stream, StreamExt};
///
/// /// A table of squares.
/// #[get("/squares.csv")]
/// async fn squares() -> Stream<media::Csv> {
///     let lines = stream::iter(0..1_000_000_u64).map(|n| Ok(Bytes::from(format!("{n},{}\r\n", n * n))));
///     Stream::new(lines).attachment("squares.csv")
/// }
/// # let _ = covet::routes![squares];
/// ```
pub struct Stream<M = media::OctetStream> {
    body: Body,
    attachment: Option<String>,
    media_type: PhantomData<fn() -> M>,
}

impl<M: MediaType> Stream<M> {
    /// What a stream yields. Where it yields an error the connection is cut off, so that the client sees that the answer
    /// is not whole.
    pub fn new<S>(stream: S) -> Self
    where
        S: futures_core::Stream<Item = Result<Bytes, BoxError>> + Send + 'static,
    {
        Body::stream(stream).into()
    }

    /// To be saved under this name, not shown.
    pub fn attachment(mut self, name: impl Into<String>) -> Self {
        self.attachment = Some(name.into());
        self
    }
}

impl<M: MediaType> From<Body> for Stream<M> {
    fn from(body: Body) -> Self {
        Stream { body, attachment: None, media_type: PhantomData }
    }
}

impl<M: MediaType> Responder for Stream<M> {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_bytes(200, "The content", M::ESSENCE);
    }

    fn respond(self, _: &Responding<'_>) -> Response {
        let mut response = Response::new(self.body);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(M::NAME));
        if let Some(value) = self.attachment.and_then(|name| HeaderValue::try_from(disposition(&name)).ok()) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
        }
        response
    }
}

/// The header's value (RFC 6266), with the name once for all clients and once whole.
pub(crate) fn disposition(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '/' | '%');
    let plain: String = name.chars().map(|c| if is_plain(c) || c == ' ' { c } else { '_' }).collect();
    if plain == name {
        return format!("attachment; filename=\"{plain}\"");
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}

impl<M> fmt::Debug for Stream<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("body", &self.body).field("attachment", &self.attachment).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_no_way_into_the_header() {
        assert_eq!(disposition("a b.csv"), "attachment; filename=\"a b.csv\"");
        let expected = "attachment; filename=\"__-_.c\"; filename*=UTF-8''%22%0D%2D%E2%82%AC%2Ec";
        assert_eq!(disposition("\"\r-€.c"), expected);
    }
}
