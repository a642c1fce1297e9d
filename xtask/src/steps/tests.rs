//! Unit, integration and compile-fail tests, run once and under coverage where that can be had.

use super::runner::Runner;
use crate::coverage::{AIM, Instrumentation, LEAST};
use crate::process;
use crate::report::Outcome;
use crate::tools::{self, debian};
use crate::workspace::{BUILD_LIMIT, Workspace};
use serde_json::Value;
use std::path::PathBuf;

const WHOLE: &[&str] = &["--workspace", "--all-features"];

pub(super) fn run(workspace: &mut Workspace) -> Result<Outcome, String> {
    let surroundings = debian::bring_up();
    let mut lacking = surroundings.lacking;
    let mut instrumentation = match Instrumentation::prepare(workspace) {
        Ok(instrumentation) => Some(instrumentation),
        Err(why) => {
            lacking.push(format!("coverage is not measured ({why})"));
            None
        }
    };
    if let Some(instrumentation) = &mut instrumentation {
        instrumentation.objects = build(workspace, instrumentation)?;
    }

    let runner = Runner::find(workspace);
    let mut command = runner.command(workspace, WHOLE);
    if let Some(instrumentation) = &instrumentation {
        instrumentation.apply(&mut command);
    }
    command.envs(surroundings.variables);
    if workspace.full {
        // Property tests and others that can go on for long look at this.
        command.env("COVET_TEST_FULL", "1");
        tools::rust::test(workspace, "coverage")?;
    }
    let mut result = process::run(&mut command, BUILD_LIMIT);
    if workspace.full {
        for other in others(workspace) {
            match other.program {
                Ok(program) if result.is_ok() => {
                    println!("--- {}", other.what);
                    let arguments = [ON_SERVERS, other.tests].concat();
                    let mut command = runner.command(workspace, &arguments);
                    if let Some(instrumentation) = &instrumentation {
                        instrumentation.apply(&mut command);
                    }
                    command.env(other.variable, program);
                    result = process::run(&mut command, BUILD_LIMIT);
                }
                Ok(_) => {}
                Err(why) => lacking.push(format!("not tested: {} ({why})", other.what)),
            }
        }
    }
    workspace.instrumentation = instrumentation;
    result?;

    lacking.extend(runner.lacking());
    Ok(Outcome::Passed { note: String::new(), lacking })
}

/// What has tests on database servers.
const ON_SERVERS: &[&str] =
    &["--package", "covet-testsuite", "--package", "bookshop", "--package", "covet-cli", "--all-features"];

/// A server with which tests are run once more.
struct Other {
    what: &'static str,
    /// Which tests.
    tests: &'static [&'static str],
    /// The variable that tells the tests where it is.
    variable: &'static str,
    program: Result<PathBuf, String>,
}

/// Newer servers than the system's.
fn others(workspace: &Workspace) -> Vec<Other> {
    vec![
        Other {
            what: "the database layer on PostgreSQL 18",
            tests: &[],
            variable: "COVET_TEST_POSTGRES",
            program: tools::postgres::eighteen(workspace),
        },
        Other {
            what: "Debian unstable's MySQL",
            tests: &["mysql"],
            variable: "COVET_TEST_MYSQL",
            program: tools::sid::MYSQL.fetch(workspace),
        },
        Other {
            what: "PostgreSQL behind Debian unstable's PgBouncer",
            tests: &["pooler"],
            variable: "COVET_TEST_PGBOUNCER",
            program: tools::sid::PGBOUNCER.fetch(workspace),
        },
    ]
}

/// Builds all that is tested; the answer is every program and library that can be instrumented.
fn build(workspace: &Workspace, instrumentation: &Instrumentation) -> Result<Vec<PathBuf>, String> {
    let mut command = workspace.cargo(&["test", "--no-run"]);
    command.args(WHOLE).arg("--message-format=json-render-diagnostics");
    instrumentation.apply(&mut command);
    let messages = process::output(&mut command, BUILD_LIMIT)?;
    let messages = String::from_utf8_lossy(&messages);
    Ok(messages.lines().filter_map(|line| serde_json::from_str(line).ok()).flat_map(objects).collect())
}

/// The program that a compiler message tells of, or the library with a procedural macro.
fn objects(message: Value) -> Vec<PathBuf> {
    let path = |value: &Value| value.as_str().map(PathBuf::from);
    if let Some(program) = path(&message["executable"]) {
        return vec![program];
    }
    let kinds = message["target"]["kind"].as_array().map(Vec::as_slice).unwrap_or_default();
    let local = message["package_id"].as_str().is_some_and(|id| id.starts_with("path+"));
    if !local || !kinds.iter().any(|kind| kind == "proc-macro") {
        return Vec::new();
    }
    let files = message["filenames"].as_array().map(Vec::as_slice).unwrap_or_default();
    files.iter().filter_map(path).collect()
}

/// What the tests' run has left behind, as a share of lines.
pub(super) fn coverage(workspace: &Workspace) -> Result<Outcome, String> {
    let Some(instrumentation) = &workspace.instrumentation else {
        return Ok(Outcome::Skipped("the tests did not run under coverage".into()));
    };
    let lines = instrumentation.measure(workspace)?;
    print!("{}", lines.table());
    println!("most lines that no test runs:");
    for (file, missed) in lines.weakest(8) {
        println!("{missed:6}  {}", file.display());
    }
    let share = lines.percentage();
    let note = format!("{share:.1} % of lines (at least {LEAST:.0} %, aim {AIM:.0} %)");
    if share < LEAST { Err(note) } else { Ok(Outcome::noted(note)) }
}

#[cfg(test)]
mod messages {
    use super::*;

    fn check(message: &str, expected: &[&str]) {
        let paths = objects(serde_json::from_str(message).unwrap());
        assert_eq!(paths, expected.iter().map(PathBuf::from).collect::<Vec<_>>());
    }

    #[test]
    fn programs_and_our_macros_are_objects() {
        check(r#"{"executable":"/t/debug/deps/it-1"}"#, &["/t/debug/deps/it-1"]);
        check(
            r#"{"executable":null,"package_id":"path+file:///w/crates/covet-macros#0.1.0",
                "target":{"kind":["proc-macro"]},"filenames":["/t/libcovet_macros-1.so"]}"#,
            &["/t/libcovet_macros-1.so"],
        );
    }

    #[test]
    fn libraries_and_foreign_macros_are_not() {
        check(
            r#"{"executable":null,"package_id":"path+file:///w/crates/covet#0.1.0",
                "target":{"kind":["lib"]},"filenames":["/t/libcovet-1.rlib"]}"#,
            &[],
        );
        check(
            r#"{"executable":null,"package_id":"registry+x#serde_derive@1.0.0",
                "target":{"kind":["proc-macro"]},"filenames":["/t/libserde_derive-1.so"]}"#,
            &[],
        );
        check(r#"{"reason":"build-finished","success":true}"#, &[]);
    }
}
