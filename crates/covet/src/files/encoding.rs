//! Packed variants of a file, and which of them a client takes (RFC 9110, section 12.5.3).

use http::HeaderMap;

use crate::negotiation;

/// A content coding with the ending of its files, the smallest first.
pub(super) const CODINGS: [(&str, &str); 3] = [("br", "br"), ("zstd", "zst"), ("gzip", "gz")];

/// The best of the codings that are there, or `None` for the file as it is. That is also the answer for a client which
/// takes nothing that is there: it is of more use than none.
pub(super) fn choose(headers: &HeaderMap, available: &[&'static str]) -> Option<usize> {
    let mut best = (None, negotiation::coding_quality(headers, "identity"));
    for (index, coding) in available.iter().enumerate() {
        let quality = negotiation::coding_quality(headers, coding);
        let is_better = if best.0.is_none() { quality >= best.1 } else { quality > best.1 };
        if quality > 0.0 && is_better {
            best = (Some(index), quality);
        }
    }
    best.0
}
