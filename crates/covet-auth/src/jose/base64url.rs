//! base64url without padding, and nothing that resembles it (RFC 7515, section 2, and RFC 4648, section 3.5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Padding, other alphabets, white space and left-over bits are refused, so that one value has one spelling.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Into a buffer of the caller's; `None` also where it is too short.
pub(crate) fn decode_into<'a>(text: &str, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let length = URL_SAFE_NO_PAD.decode_slice_unchecked(text, buffer).ok()?;
    buffer.get(..length)
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn append(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// How many characters so many bytes become.
pub(crate) fn length(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}
