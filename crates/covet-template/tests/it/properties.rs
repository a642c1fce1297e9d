//! No text and no data makes the engine panic, and what is plain comes out as it went in.

use covet_template::{Engine, Format, Undefined};
use proptest::prelude::*;

/// Pieces that templates are made of, so that random ones get past the lexer.
fn piece() -> impl Strategy<Value = String> {
    let known = [
        "{{ ",
        " }}",
        "{% ",
        " %}",
        "{# ",
        " #}",
        "{%- ",
        " -%}",
        "if ",
        "for x in y ",
        "endif",
        "endfor",
        "else",
        "set a = ",
        "block b",
        "endblock",
        "macro m(a, b=1)",
        "endmacro",
        "raw",
        "endraw",
        "x",
        "1",
        "2.5",
        "'t'",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ",",
        ":",
        "|upper",
        "|join(",
        ".a",
        " is odd",
        " not ",
        " and ",
        " in ",
        "+",
        "-",
        "*",
        "**",
        "//",
        "%",
        "~",
        "==",
        "<",
        "<a href=\"",
        "\">",
        "<script>",
        "</script>",
        "\n",
        " ",
        "é",
        "loop.index",
        "x[1:2]",
        "extends 'm'",
        "include 'm'",
        "call m()",
        "endcall",
        "filter upper",
        "endfilter",
        "'%s' % x",
        "range(9)",
        "super()",
    ];
    prop_oneof![
        9 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

fn engine(format: Format, undefined: Undefined) -> Engine {
    let mut engine = Engine::new();
    engine.set_format(Some(format));
    engine.set_undefined(undefined);
    engine.budget_mut().operations = 100_000;
    engine
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_template_panics(pieces in proptest::collection::vec(piece(), 0..40), html in any::<bool>(), strict in any::<bool>()) {
        let format = if html { Format::Html } else { Format::Text };
        let undefined = if strict { Undefined::Strict } else { Undefined::Lenient };
        let engine = engine(format, undefined);
        let context = serde_json::json!({ "x": [1, "two", null, 2.5], "y": [[1], {"a": 2}, "é"], "a": {"b": [true]} });
        if let Err(error) = engine.render_text(&pieces.concat(), &context) {
            let _ = format!("{error:#}");
        }
    }

    #[test]
    fn no_expression_panics(pieces in proptest::collection::vec(piece(), 0..12)) {
        let context = serde_json::json!({ "x": 7, "y": "text", "a": [1, 2] });
        let _ = covet_template::eval(&pieces.concat(), &context);
        let _ = engine(Format::Text, Undefined::Lenient).render_text(&format!("{{{{ {} }}}}", pieces.concat()), &context);
    }

    #[test]
    fn a_value_survives_being_written(value in any::<String>()) {
        let engine = engine(Format::Text, Undefined::Strict);
        prop_assert_eq!(engine.render_text("{{ v }}", &serde_json::json!({ "v": value.clone() })).ok(), Some(value));
    }

    #[test]
    fn escaped_text_holds_no_markup(value in any::<String>()) {
        let engine = engine(Format::Html, Undefined::Strict);
        let html = engine.render_text("{{ v }}", &serde_json::json!({ "v": value.clone() })).expect("a rendered value");
        prop_assert!(!html.contains(['<', '>', '"', '\'']));
        prop_assert_eq!(
            html.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", "\"").replace("&#39;", "'").replace("&amp;", "&"),
            value
        );
    }
}
