//! What came of it, as Markdown.

use super::build::Built;
use super::contender::{Bound, Contender, ENDPOINTS, Endpoint};
use super::load::{CONNECTIONS, Measured};
use super::machine;
use super::server::Ended;
use crate::workspace::Workspace;
use std::fmt::Write;

/// All that was measured.
pub(crate) struct Results {
    rows: Vec<Row>,
    machine: String,
    versions: Vec<String>,
}

struct Row {
    contender: &'static Contender,
    built: Built,
    ended: Ended,
    medians: Vec<(&'static str, Measured)>,
}

type Contest = (&'static Contender, Built, Ended, Vec<(&'static Endpoint, Vec<Measured>)>);

impl Results {
    pub(super) fn new(workspace: &Workspace, ended: Vec<Contest>, postgres: &str) -> Self {
        let median = |(endpoint, rounds): (&Endpoint, Vec<Measured>)| (endpoint.path, median(&rounds));
        let rows = ended.into_iter().map(|(contender, built, ended, measured)| Row {
            contender,
            built,
            ended,
            medians: measured.into_iter().map(|(endpoint, rounds)| median((endpoint, rounds))).collect(),
        });
        let version = |program: &str| {
            let mut command = std::process::Command::new(program);
            let text =
                crate::process::output(command.arg("--version"), crate::workspace::SHORT_LIMIT).unwrap_or_default();
            String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned()
        };
        let ours = workspace.package("covet-rs").map(|package| package.version.clone()).unwrap_or_default();
        let versions = vec![format!("Covet {ours}"), version("rustc"), format!("PostgreSQL {postgres}")];
        Self { rows: rows.collect(), machine: machine::describe(), versions }
    }

    /// The median of a contender at an endpoint.
    pub(super) fn find(&self, name: &str, path: &str) -> Option<&Measured> {
        let row = self.rows.iter().find(|row| row.contender.name == name)?;
        row.medians.iter().find(|(measured, _)| *measured == path).map(|(_, median)| median)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().map(|row| row.contender.name)
    }

    /// Whether every target that was measured is met.
    pub(super) fn hold(&self) -> bool {
        self.targets().iter().all(|target| target.holds)
    }

    fn targets(&self) -> Vec<Held> {
        let mut held = Vec::new();
        for endpoint in ENDPOINTS {
            for target in endpoint.targets {
                let (Some(ours), Some(theirs)) =
                    (self.find("covet", endpoint.path), self.find(target.than, endpoint.path))
                else {
                    continue;
                };
                let (what, ratio, wanted, holds) = match target.bound {
                    Bound::Cpu(most) => {
                        ("CPU", ours.cpu / theirs.cpu, format!("≤ {most} ×"), ours.cpu <= most * theirs.cpu)
                    }
                    Bound::Rate(least) => (
                        "requests/s",
                        ours.rate / theirs.rate,
                        format!("≥ {least} ×"),
                        ours.rate >= least * theirs.rate,
                    ),
                };
                held.push(Held { path: endpoint.path, than: target.than, what, wanted, ratio, holds });
            }
        }
        held
    }

    pub(super) fn markdown(&self) -> String {
        // Writing to a String cannot fail, here and below.
        let mut text = String::from("# The bench's results\n\n");
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let command = format!("cargo xtask {}", arguments.join(" "));
        let _ = writeln!(text, "By `{command}` on: {}. {}.\n", self.machine, self.versions.join(", "));
        let _ = writeln!(
            text,
            "Load: `wrk` with {CONNECTIONS} connections beside the server, five interleaved rounds after one that warms up, medians. Processor time is the server's own, \
             from its operating system; requests per second depend on what else the machine does. Every server has the \
             same release profile and the system's allocator, and logs at `warn`. Covet's duties are on: request id, span, \
             limits, time-outs.\n"
        );
        self.endpoints(&mut text);
        self.wanted(&mut text);
        self.programs(&mut text);
        text
    }

    fn endpoints(&self, text: &mut String) {
        for endpoint in ENDPOINTS {
            if self.rows.iter().all(|row| self.find(row.contender.name, endpoint.path).is_none()) {
                continue;
            }
            let ours = self.find("covet", endpoint.path);
            let _ = writeln!(text, "## `{}`\n", endpoint.path);
            if ours.is_none() {
                text.push_str("Covet does not have it yet.\n\n");
            }
            text.push_str("| | requests/s | of ours | CPU µs | of ours | p50 ms | p99 ms |\n|---|---:|---:|---:|---:|---:|---:|\n");
            for name in self.names() {
                let Some(measured) = self.find(name, endpoint.path) else {
                    continue;
                };
                let rate = ours.map_or_else(String::new, |ours| format!("{:.2} ×", measured.rate / ours.rate));
                let cpu = ours.map_or_else(String::new, |ours| format!("{:.2} ×", measured.cpu / ours.cpu));
                let _ = writeln!(
                    text,
                    "| {name} | {:.0} | {rate} | {:.1} | {cpu} | {:.2} | {:.2} |",
                    measured.rate, measured.cpu, measured.p50, measured.p99
                );
            }
            text.push('\n');
        }
    }

    fn wanted(&self, text: &mut String) {
        text.push_str("## What is wanted\n\n| | ours to | wanted | measured | met |\n|---|---|---:|---:|---|\n");
        for Held { path, than, what, wanted, ratio, holds } in self.targets() {
            let met = if holds { "yes" } else { "**no**" };
            let _ = writeln!(text, "| `{path}` {what} | {than} | {wanted} | {ratio:.2} × | {met} |");
        }
        text.push('\n');
    }

    fn programs(&self, text: &mut String) {
        text.push_str(
            "## The programs\n\nClean build: processor time of the first release build, all crates. Memory: the most that the \
             server had, all endpoints measured.\n\n\
             | | made of | clean build | crates | size | start | memory |\n|---|---|---:|---:|---:|---:|---:|\n",
        );
        for Row { contender, built, ended, .. } in &self.rows {
            let seconds = built.seconds.map_or_else(String::new, |seconds| format!("{seconds:.0} s"));
            let crates = built.crates.map_or_else(String::new, |crates| crates.to_string());
            let size = built.size.map_or_else(String::new, |size| format!("{:.1} MB", size as f64 / 1e6));
            let made_of = match built.versions.is_empty() {
                true => contender.about.to_owned(),
                false => format!("{} ({})", contender.about, built.versions.join(", ")),
            };
            let _ = writeln!(
                text,
                "| {} | {made_of} | {seconds} | {crates} | {size} | {:.0} ms | {:.1} MB |",
                contender.name,
                ended.startup.as_secs_f64() * 1e3,
                ended.memory as f64 / 1e6
            );
        }
    }
}

/// A target and what was measured.
struct Held {
    path: &'static str,
    than: &'static str,
    what: &'static str,
    wanted: String,
    ratio: f64,
    holds: bool,
}

fn median(rounds: &[Measured]) -> Measured {
    let of = |value: fn(&Measured) -> f64| {
        let mut values: Vec<_> = rounds.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Measured {
        requests: of(|round| round.requests),
        rate: of(|round| round.rate),
        cpu: of(|round| round.cpu),
        p50: of(|round| round.p50),
        p99: of(|round| round.p99),
    }
}
