//! The Bookshop's OpenAPI document, judged by two validators that are not ours.

use crate::process;
use crate::report::Outcome;
use crate::tools::{node, python};
use crate::workspace::{BUILD_LIMIT, SHORT_LIMIT, Workspace};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) fn run(workspace: &Workspace) -> Result<Outcome, String> {
    let document = document(workspace)?;
    let validators = [specification(workspace, &document), redocly(workspace, &document)];
    let (mut failed, mut lacking) = (Vec::new(), Vec::new());
    for validator in validators {
        // Both have their say, as each finds faults that the other does not look for.
        match validator.map(|mut command| process::run(&mut command, SHORT_LIMIT)) {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => failed.push(failure.to_string()),
            Err(why) => lacking.push(why),
        }
    }
    if !failed.is_empty() {
        return Err(failed.join("; "));
    }
    match lacking.len() {
        0 => Ok(Outcome::noted("two validators found no error")),
        1 => Ok(Outcome::Passed { note: "one validator found no error".into(), lacking }),
        _ => Ok(Outcome::Skipped(lacking.join("; "))),
    }
}

fn specification(workspace: &Workspace, document: &Path) -> Result<Command, String> {
    let programs = python::environment(workspace, "openapi").map_err(|why| format!("openapi-spec-validator: {why}"))?;
    let mut command = Command::new(programs.join("openapi-spec-validator"));
    command.args(["--validation-errors=all", "--schema=3.1"]).arg(document);
    Ok(command)
}

fn redocly(workspace: &Workspace, document: &Path) -> Result<Command, String> {
    let modules = node::modules(workspace).map_err(|why| format!("redocly: {why}"))?;
    let mut command = Command::new(modules.join(".bin/redocly"));
    command.current_dir(&workspace.target).arg("lint").arg(document);
    command.args(["--extends=spec", "--extends=recommended", "--format=stylish"]);
    command.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    Ok(command)
}

/// Has the Bookshop print its document, and writes it to a file.
fn document(workspace: &Workspace) -> Result<PathBuf, String> {
    process::run(&mut workspace.cargo(&["build", "--package", "bookshop"]), BUILD_LIMIT)?;
    let program = workspace.target.join("debug/bookshop").with_extension(std::env::consts::EXE_EXTENSION);
    let mut command = Command::new(program);
    command.current_dir(&workspace.target).env("COVET_INSPECT", "openapi");
    let text = process::output(&mut command, SHORT_LIMIT)?;
    check(&text)?;
    let file = workspace.target.join("bookshop.openapi.json");
    write(&file, &text)?;
    Ok(file)
}

fn write(file: &Path, text: &[u8]) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

/// That it is a document at all, said more clearly than a validator would.
fn check(text: &[u8]) -> Result<(), String> {
    let asked = "the bookshop, asked by COVET_INSPECT=openapi,";
    if text.is_empty() {
        return Err(format!("{asked} printed nothing"));
    }
    let document: Value = serde_json::from_slice(text).map_err(|error| format!("{asked} printed no JSON: {error}"))?;
    let paths = document["paths"].as_object().map_or(0, serde_json::Map::len);
    if paths == 0 {
        return Err(format!("{asked} printed a document without paths"));
    }
    Ok(())
}

#[cfg(test)]
mod documents {
    use super::check;

    #[test]
    fn what_is_no_document_is_told() {
        assert!(check(b"").unwrap_err().ends_with("printed nothing"));
        assert!(check(b"listening on").unwrap_err().contains("no JSON"));
        assert!(check(br#"{"openapi":"3.1.0"}"#).unwrap_err().contains("without paths"));
        check(br#"{"paths":{"/a":{}}}"#).unwrap();
    }
}
