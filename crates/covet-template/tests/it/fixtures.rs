//! Every fixture renders to the text beside it. With `BLESS=1` the texts are written anew.

use crate::fixture;

#[test]
fn fixtures_render_to_what_stands_beside_them() {
    let blesses = std::env::var_os("BLESS").is_some();
    let mut failures = Vec::new();
    for fixture in fixture::all() {
        let outcome = fixture.outcome().unwrap_or_else(|error| format!("error: {error}"));
        let expected_path = fixture.path.with_extension("out");
        if blesses {
            std::fs::write(&expected_path, &outcome).expect("writing a fixture's output");
            continue;
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if outcome != expected {
            failures.push(format!("{}\n  expected {expected:?}\n  found    {outcome:?}", fixture.path.display()));
        }
    }
    assert!(failures.is_empty(), "{} fixtures differ:\n{}", failures.len(), failures.join("\n"));
}
