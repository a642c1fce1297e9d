//! What the database's pool has done, in OpenTelemetry's names (`db.client.connection.*`) and Prometheus' spelling.

use std::fmt::{Display, Write};

use covet_db::{Histogram, PoolStats};

/// Adds the pool's numbers to the text.
pub(crate) fn write(stats: &PoolStats, text: &mut String) {
    const COUNT: &str = "db_client_connection_count";
    head(text, COUNT, "gauge", "Connections of the pool, by what they do.");
    for (state, count) in [("idle", stats.idle), ("used", stats.in_use), ("opening", stats.opening)] {
        line(text, format_args!("{COUNT}{{db_client_connection_state=\"{state}\"}} {count}"));
    }
    one(text, "db_client_connection_max", "gauge", "Connections that the pool may have.", stats.size);
    one(text, "db_client_connection_pending_requests", "gauge", "Callers that wait for a connection.", stats.waiting);
    one(text, "db_client_connection_timeouts_total", "counter", "Callers that gave up waiting.", stats.timeouts);
    one(text, "db_client_connection_opened_total", "counter", "Connections that were opened.", stats.opened);
    const CLOSED: &str = "db_client_connection_closed_total";
    head(text, CLOSED, "counter", "Connections that were closed, by reason.");
    let by = &stats.closed_by;
    for (reason, count) in [
        ("shutdown", by.shutdown),
        ("idle", by.idle),
        ("expired", by.expired),
        ("failover", by.failover),
        ("broken", by.broken),
        ("unproved", by.unproved),
    ] {
        line(text, format_args!("{CLOSED}{{reason=\"{reason}\"}} {count}"));
    }
    one(text, "db_client_cancelled_total", "counter", "Calls that were stopped on the database.", stats.cancelled);
    one(
        text,
        "db_client_transaction_retried_total",
        "counter",
        "Runs of transactions that were repeated.",
        stats.retried,
    );
    const STATEMENTS: &str = "db_client_statement_lookups_total";
    head(text, STATEMENTS, "counter", "Calls, by whether their connection had the statement prepared already.");
    for (result, count) in [("found", stats.statements.found), ("prepared", stats.statements.prepared)] {
        line(text, format_args!("{STATEMENTS}{{result=\"{result}\"}} {count}"));
    }
    histogram(text, "db_client_connection_wait_time_seconds", "How long callers waited for a connection.", &stats.wait);
    histogram(text, "db_client_connection_use_time_seconds", "How long connections were held.", &stats.hold);
    let lanes = &stats.lanes;
    if lanes.size > 0 {
        one(text, "db_client_lane_count", "gauge", "Shared connections for short statements.", lanes.open);
        one(text, "db_client_lane_in_flight", "gauge", "Calls on them that wait for an answer.", lanes.in_flight);
        one(text, "db_client_lane_calls_total", "counter", "Calls that they answered.", lanes.calls);
        one(text, "db_client_lane_again_total", "counter", "Calls that left them for a connection.", lanes.again);
    }
}

fn one(text: &mut String, name: &str, kind: &str, help: &str, value: impl Display) {
    head(text, name, kind, help);
    line(text, format_args!("{name} {value}"));
}

fn histogram(text: &mut String, name: &str, help: &str, histogram: &Histogram) {
    head(text, name, "histogram", help);
    let mut below = 0;
    for (bound, count) in histogram.buckets() {
        below += count;
        match bound {
            Some(bound) => line(text, format_args!("{name}_bucket{{le=\"{}\"}} {below}", bound.as_secs_f64())),
            None => line(text, format_args!("{name}_bucket{{le=\"+Inf\"}} {below}")),
        }
    }
    line(text, format_args!("{name}_sum {}", histogram.total().as_secs_f64()));
    line(text, format_args!("{name}_count {below}"));
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    line(text, format_args!("# HELP {name} {help}"));
    line(text, format_args!("# TYPE {name} {kind}"));
}

/// Adds a line; writing to a text cannot fail.
fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(line);
    text.push('\n');
}
