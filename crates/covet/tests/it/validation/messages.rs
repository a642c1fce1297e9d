//! What the compiler says about a wrong model; the message is the interface.

#[test]
fn compiler_messages() {
    trybuild::TestCases::new().compile_fail("tests/ui/model/*.rs");
}
