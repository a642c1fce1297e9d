//! What a client has already (RFC 9110, section 13).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, header};

use super::content::Content;

/// The validators of a content.
#[derive(Debug)]
pub(super) struct Validators {
    /// A strong entity tag, in its quotation marks.
    pub(super) etag: String,
    /// In whole seconds, as the header has it.
    pub(super) modified: Option<SystemTime>,
}

impl Validators {
    /// Those of a file: its tag is that of its bytes, or else made of its time and its length, and of the coding that it
    /// is packed with.
    pub(super) fn new(content: &Content, coding: &str) -> Self {
        let Content { modified, length, tag, .. } = content;
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let suffix = if coding.is_empty() { String::new() } else { format!("-{coding}") };
        let etag = match tag {
            Some(tag) => format!("\"{tag}{suffix}\""),
            None => format!("\"{:x}-{length:x}{suffix}\"", since.as_nanos()),
        };
        let modified = modified.map(|_| UNIX_EPOCH + Duration::from_secs(since.as_secs()));
        Validators { etag, modified }
    }

    /// Whether the client has this content: 304.
    pub(super) fn is_known(&self, headers: &HeaderMap) -> bool {
        if headers.contains_key(header::IF_NONE_MATCH) {
            return texts(headers, header::IF_NONE_MATCH).flat_map(|value| value.split(',')).any(|tag| {
                let tag = tag.trim();
                tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag
            });
        }
        let since =
            texts(headers, header::IF_MODIFIED_SINCE).next().and_then(|value| httpdate::parse_http_date(value).ok());
        matches!((self.modified, since), (Some(modified), Some(since)) if modified <= since)
    }

    /// Whether a range is one of this content: there is no `If-Range`, or it names exactly this content.
    pub(super) fn allow_range(&self, headers: &HeaderMap) -> bool {
        if !headers.contains_key(header::IF_RANGE) {
            return true;
        }
        let Some(value) = texts(headers, header::IF_RANGE).next() else { return false };
        value == self.etag || (self.modified.is_some() && httpdate::parse_http_date(value).ok() == self.modified)
    }
}

fn texts(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::trim)
}
