//! Many small cases in one file for each area: a line with the context of all of them, and then a line of JSON each.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::fixture::Fixture;

/// All cases, as fixtures whose paths say where they stand, each with what is expected of it: an output, or an error.
pub(crate) fn all() -> Vec<(Fixture, Option<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<_> =
        std::fs::read_dir(root).expect("the folder of cases").flatten().map(|file| file.path()).collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a file of cases");
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
        let context = lines.next().expect("a context");
        for (index, case) in lines.enumerate() {
            let templates = match &case["template"] {
                Value::String(text) => BTreeMap::from([("main".to_owned(), text.clone())]),
                several => serde_json::from_value(several.clone()).expect("templates by their names"),
            };
            let options = case.get("options").cloned().unwrap_or(json!({}));
            let place = path.with_extension(format!("{}", index + 2));
            let expected = case["output"].as_str().map(str::to_owned);
            cases.push((Fixture { path: place, context: context.clone(), options, templates }, expected));
        }
    }
    cases
}

#[test]
fn cases_render_to_what_stands_beside_them() {
    let cases = all();
    assert!(cases.len() > 3000, "only {} cases were found", cases.len());
    let mut failures = Vec::new();
    for (case, expected) in &cases {
        let outcome = case.outcome();
        if outcome.as_ref().ok() != expected.as_ref() {
            let templates = &case.templates;
            failures.push(format!(
                "{} {templates:?}\n  expected {expected:?}\n  found    {outcome:?}",
                case.path.display()
            ));
        }
    }
    assert!(failures.is_empty(), "{} of {} differ:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
