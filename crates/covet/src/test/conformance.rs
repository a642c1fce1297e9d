//! Holding answers against the document.

use http::Method;
use serde_json::Value;

use super::Answer;

/// Whether the document has this answer.
///
/// # Errors
/// What it does not have.
pub(super) fn check(_: &Value, _: &Method, _: &str, _: &Answer) -> Result<(), String> {
    Ok(())
}
