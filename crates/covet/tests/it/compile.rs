//! What does not compile, and the compiler's message, which is the interface.

#[test]
fn messages_name_what_is_wrong() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/route/*.rs");
    cases.compile_fail("tests/ui/problem/*.rs");
    cases.compile_fail("tests/ui/main/*.rs");
    cases.compile_fail("tests/ui/model/*.rs");
}
