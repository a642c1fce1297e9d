//! Generated templates give what minijinja gives, where both accept them and mean the same on purpose.

use covet_template::{Engine, Format, Undefined};
use proptest::prelude::*;
use serde_json::{Value, json};

fn number() -> BoxedStrategy<String> {
    prop_oneof![
        (0..50_i64).prop_map(|number| number.to_string()),
        Just("n".to_owned()),
        (number_leaf(), prop_oneof![Just("+"), Just("-"), Just("*")], number_leaf())
            .prop_map(|(left, sign, right)| format!("({left} {sign} {right})")),
        text().prop_map(|text| format!("({text})|length")),
        list().prop_map(|list| format!("({list})|length")),
    ]
    .boxed()
}

fn number_leaf() -> BoxedStrategy<String> {
    prop_oneof![(0..50_i64).prop_map(|number| number.to_string()), Just("n".to_owned())].boxed()
}

fn text() -> BoxedStrategy<String> {
    let leaf = prop_oneof!["[a-zA-Z <&]{0,6}".prop_map(|text| format!("'{text}'")), Just("s".to_owned())];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop_oneof![Just("upper"), Just("lower"), Just("trim"), Just("string")])
                .prop_map(|(text, filter)| format!("({text})|{filter}")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} ~ {right})")),
            (inner.clone(), inner).prop_map(|(text, with)| format!("({text})|replace('a', {with})")),
        ]
    })
    .boxed()
}

fn list() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        proptest::collection::vec(0..9_i64, 0..5).prop_map(|items| format!("{items:?}")),
        Just("l".to_owned()),
        (0..6_i64).prop_map(|end| format!("range({end})|list")),
    ];
    (
        leaf,
        prop_oneof![Just(""), Just("|sort"), Just("|reverse|list"), Just("|unique|list"), Just("[1:]"), Just("[:2]")],
    )
        .prop_map(|(list, filter)| format!("({list}){filter}"))
        .boxed()
}

fn condition() -> BoxedStrategy<String> {
    prop_oneof![
        (number(), prop_oneof![Just("<"), Just("<="), Just("=="), Just("!="), Just(">")], number())
            .prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
        number().prop_map(|number| format!("({number}) is odd")),
        (number(), list()).prop_map(|(number, list)| format!("{number} in {list}")),
        text().prop_map(|text| format!("not {text}")),
        list(),
    ]
    .boxed()
}

fn part() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        "[a-z \n<]{0,6}",
        number().prop_map(|number| format!("{{{{ {number} }}}}")),
        text().prop_map(|text| format!("{{{{- {text} -}}}}")),
        list().prop_map(|list| format!("{{{{ ({list})|join(',') }}}}")),
        (condition(), text(), number()).prop_map(|(when, yes, no)| format!("{{{{ {yes} if {when} else {no} }}}}")),
        (text(), number()).prop_map(|(text, _)| format!("{{% set s = {text} %}}")),
        Just("{# note #}".to_owned()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let body = proptest::collection::vec(inner, 0..4).prop_map(|parts| parts.concat());
        prop_oneof![
            (condition(), body.clone(), body.clone())
                .prop_map(|(when, yes, no)| format!("{{% if {when} %}}{yes}{{%- else %}}{no}{{% endif %}}")),
            (list(), body.clone())
                .prop_map(|(list, body)| format!("{{% for n in {list} %}}{{{{ loop.index }}}}{body}{{% endfor %}}")),
            (text(), body.clone()).prop_map(|(text, body)| format!("{{% with s = {text} %}}{body}{{% endwith %}}")),
            (number(), body)
                .prop_map(|(number, body)| format!("{{% macro m(n) %}}{body}{{% endmacro %}}{{{{ m({number}) }}}}")),
        ]
    })
    .boxed()
}

fn ours(template: &str, context: &Value) -> Option<String> {
    let mut engine = Engine::new();
    engine.set_format(Some(Format::Text));
    engine.set_undefined(Undefined::Lenient);
    engine.render_text(template, context).ok()
}

fn theirs(template: &str, context: &Value) -> Option<String> {
    let environment = minijinja::Environment::new();
    environment.render_str(template, minijinja::value::Serde(context)).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_templates_agree(parts in proptest::collection::vec(part(), 1..5)) {
        let template = parts.concat();
        let context = json!({ "n": 7, "s": "Text <a>", "l": [3, 1, 2, 3] });
        if let (Some(ours), Some(theirs)) = (ours(&template, &context), theirs(&template, &context)) {
            prop_assert_eq!(ours, theirs, "{}", template);
        }
    }
}
