//! The cookies that a test's client keeps.

use std::collections::BTreeMap;

use http::{HeaderValue, header};

use super::Answer;

/// Names and values; everything is sent everywhere, since the client talks to one app.
#[derive(Debug, Default)]
pub(super) struct Cookies(BTreeMap<String, String>);

impl Cookies {
    /// The `Cookie` header.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { None } else { HeaderValue::try_from(pairs.join("; ")).ok() }
    }

    /// Keeps what an answer sets, and forgets what it ends.
    pub(super) fn store(&mut self, answer: &Answer) {
        for value in answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let mut parts = value.split(';');
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let ends = parts.any(|part| part.trim().eq_ignore_ascii_case("max-age=0"));
            if ends {
                self.0.remove(name.trim());
            } else {
                self.0.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}
