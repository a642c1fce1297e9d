//! What wrong parameters are answered, and what right ones become.

use covet::validation::{Faults, In, Input, Output, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[covet::model(deny_unknown)]
struct Search {
    q: Option<String>,
    #[serde(default)]
    #[check(items(max = 2), each(length(max = 3)))]
    tag: Vec<String>,
    #[serde(default = "twenty")]
    #[check(range(min = 1, max = 100))]
    limit: u32,
    #[serde(default)]
    in_stock: bool,
    filter: Option<Filter>,
    sort: Option<Sort>,
    max_price: Option<rust_decimal::Decimal>,
    since: Option<jiff::civil::Date>,
    id: Option<IdOrName>,
}

fn twenty() -> u32 {
    20
}

#[covet::model]
struct Filter {
    #[check(length(min = 2))]
    author: Option<String>,
    #[serde(default)]
    year: Vec<i32>,
}

#[covet::model]
#[serde(rename_all = "snake_case")]
enum Sort {
    Price,
    NewestFirst,
}

#[covet::model]
#[serde(untagged)]
enum IdOrName {
    Id(i64),
    Name(String),
}

fn owned(pairs: &[(&'static str, &'static str)]) -> Vec<text::Pair<'static>> {
    pairs.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect()
}

fn read<T: Input>(query: &str, location: In) -> Result<T, Faults> {
    text::read(text::pairs(query, location)?, location)
}

/// The only line that touches the API: the value again as JSON, or the faults as `parameter pointer code`.
fn result<T: Input + Output>(query: &str) -> Result<Value, Vec<String>> {
    match read::<T>(query, In::Query) {
        Ok(value) => Ok(serde_json::to_value(value).expect("it serializes")),
        Err(faults) => Err(faults
            .iter()
            .map(|fault| format!("{}{} {}", fault.parameter().unwrap_or("?"), fault.pointer(), fault.code().as_str()))
            .collect()),
    }
}

#[track_caller]
fn check_ok<T: Input + Output>(query: &str, expected: Value) {
    assert_eq!(result::<T>(query), Ok(expected));
}

#[track_caller]
fn check_faults<T: Input + Output>(query: &str, expected: &[&str]) {
    assert_eq!(result::<T>(query), Err(expected.iter().map(|line| (*line).to_owned()).collect()));
}

#[test]
fn right_queries() {
    let with = |changes: Value| {
        let mut all = json!({
            "q": null, "tag": [], "limit": 20, "in_stock": false, "filter": null, "sort": null, "max_price": null, "since": null, "id": null,
        });
        all.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        all
    };
    check_ok::<Search>("", with(json!({})));
    check_ok::<Search>("q=war+%26%20peace", with(json!({"q": "war & peace"})));
    check_ok::<Search>("q=17&in_stock=true&limit=3", with(json!({"q": "17", "in_stock": true, "limit": 3})));
    check_ok::<Search>("tag=a&q=x&tag=b", with(json!({"q": "x", "tag": ["a", "b"]})));
    check_ok::<Search>("tag[]=a&tag%5B%5D=b", with(json!({"tag": ["a", "b"]})));
    check_ok::<Search>(
        "filter[author]=Austen&filter[year]=1815&filter[year]=1816",
        with(json!({"filter": {"author": "Austen", "year": [1815, 1816]}})),
    );
    check_ok::<Search>("sort=newest_first", with(json!({"sort": "newest_first"})));
    check_ok::<Search>("max_price=19.990", with(json!({"max_price": "19.990"})));
    check_ok::<Search>("since=2024-02-29&limit=20", with(json!({"since": "2024-02-29"})));
    check_ok::<Search>("id=17", with(json!({"id": 17})));
    check_ok::<Search>("id=x17", with(json!({"id": "x17"})));
}

