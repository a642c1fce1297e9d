//! The constraint that is checked is the one that is documented.

use covet::validation::clean_schema;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use std::collections::HashMap;

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

fn cleaned<T: JsonSchema>() -> Value {
    let mut schema = schema::<T>();
    clean_schema(&mut schema);
    schema
}

const SHORTEST: usize = 2;

/// Every rule once.
#[covet::model(deny_unknown, example = json!({"text": "ab"}))]
struct Rules {
    /// Some text.
    #[check(length(min = SHORTEST, max = 5), pattern = "^[a-z]+$")]
    text: String,
    #[check(email, length(equal = 9))]
    #[serde(alias = "mail")]
    email: Option<String>,
    #[check(range(exclusive_min = -1, max = 1000))]
    byte: u8,
    #[check(range(min = 0.5), multiple_of = 0.5)]
    float: f64,
    #[check(items(min = 1), unique, each(range(max = 3)))]
    list: Vec<i64>,
    #[check(items(max = 1), each(each(length(max = 1))))]
    map: HashMap<String, Vec<String>>,
    #[check(range(min = 0))]
    price: rust_decimal::Decimal,
}

#[test]
fn every_rule_is_in_the_schema() {
    assert_eq!(
        cleaned::<Rules>(),
        json!({
            "title": "Rules", "description": "Every rule once.", "type": "object", "examples": [{"text": "ab"}],
            "properties": {
                "text": {"description": "Some text.", "type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$"},
                "email": {"type": ["string", "null"], "format": "email", "minLength": 9, "maxLength": 9},
                "byte": {"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255, "exclusiveMinimum": -1},
                "float": {"type": "number", "format": "double", "minimum": 0.5, "multipleOf": 0.5},
                "list": {"type": "array", "items": {"type": "integer", "format": "int64", "maximum": 3}, "minItems": 1, "uniqueItems": true},
                "map": {
                    "type": "object", "maxProperties": 1,
                    "additionalProperties": {"type": "array", "items": {"type": "string", "maxLength": 1}},
                },
                "price": {"type": ["string", "number"], "pattern": r"^-?\d+(\.\d+)?([eE]\d+)?$", "minimum": 0},
            },
            "required": ["text", "byte", "float", "list", "map", "price"],
            "additionalProperties": false,
        })
    );
}

#[covet::model]
struct Wrapper(#[check(length(max = 3))] String);

#[covet::model]
#[serde(transparent)]
struct Transparent {
    inner: Wrapper,
}

#[covet::model]
struct Pair<A, B> {
    left: A,
    right: B,
}

#[test]
fn definitions_name_their_type() {
    let mark = |schema: &Value| {
        schema["x-covet-type"].as_str().map(|name| name.rsplit("schema::").next().unwrap_or(name).to_owned())
    };
    assert_eq!(mark(&schema::<Rules>()).as_deref(), Some("Rules"));
    assert_eq!(mark(&schema::<Wrapper>()).as_deref(), Some("Wrapper"));
    assert_eq!(mark(&schema::<Transparent>()).as_deref(), Some("Wrapper"));
    assert!(schema::<Pair<i64, String>>()["x-covet-type"].as_str().is_some_and(|name| name.contains("Pair<i64, ")));
    assert_eq!(schema::<Transparent>()["title"], "Wrapper");
}

mod one {
    /// The first.
    #[covet::model]
    pub(super) struct Same {
        a: i64,
    }
}

mod two {
    #[covet::model]
    pub(super) struct Same {
        b: i64,
    }
}

#[test]
fn types_of_one_name_can_be_told_apart() {
    let schema = schema::<(one::Same, two::Same)>();
    let marks: Vec<_> = schema["$defs"]
        .as_object()
        .expect("definitions")
        .values()
        .map(|definition| definition["x-covet-type"].clone())
        .collect();
    assert_eq!(marks.len(), 2);
    assert_ne!(marks[0], marks[1]);
}

/// Only for responses, so its type need not be readable.
#[covet::model(output)]
struct View {
    title: &'static str,
}

/// Only for requests.
#[covet::model(input)]
struct Draft {
    #[check(length(min = 1))]
    r#type: String,
    #[serde(skip)]
    checked: std::cell::Cell<bool>,
    #[check(skip)]
    seen: Seen,
}

#[derive(schemars::JsonSchema, Default)]
struct Seen;

impl<'de> serde::Deserialize<'de> for Seen {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

#[test]
fn one_direction_only() {
    assert_eq!(serde_json::to_value(View { title: "x" }).expect("it serializes"), json!({"title": "x"}));
    let draft: Draft = covet::validation::json::read(br#"{"type": "a", "seen": 3}"#).expect("it is right");
    assert_eq!((draft.r#type.as_str(), draft.checked.get()), ("a", false));
    let _ = draft.seen;
}
