//! Measuring, and what comes of it.

use std::fmt::Write;
use std::time::{Duration, Instant};

/// The rounds of one contender at one job.
pub struct Figure {
    job: &'static str,
    who: &'static str,
    unit: &'static str,
    rounds: Vec<f64>,
}

impl Figure {
    pub fn new(job: &'static str, who: &'static str, unit: &'static str) -> Self {
        Self { job, who, unit, rounds: Vec::new() }
    }

    pub fn add(&mut self, value: f64) {
        self.rounds.push(value);
    }

    fn median(&self) -> f64 {
        let mut rounds = self.rounds.clone();
        rounds.sort_by(f64::total_cmp);
        rounds.get(rounds.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// What must hold between two figures of a job.
pub struct Gate {
    job: &'static str,
    ours: &'static str,
    theirs: &'static str,
    ratio: f64,
    at_least: bool,
}

impl Gate {
    pub fn at_least(job: &'static str, ours: &'static str, theirs: &'static str, ratio: f64) -> Self {
        Self { job, ours, theirs, ratio, at_least: true }
    }

    pub fn at_most(job: &'static str, ours: &'static str, theirs: &'static str, ratio: f64) -> Self {
        Self { job, ours, theirs, ratio, at_least: false }
    }
}

/// Both tables of what was measured as Markdown, and whether every gate of that holds.
pub fn table(figures: &[Figure], gates: &[Gate]) -> (String, bool) {
    let figures: Vec<&Figure> = figures.iter().filter(|figure| !figure.rounds.is_empty()).collect();
    let mut text = String::from("| job | who | median | unit |\n|---|---|---:|---|\n");
    for figure in &figures {
        let _ = writeln!(text, "| {} | {} | {:.1} | {} |", figure.job, figure.who, figure.median(), figure.unit);
    }
    text.push_str("\n| gate | wanted | measured | holds |\n|---|---:|---:|---|\n");
    let find = |job, who| figures.iter().find(|figure| figure.job == job && figure.who == who);
    let mut all = true;
    for gate in gates {
        let (Some(ours), Some(theirs)) = (find(gate.job, gate.ours), find(gate.job, gate.theirs)) else {
            continue;
        };
        let ratio = ours.median() / theirs.median();
        let holds = if gate.at_least { ratio >= gate.ratio } else { ratio <= gate.ratio };
        all &= holds;
        let sign = if gate.at_least { "≥" } else { "≤" };
        let answer = if holds { "yes" } else { "**no**" };
        let _ = writeln!(
            text,
            "| {}: {} / {} | {sign} {} × | {ratio:.2} × | {answer} |",
            gate.job, gate.ours, gate.theirs, gate.ratio
        );
    }
    (text, all)
}

/// The processor time of this process.
pub fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program may have spaces in it; the fields behind it are counted from the third.
    let fields: Vec<u64> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
        .unwrap_or_default();
    let ticks = fields.get(11).zip(fields.get(12)).map_or(0, |(user, system)| user + system);
    Duration::from_millis(ticks * 10)
}

/// How many a second.
pub fn rate(count: usize, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}
