//! `covet eval`.

use std::path::Path;

use super::{answer, covet};

fn eval(arguments: &[&str]) -> (i32, String, String) {
    let arguments: Vec<&str> = ["eval"].iter().chain(arguments).copied().collect();
    answer(covet(Path::new("."), &arguments, ""))
}

#[test]
fn a_value_is_printed_as_json() {
    let context = r#"{"price": 40, "count": 3, "name": "Emma \"E\"", "tags": ["a", null, true]}"#;
    let check = |expression: &str, expected: &str| {
        let (code, out, err) = eval(&[expression, "--context", context]);
        assert_eq!((code, out.as_str()), (0, format!("{expected}\n").as_str()), "{expression}: {err}");
    };
    check("price * count", "120");
    check("-1", "-1");
    check("price / 16", "2.5");
    check("price * count > 100 and not none", "true");
    check("name", r#""Emma \"E\"""#);
    check("tags", r#"["a", null, true]"#);
    check("{1: name, 'b': 2.0}", r#"{"1": "Emma \"E\"", "b": 2.0}"#);
    check("none", "null");
    check("len(tags)", "3");
}

#[test]
fn the_policy_decides_what_there_is() {
    let (code, out, err) = eval(&["'a'|upper"]);
    assert_eq!((code, out.as_str()), (8, ""));
    assert!(err.starts_with("error: unknown filter `upper`") && err.contains("<expression>:1:5"), "{err}");
    let (code, out, err) = eval(&["'a'|upper", "--policy", "trusted"]);
    assert_eq!((code, out.as_str()), (0, "\"A\"\n"), "{err}");
}

#[test]
fn exit_codes_tell_errors_apart() {
    let code = |arguments: &[&str]| eval(arguments).0;
    assert_eq!(code(&["1 +"]), 8);
    assert_eq!(code(&["1 / 0"]), 9);
    assert_eq!(code(&["missing"]), 9);
    assert_eq!(code(&["missing", "--undefined", "lenient"]), 0);
    assert_eq!(code(&["sum(range(100000)) + sum(range(100000))", "--context", "[1]"]), 2);
    assert_eq!(code(&["1", "--context", "{"]), 2);
    assert_eq!(code(&["1", "--context", "no-such-file.json"]), 1);
    assert_eq!(code(&["1", "--policy", "anybody"]), 2);
}

#[test]
fn a_bomb_ends_in_an_error() {
    let deep = "(".repeat(5_000) + "1" + &")".repeat(5_000);
    assert_eq!(eval(&[&deep]).0, 8);
    let (code, _, err) = eval(&["'x' * 999999999"]);
    assert_eq!(code, 10, "{err}");
}
