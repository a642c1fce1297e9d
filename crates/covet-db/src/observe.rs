//! What is told about each call: a span with OpenTelemetry's names, the text with placeholders, never a value.

use std::future::Future;
use std::time::{Duration, Instant};

use tracing::Instrument;
use tracing::field::Empty;

use crate::slow::SlowLog;
use crate::{Dialect, Error, ErrorKind, Result};

/// Runs a call within its time-out and tells about it.
pub(crate) async fn observed<T>(
    dialect: Dialect,
    text: &str,
    timeout: Duration,
    slow: &SlowLog,
    call: impl Future<Output = Result<T>>,
) -> Result<T> {
    told(dialect, text, slow, limited(text, timeout, Duration::ZERO, call)).await
}

/// Runs a call within its time-out, of which something has been spent already.
pub(crate) async fn limited<T>(
    text: &str,
    timeout: Duration,
    spent: Duration,
    call: impl Future<Output = Result<T>>,
) -> Result<T> {
    let result = tokio::time::timeout(timeout.saturating_sub(spent), call).await;
    result.unwrap_or_else(|_| Err(timed_out(timeout).with_statement(text)))
}

/// The error of a call that took longer than it may.
pub(crate) fn timed_out(timeout: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("the call did not finish within {timeout:?}"))
}

/// Tells about a call that minds its time-out itself.
pub(crate) async fn told<T>(
    dialect: Dialect,
    text: &str,
    slow: &SlowLog,
    call: impl Future<Output = Result<T>>,
) -> Result<T> {
    let span = tracing::debug_span!(
        "query",
        otel.kind = "client",
        db.system.name = dialect.system_name(),
        db.query.text = text,
        db.operation.name = operation(text),
        error.r#type = Empty,
    );
    let started = Instant::now();
    let result = call.instrument(span.clone()).await;
    let elapsed = started.elapsed();
    if let Err(error) = &result {
        span.record("error.type", tracing::field::debug(error.kind()));
        tracing::debug!(parent: &span, %error, "a statement failed");
    }
    if slow.note(text, elapsed) {
        tracing::warn!(
            parent: &span,
            db.query.text = text,
            elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            "a slow statement"
        );
    }
    result
}

/// The first word of the statement.
fn operation(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}
