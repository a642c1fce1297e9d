//! Every fixture against Jinja2 itself, where `python3` (or `COVET_PYTHON`) has it.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::fixture::{self, Fixture};

/// Asks Jinja2 for the outcomes of all fixtures; nothing if there is no Jinja2.
fn oracle(fixtures: &[Fixture]) -> Option<Vec<Value>> {
    let python = std::env::var("COVET_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle.py");
    let is_there = Command::new(&python).args(["-c", "import jinja2"]).stderr(Stdio::null()).status();
    if !is_there.is_ok_and(|status| status.success()) {
        return None;
    }
    let mut child = Command::new(&python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starting python");
    let cases: Vec<Value> = fixtures
        .iter()
        .map(|fixture| {
            let options = if fixture.options.is_null() { json!({}) } else { fixture.options.clone() };
            let context = if fixture.context.is_null() { json!({}) } else { fixture.context.clone() };
            json!({ "templates": fixture.templates, "context": context, "options": options })
        })
        .collect();
    let input = serde_json::to_vec(&cases).expect("cases as JSON");
    child.stdin.take().expect("a pipe").write_all(&input).expect("writing to python");
    let output = child.wait_with_output().expect("python's answer");
    Some(serde_json::from_slice(&output.stdout).expect("outcomes as JSON"))
}

#[test]
fn fixtures_give_what_jinja2_gives() {
    let fixtures: Vec<Fixture> =
        fixture::all().into_iter().filter(|fixture| fixture.options["differs"].is_null()).collect();
    let fixtures: Vec<Fixture> =
        fixtures.into_iter().chain(crate::cases::all().into_iter().map(|(case, _)| case)).collect();
    let Some(outcomes) = oracle(&fixtures) else {
        eprintln!("SKIPPED: python3 has no jinja2, so nothing was compared with it; set COVET_PYTHON to one that has");
        return;
    };
    let mut failures = Vec::new();
    for (fixture, theirs) in fixtures.iter().zip(outcomes) {
        let ours = fixture.outcome();
        let agrees = match (&ours, theirs["output"].as_str()) {
            (Ok(ours), Some(theirs)) => ours == theirs,
            (Err(_), None) => true,
            _ => false,
        };
        if !agrees {
            failures.push(format!("{}\n  Jinja2 {theirs}\n  Covet  {ours:?}", fixture.path.display()));
        }
    }
    assert!(failures.is_empty(), "{} of {} differ:\n{}", failures.len(), fixtures.len(), failures.join("\n"));
}
