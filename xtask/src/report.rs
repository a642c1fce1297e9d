//! What each step came to: one line when it starts, one when it ends, all of them at the end.

use std::time::{Duration, Instant};

/// How a step ended that did not fail.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It did its work; the note, where there is one, says what it found.
    Passed {
        note: String,
        /// What it left out because the machine lacks something, each with the way to get it.
        /// This is no failure, but it is said loudly.
        lacking: Vec<String>,
    },
    /// It could not do its work at all, because the machine lacks something.
    Skipped(String),
}

impl Outcome {
    /// A pass with nothing to add.
    pub(crate) fn passed() -> Self {
        Self::noted("")
    }

    /// A pass that tells what was found.
    pub(crate) fn noted(note: impl Into<String>) -> Self {
        Self::Passed { note: note.into(), lacking: Vec::new() }
    }
}

#[derive(Debug)]
struct Line {
    name: &'static str,
    took: Duration,
    result: Result<Outcome, String>,
}

impl Line {
    fn text(&self) -> String {
        let (mark, note) = match &self.result {
            Ok(Outcome::Passed { note, .. }) => ("ok     ", note),
            Ok(Outcome::Skipped(why)) => ("SKIPPED", why),
            Err(why) => ("FAILED ", why),
        };
        let line = format!("{mark} {:<9} {:>7.1} s  {note}", self.name, self.took.as_secs_f64());
        line.trim_end().to_owned()
    }

    fn lacking(&self) -> &[String] {
        match &self.result {
            Ok(Outcome::Passed { lacking, .. }) => lacking,
            Ok(Outcome::Skipped(why)) => std::slice::from_ref(why),
            Err(_) => &[],
        }
    }
}

/// The lines of all steps so far.
#[derive(Debug)]
pub(crate) struct Report {
    started: Instant,
    lines: Vec<Line>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), lines: Vec::new() }
    }

    /// Carries out a step and notes what it came to.
    pub(crate) fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<Outcome, String>) {
        println!("\n==> {name}");
        let started = Instant::now();
        let result = work();
        let line = Line { name, took: started.elapsed(), result };
        println!("{}", line.text());
        self.lines.push(line);
    }

    /// Prints the summary; the answer is whether no step failed.
    pub(crate) fn finish(self) -> bool {
        println!("\nSummary after {:.0} s:", self.started.elapsed().as_secs_f64());
        for line in &self.lines {
            println!("  {}", line.text().replace('\n', "\n    "));
        }
        let lacking: Vec<&String> = self.lines.iter().flat_map(Line::lacking).collect();
        if !lacking.is_empty() {
            println!("\nNOT DONE, because this machine lacks something:");
            lacking.iter().for_each(|what| println!("  - {what}"));
        }
        let (passed, failed, skipped) = self.counts();
        println!();
        // Alone on its line, because programs that run this one look for it.
        if skipped == 0 {
            println!("{passed} passed, {failed} failed");
        } else {
            println!("{passed} passed, {failed} failed, {skipped} skipped");
        }
        failed == 0 && passed > 0
    }

    fn counts(&self) -> (usize, usize, usize) {
        self.lines.iter().fold((0, 0, 0), |(passed, failed, skipped), line| match &line.result {
            Ok(Outcome::Passed { .. }) => (passed + 1, failed, skipped),
            Ok(Outcome::Skipped(_)) => (passed, failed, skipped + 1),
            Err(_) => (passed, failed + 1, skipped),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_step_is_no_failure_but_a_failed_step_is() {
        let mut report = Report::new();
        report.step("one", || Ok(Outcome::passed()));
        report.step("two", || Ok(Outcome::Skipped("a tool".into())));
        assert_eq!(report.counts(), (1, 0, 1));
        report.step("three", || Err("broken".into()));
        assert_eq!(report.counts(), (1, 1, 1));
        assert!(!report.finish());
    }

    #[test]
    fn nothing_done_is_no_success() {
        assert!(!Report::new().finish());
    }
}
