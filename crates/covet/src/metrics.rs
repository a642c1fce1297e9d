//! What the server has done, as Prometheus text.
//!
//! The names are OpenTelemetry's (`http.server.request.duration`), in Prometheus' spelling. Counting costs a lock that is
//! only read and three additions; the text is made when it is asked for.

#[cfg(feature = "_db")]
pub(crate) mod database;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::{Method, StatusCode};

/// The upper bounds of the buckets in seconds, as OpenTelemetry advises for this metric.
const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Counts of answered requests by method, route and status.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    series: RwLock<BTreeMap<Labels, Arc<Histogram>>>,
}

/// What tells one series from another. Paths that no route has share an empty route, and methods that HTTP does not
/// define share one name, so that a client cannot make series without end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Labels {
    route: Arc<str>,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Metrics {
    /// Counts a request.
    pub(crate) fn count(&self, method: &Method, route: Option<Arc<str>>, status: StatusCode, took: Duration) {
        let labels = Labels { route: route.unwrap_or_default(), method: name(method), status: status.as_u16() };
        let known = self.series.read().unwrap_or_else(PoisonError::into_inner).get(&labels).cloned();
        let series = known.unwrap_or_else(|| {
            self.series.write().unwrap_or_else(PoisonError::into_inner).entry(labels).or_default().clone()
        });
        series.record(took);
    }

    /// The text exposition format, version 0.0.4.
    pub(crate) fn text(&self) -> String {
        const NAME: &str = "http_server_request_duration_seconds";
        let mut text = format!("# HELP {NAME} Duration of HTTP server requests.\n# TYPE {NAME} histogram\n");
        for (labels, series) in &*self.series.read().unwrap_or_else(PoisonError::into_inner) {
            series.write(NAME, &labels.text(), &mut text);
        }
        text
    }
}

impl Histogram {
    fn record(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        if let Some(bucket) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
        self.nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn write(&self, name: &str, labels: &str, text: &mut String) {
        let count = self.count.load(Ordering::Relaxed);
        let sum = Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)).as_secs_f64();
        let mut below = 0;
        for (bound, bucket) in BOUNDS.iter().zip(&self.buckets) {
            below += bucket.load(Ordering::Relaxed);
            line(text, format_args!("{name}_bucket{{{labels},le=\"{bound}\"}} {below}"));
        }
        line(text, format_args!("{name}_bucket{{{labels},le=\"+Inf\"}} {count}"));
        line(text, format_args!("{name}_sum{{{labels}}} {sum}"));
        line(text, format_args!("{name}_count{{{labels}}} {count}"));
    }
}

impl Labels {
    fn text(&self) -> String {
        let Labels { route, method, status } = self;
        let route = route.replace('\\', "\\\\").replace('"', "\\\"");
        format!("http_request_method=\"{method}\",http_route=\"{route}\",http_response_status_code=\"{status}\"")
    }
}

/// Adds a line; writing to a text cannot fail.
fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(line);
    text.push('\n');
}

fn name(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_in_their_buckets() {
        let metrics = Metrics::default();
        let route: Arc<str> = "/books/{id}".into();
        for milliseconds in [1, 20, 20_000] {
            metrics.count(&Method::GET, Some(route.clone()), StatusCode::OK, Duration::from_millis(milliseconds));
        }
        metrics.count(&Method::from_bytes(b"BREW").unwrap(), None, StatusCode::NOT_FOUND, Duration::ZERO);
        let text = metrics.text();
        let labels = "http_request_method=\"GET\",http_route=\"/books/{id}\",http_response_status_code=\"200\"";
        for expected in [
            format!("duration_seconds_bucket{{{labels},le=\"0.005\"}} 1\n"),
            format!("duration_seconds_bucket{{{labels},le=\"0.025\"}} 2\n"),
            format!("duration_seconds_bucket{{{labels},le=\"10\"}} 2\n"),
            format!("duration_seconds_bucket{{{labels},le=\"+Inf\"}} 3\n"),
            format!("duration_seconds_sum{{{labels}}} 20.021\n"),
            format!("duration_seconds_count{{{labels}}} 3\n"),
            "http_request_method=\"_OTHER\",http_route=\"\",http_response_status_code=\"404\"".to_owned(),
        ] {
            assert!(text.contains(&expected), "{expected}\n{text}");
        }
    }
}