#[test]
fn wrong_queries() {
    check_faults::<Search>("limit=many&in_stock=yes", &["limit type", "in_stock type"]);
    check_faults::<Search>("limit=0", &["limit minimum"]);
    check_faults::<Search>("limit=99999999999", &["limit number_range"]);
    check_faults::<Search>("limit=1&limit=2", &["limit duplicate"]);
    check_faults::<Search>("tag=a&tag=b&tag=abcd", &["tag max_items", "tag/2 max_length"]);
    check_faults::<Search>("filter[author]=A&filter[year]=x", &["filter/author min_length", "filter/year/0 type"]);
    check_faults::<Search>("filter=x", &["filter type"]);
    check_faults::<Search>("sort=price_", &["sort one_of"]);
    check_faults::<Search>("since=yesterday", &["since format"]);
    check_faults::<Search>("page=2&limt=3", &["page unknown", "limt unknown"]);
    check_faults::<Search>("q=%ff&tag=%4", &["q encoding", "tag encoding"]);
}

#[covet::model]
struct Listing {
    #[serde(flatten)]
    window: Window,
    name: String,
}

#[covet::model]
struct Window {
    #[check(range(max = 10))]
    limit: i64,
    after: Option<bool>,
}

#[test]
fn flattened_fields() {
    check_ok::<Listing>("name=7&limit=3&after=true&more=1", json!({"name": "7", "limit": 3, "after": true}));
    check_faults::<Listing>("limit=30&after=x", &["limit maximum", "after type", "name missing"]);
}

#[test]
fn maps() {
    check_ok::<BTreeMap<String, i64>>("a=1&b[c]=2", json!({"a": 1, "b[c]": 2}));
    check_ok::<BTreeMap<String, Vec<String>>>("a=1&b=2&a=3", json!({"a": ["1", "3"], "b": ["2"]}));
    check_faults::<BTreeMap<String, i64>>("a=x", &["a type"]);
    let long: String = (0..1000).map(|n| format!("k{n}=1&k{n}=2&")).collect();
    let map: BTreeMap<String, Vec<i64>> = read(&long, In::Query).expect("it is right");
    assert!(map.len() == 1000 && map.values().all(|values| values == &[1, 2]));
}

#[covet::model]
struct Head {
    #[serde(rename = "x-trace")]
    trace: String,
    #[serde(rename = "X-Depth")]
    depth: Option<u8>,
}

#[test]
fn other_places() {
    let head: Head =
        text::read(owned(&[("X-Trace", "17"), ("x-depth", "3"), ("accept", "*/*")]), In::Header).expect("it is right");
    assert_eq!((head.trace.as_str(), head.depth), ("17", Some(3)));
    let faults = text::read::<Head>(owned(&[("x-depth", "300")]), In::Header).err().expect("it is wrong");
    assert_eq!(
        serde_json::to_value(faults.into_vec()).expect("it serializes"),
        json!([
            {"in": "header", "parameter": "X-Depth", "code": "number_range", "message": "must be a whole number from 0 to 255", "minimum": 0, "maximum": 255},
            {"in": "header", "parameter": "x-trace", "code": "missing", "message": "must be given"},
        ])
    );
    let faults = text::read::<Window>(owned(&[("limit", "11")]), In::Body).err().expect("it is wrong");
    assert_eq!(faults[0].to_string(), "body /limit: must be at most 10");
    assert_eq!(text::read_value::<Option<i64>>("a", "", In::Query), Ok(None));
    assert_eq!(
        text::read_value::<uuid::Uuid>("a", "1", In::Path).expect_err("it is wrong")[0].code().as_str(),
        "format"
    );
}

#[test]
fn a_type_that_may_be_one_text_has_no_fields() {
    assert!(Sort::FIELDS.is_none() && IdOrName::FIELDS.is_none() && Option::<Sort>::FIELDS.is_none());
    assert!(Filter::FIELDS.is_some_and(|fields| fields.own() == ["author", "year"]));
    assert!(text::read_named::<IdOrName>("id", vec![("id".into(), "7".into())], In::Query).is_ok());
}
