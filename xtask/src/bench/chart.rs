//! The README's chart: processor time per request, as bars.

use super::contender::ENDPOINTS;
use super::table::Results;
use std::fmt::Write;

const WIDTH: f64 = 760.0;
const LABEL: f64 = 150.0;
const BAR: f64 = 14.0;
const LONGEST: f64 = WIDTH - LABEL - 90.0;

/// Bars for each endpoint that ours has, the longest of each as long as the chart is wide; readable on light and dark.
pub(super) fn svg(results: &Results) -> String {
    let mut body = String::new();
    let mut y = 34.0;
    for endpoint in ENDPOINTS {
        let bars: Vec<_> =
            results.names().filter_map(|name| Some((name, results.find(name, endpoint.path)?.cpu))).collect();
        if !bars.iter().any(|(name, _)| *name == "covet") {
            continue;
        }
        let longest = bars.iter().map(|(_, cpu)| *cpu).fold(0.0, f64::max);
        // Writing to a String cannot fail.
        let _ = writeln!(body, r#"<text class="path" x="0" y="{:.0}">{}</text>"#, y + 12.0, endpoint.path);
        y += 20.0;
        for (name, cpu) in bars {
            let class = if name == "covet" { "ours" } else { "theirs" };
            let length = (cpu / longest * LONGEST).max(1.0);
            let text = y + BAR - 3.0;
            let _ = writeln!(
                body,
                r#"<text x="{:.0}" y="{text:.0}" text-anchor="end">{name}</text><rect class="{class}" x="{LABEL:.0}" y="{y:.0}" width="{length:.0}" height="{:.0}"/><text x="{:.0}" y="{text:.0}">{cpu:.1} µs</text>"#,
                LABEL - 8.0,
                BAR - 3.0,
                LABEL + length + 6.0
            );
            y += BAR;
        }
        y += 12.0;
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0} {y:.0}" role="img" aria-labelledby="title">
<title id="title">Processor time of the server per request, in microseconds; shorter is better</title>
<style>text{{font:12px system-ui,sans-serif;fill:#6e7781}}.path{{font-weight:600}}.ours{{fill:#0969da}}.theirs{{fill:#afb8c1}}</style>
<text x="0" y="14">Processor time of the server per request, in microseconds; shorter is better. Each endpoint has a scale of its own.</text>
{body}</svg>
"#
    )
}
