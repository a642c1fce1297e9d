//! What a wrong body is answered.

use covet::validation::{Input, json};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The only line that touches the API: the faults of a body, as `pointer code` lines.
fn faults<T: Input>(body: &str) -> Vec<String> {
    match json::read::<T>(body.as_bytes()) {
        Ok(_) => Vec::new(),
        Err(error) => {
            error.into_faults().iter().map(|fault| format!("{} {}", fault.pointer(), fault.code().as_str())).collect()
        }
    }
}

#[track_caller]
fn check<T: Input>(body: impl ToString, expected: &[&str]) {
    assert_eq!(faults::<T>(&body.to_string()), expected);
}

#[covet::model(deny_unknown)]
struct Order {
    customer: Customer,
    #[check(items(min = 1, max = 3))]
    lines: Vec<Line>,
    #[serde(default)]
    #[check(length(max = 5))]
    note: Option<String>,
}

#[covet::model(deny_unknown)]
struct Customer {
    #[check(email)]
    email: String,
    id: Uuid,
}

#[covet::model(deny_unknown)]
struct Line {
    #[check(length(min = 1, max = 20))]
    title: String,
    #[check(range(min = 0))]
    price: i64,
    #[serde(default)]
    #[check(unique, each(length(max = 3), pattern = "^[a-z]*$"))]
    tags: Vec<String>,
}

#[test]
fn six_faults_of_five_kinds_at_once() {
    let body = json!({
        "customer": {"email": "nobody", "id": "not-a-uuid", "age": 3},
        "lines": [{"title": "far too long a title for this", "price": -1}, {"price": "free"}],
    });
    check::<Order>(
        body,
        &[
            "/customer/email format",
            "/customer/id format",
            "/customer/age unknown",
            "/lines/0/title max_length",
            "/lines/0/price minimum",
            "/lines/1/price type",
            "/lines/1/title missing",
        ],
    );
}

#[test]
fn constraints_of_a_parsed_value() {
    let body = json!({
        "customer": {"email": "a@b.example", "id": "67e55044-10b1-426f-9247-bb680e5fe0c8"},
        "lines": [{"title": "", "price": -1, "tags": ["ab", "abcd", "A", "ab"]}],
        "note": "too long",
    });
    check::<Order>(
        body,
        &[
            "/lines/0/title min_length",
            "/lines/0/price minimum",
            "/lines/0/tags unique_items",
            "/lines/0/tags/1 max_length",
            "/lines/0/tags/2 pattern",
            "/note max_length",
        ],
    );
}

#[test]
fn bodies_that_are_not_json() {
    let deep = "[".repeat(100_000);
    let cases: [(&[u8], &str); 12] = [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"{", "syntax"),
        (b"{'a': 1}", "syntax"),
        (b"[1, 2,]", "syntax"),
        (b"{} {}", "trailing"),
        (b"\"\\ud800\"", "surrogate"),
        (b"\"\\ud800\\u0041\"", "surrogate"),
        (b"\"\xff\"", "encoding"),
        (b"\xff", "encoding"),
        (b"01", "syntax"),
        (deep.as_bytes(), "depth"),
    ];
    for (body, code) in cases {
        match json::read::<BTreeMap<String, i64>>(body) {
            Err(json::ReadError::Malformed(fault)) => {
                assert_eq!(fault.code().as_str(), code, "{}", String::from_utf8_lossy(&body[..body.len().min(20)]))
            }
            other => panic!("{other:?} for {body:?}"),
        }
    }
}

#[covet::model]
struct Numbers {
    small: Option<u8>,
    int: Option<i32>,
    long: Option<i64>,
    unsigned: Option<u64>,
    float: Option<f64>,
    wide: Option<i128>,
}

#[test]
fn numbers_that_do_not_fit() {
    check::<Numbers>(
        r#"{"small": 256, "int": 3000000000, "long": 9223372036854775808, "unsigned": -1, "float": 1e999, "wide": 1e3}"#,
        &[
            "/small number_range",
            "/int number_range",
            "/long number_range",
            "/unsigned minimum",
            "/float number_range",
            "/wide type",
        ],
    );
    check::<Numbers>(
        r#"{"small": 255, "long": -9223372036854775808, "unsigned": 18446744073709551615, "float": 18446744073709551616, "wide": 18446744073709551616}"#,
        &[],
    );
}

#[test]
fn a_list_is_no_object() {
    check::<Line>(json!(["Emma", 999]), &[" type"]);
    check::<Order>(
        json!({"customer": ["a@b.example", "67e55044-10b1-426f-9247-bb680e5fe0c8"], "lines": [["Emma", 999]]}),
        &["/customer type", "/lines/0 type"],
    );
    check::<External>(json!({"Named": ["ab"]}), &["/Named type"]);
}

#[test]
fn duplicates() {
    check::<Line>(r#"{"title": "a", "title": "b", "price": 1}"#, &["/title duplicate"]);
    check::<HashMap<String, i64>>(r#"{"a": 1, "a": 2}"#, &[]);
}

#[covet::model]
#[derive(Debug)]
enum External {
    Nothing,
    Word(String),
    Pair(#[check(range(min = 0))] i64, i64),
    Named {
        #[check(length(max = 2))]
        name: String,
    },
}

#[covet::model]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Internal {
    OneThing {
        #[check(range(max = 9))]
        size: i64,
    },
    Other(Line),
    Empty,
}

#[covet::model]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    A {
        #[check(range(max = 9))]
        size: i64,
    },
    B(String),
}

