//! The compiler's messages about wrong statements and rows are part of the interface.

#[test]
fn wrong_statements_and_rows_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
