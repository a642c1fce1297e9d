//! What must hold for every value and for every sequence of bytes.

use covet::validation::json::{self, ReadError};
use covet::validation::{Faults, In, check, text};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

/// A model whose rules all appear in its schema. Its values are made without looking at the rules.
#[covet::model(deny_unknown)]
#[derive(Clone, Debug, PartialEq)]
struct Sample {
    #[check(length(min = 1, max = 4), pattern = "^[a-c]*$")]
    text: String,
    #[check(range(min = -5, exclusive_max = 5), multiple_of = 2)]
    number: i64,
    #[check(range(min = -1.5, max = 2.5))]
    float: Option<f64>,
    #[check(items(max = 3), unique, each(range(min = 0)))]
    list: Vec<i32>,
    #[check(email)]
    email: Option<String>,
    choice: Choice,
    #[serde(default)]
    more: Vec<Sample>,
}

#[covet::model]
#[derive(Clone, Debug, PartialEq)]
#[serde(tag = "kind")]
enum Choice {
    A {
        #[check(range(max = 3))]
        size: u8,
    },
    B,
}

fn sample() -> impl Strategy<Value = Sample> {
    let leaf = (
        "[a-dé]{0,6}",
        -8..8i64,
        prop::option::of(-3.0..4.0f64),
        vec(-2..5i32, 0..5),
        prop::option::of("[a-z@.]{0,8}"),
        prop::option::of(0..6u8),
    )
        .prop_map(|(text, number, float, list, email, size)| Sample {
            text,
            number,
            float,
            list,
            email,
            choice: size.map_or(Choice::B, |size| Choice::A { size }),
            more: Vec::new(),
        });
    leaf.prop_recursive(3, 12, 3, |inner| {
        (inner.clone(), vec(inner, 0..3)).prop_map(|(sample, more)| Sample { more, ..sample })
    })
}

/// Faults without their order: places, codes and messages.
fn sorted(faults: &Faults) -> Vec<String> {
    let mut lines: Vec<_> = faults.iter().map(|fault| format!("{fault} {}", fault.code().as_str())).collect();
    lines.sort();
    lines
}

/// Any JSON, with numbers that survive a round trip.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has only finite numbers", |float| float.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((prop_oneof!["text|number|list|kind|more", any::<String>()], inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Bytes that are nearly JSON.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        "[\\[\\]{},: \n\"\\\\]",
        "(true|false|null|nul|\"a\"|\"\\\\u00e9\"|\"\\\\ud83d\\\\ude00\"|\"\\\\ud800\"|\"\\\\n\")",
        "-?[0-9]{1,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?",
    ];
    prop_oneof![
        vec(token, 0..12).prop_map(|tokens| tokens.concat().into_bytes()),
        (any_json(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(value, at, byte)| {
            let mut bytes = value.to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
        vec(any::<u8>(), 0..16),
    ]
}

fn is_malformed(bytes: &[u8]) -> bool {
    // Nothing but null is a unit, so that nearly everything takes the slow way.
    matches!(json::read::<()>(bytes), Err(ReadError::Malformed(_)))
}

proptest! {
    /// The walk over the schema and the checks on the value find the same.
    #[test]
    fn the_walk_and_the_checks_agree(sample in sample()) {
        let checked = check(&sample).map_or_else(|faults| sorted(&faults), |()| Vec::new());
        let mut document = serde_json::to_value(&sample).expect("it serializes");
        let read = json::read::<Sample>(document.to_string().as_bytes());
        prop_assert_eq!(read.map_or_else(|error| sorted(&error.into_faults()), |_| Vec::new()), &checked[..]);

        // One more member forces the walk, and adds one fault of its own.
        document["stranger"] = Value::Null;
        let faults = json::read::<Sample>(document.to_string().as_bytes()).expect_err("it is wrong").into_faults();
        prop_assert_eq!(faults.total(), checked.len() + 1);
        let walked: Vec<_> = sorted(&faults).into_iter().filter(|line| !line.contains("/stranger")).collect();
        prop_assert_eq!(walked, checked);
    }

    #[test]
    fn the_parser_agrees_with_serde_json(bytes in nearly_json()) {
        let expected = serde_json::from_slice::<Value>(&bytes);
        // A number that no float can hold is an error of `serde_json`, but not of JSON.
        let is_out_of_range = |error: &serde_json::Error| error.to_string().starts_with("number out of range");
        prop_assume!(!expected.as_ref().is_err_and(is_out_of_range));
        prop_assert_eq!(is_malformed(&bytes), expected.is_err(), "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_json_makes_the_walk_fail(value in any_json()) {
        let bytes = value.to_string();
        prop_assert!(!is_malformed(bytes.as_bytes()));
        if let Err(error) = json::read::<Sample>(bytes.as_bytes()) {
            prop_assert!(!error.into_faults().is_empty());
        }
    }

    #[test]
    fn text_keeps_its_values(pairs in vec((".{0,8}", ".{0,8}"), 0..8)) {
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let query = pairs.iter().map(|(name, text)| format!("{}={}", encode(name), encode(text))).collect::<Vec<_>>().join("&");
        let decoded = text::pairs(&query, In::Query).expect("it is right");
        let decoded: Vec<_> = decoded.into_iter().map(|(name, text)| (name.into_owned(), text.into_owned())).collect();
        prop_assert_eq!(decoded, pairs);
    }

    #[test]
    fn no_query_makes_reading_fail(query in "[a-c\\[\\]=&%+0-9.]{0,40}") {
        #[covet::model]
        struct Search { a: Option<Vec<i64>>, b: Option<std::collections::HashMap<String, Vec<i64>>>, c: Option<f64> }
        if let Ok(pairs) = text::pairs(&query, In::Query)
            && let Ok(search) = text::read::<Search>(pairs, In::Query)
        {
            let _ = (search.a, search.b, search.c);
        }
    }

    #[test]
    fn numbers_as_text_and_as_json_agree(number in any::<f64>().prop_filter("finite", |number| number.is_finite()), integer in any::<i128>()) {
        for written in [format!("{number}"), format!("{number:e}"), integer.to_string(), (integer >> 64).to_string()] {
            let as_text = text::read_value::<i64>("n", &written, In::Query);
            let as_json = json::read::<i64>(written.as_bytes());
            prop_assert_eq!(as_text.ok(), as_json.ok());
        }
    }
}