#[covet::model]
#[serde(untagged)]
enum Untagged {
    Number(#[check(range(max = 9))] i64),
    Text(#[check(length(max = 2))] String),
    Point {
        x: i64,
        y: i64,
    },
    Line {
        from: i64,
        to: i64,
        #[serde(default)]
        width: i64,
    },
}

#[test]
fn enums_of_all_taggings() {
    check::<External>(json!("Nothing"), &[]);
    check::<External>(json!("Nothin"), &[" one_of"]);
    check::<External>(json!({"Pair": [-1, 2]}), &["/Pair/0 minimum"]);
    check::<External>(json!({"Pair": [-1, "x"]}), &["/Pair/0 minimum", "/Pair/1 type"]);
    check::<External>(json!({"Pair": [1]}), &["/Pair min_items"]);
    check::<External>(json!({"Named": {"name": "abc"}}), &["/Named/name max_length"]);
    check::<External>(json!({"Named": {}}), &["/Named/name missing"]);
    check::<External>(json!({"Neither": {}}), &[" one_of"]);
    check::<External>(json!({"Word": "a", "Named": {}}), &[" one_of"]);
    check::<External>(json!(3), &[" type"]);

    check::<Internal>(json!({"kind": "one_thing", "size": 10}), &["/size maximum"]);
    check::<Internal>(json!({"kind": "one_thing", "size": "10"}), &["/size type"]);
    check::<Internal>(json!({"kind": "other", "title": "", "price": 1}), &["/title min_length"]);
    check::<Internal>(json!({"kind": "other", "title": 1, "price": -1}), &["/title type", "/price minimum"]);
    check::<Internal>(json!({"kind": "empty"}), &[]);
    check::<Internal>(json!({"kind": "nope"}), &["/kind one_of"]);
    check::<Internal>(json!({"size": 1}), &["/kind missing"]);
    check::<Internal>(json!([]), &[" type"]);

    check::<Adjacent>(json!({"t": "A", "c": {"size": 10}}), &["/c/size maximum"]);
    check::<Adjacent>(json!({"t": "B", "c": 1}), &["/c type"]);
    check::<Adjacent>(json!({"t": "B"}), &["/c missing"]);
    check::<Adjacent>(json!({"t": "C", "c": 1}), &["/t one_of"]);

    check::<Untagged>(json!(10), &[" maximum"]);
    check::<Untagged>(json!("abc"), &[" max_length"]);
    check::<Untagged>(json!({"x": 1}), &["/y missing"]);
    check::<Untagged>(json!({"from": "a", "to": 1}), &["/from type"]);
    check::<Untagged>(json!({}), &[" one_of"]);
    check::<Untagged>(json!([]), &[" type"]);
    check::<Untagged>(json!({"from": 1, "to": 2, "width": 3}), &[]);
}

#[covet::model]
struct Tree {
    #[check(length(min = 1))]
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
    left: Option<Box<Tree>>,
}

#[test]
fn recursion() {
    check::<Tree>(
        json!({"name": "a", "children": [{"name": ""}, {"name": "b", "left": {"name": ""}}]}),
        &["/children/0/name min_length", "/children/1/left/name min_length"],
    );
    check::<Tree>(
        json!({"name": "a", "children": [{"name": ""}, {"name": "b", "left": {"name": 1}}]}),
        &["/children/0/name min_length", "/children/1/left/name type"],
    );
}

#[covet::model]
struct Page<T> {
    items: Vec<T>,
    #[serde(flatten)]
    position: Position,
}

#[covet::model]
struct Position {
    #[check(range(min = 1, max = 100))]
    limit: u32,
    cursor: Option<String>,
}

#[test]
fn generics_and_flatten() {
    check::<Page<Line>>(
        json!({"items": [{"title": "", "price": 0}], "limit": 0}),
        &["/items/0/title min_length", "/limit minimum"],
    );
    check::<Page<Line>>(
        json!({"items": [{"title": "", "price": 0}, 1], "limit": "x", "cursor": 1}),
        &["/items/0/title min_length", "/items/1 type", "/limit type", "/cursor type"],
    );
    check::<Page<i64>>(json!({"items": ["x"]}), &["/items/0 type", "/limit missing"]);
    let fields = Page::<Line>::FIELDS.expect("it is an object");
    assert!(fields.contains("limit") && fields.contains("items") && !fields.contains("position") && !fields.is_open());
}

#[test]
fn the_form_of_a_fault() {
    let error = json::read::<Line>(br#"{"title": "", "price": -1}"#).err().expect("it is wrong");
    assert_eq!(
        serde_json::to_value(error.into_faults().into_vec()).expect("it serializes"),
        json!([
            {"in": "body", "pointer": "/title", "code": "min_length", "message": "must be 1 to 20 characters long", "min_length": 1, "max_length": 20},
            {"in": "body", "pointer": "/price", "code": "minimum", "message": "must be at least 0", "minimum": 0},
        ])
    );
    let error = json::read::<Value>(b"{\n  \"a\": ,}").expect_err("it is wrong");
    assert_eq!(
        serde_json::to_value(error.into_faults().into_vec()).expect("it serializes"),
        json!([{
            "in": "body", "pointer": "", "code": "syntax",
            "message": "must be JSON, but `,` stands where a value is expected at line 2, column 8", "line": 2, "column": 8, "offset": 9,
        }])
    );
}
