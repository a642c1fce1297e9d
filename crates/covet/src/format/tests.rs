#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::validation::Node;

const BINARY: &[Format] = &[
    #[cfg(feature = "cbor")]
    Format::Cbor,
    #[cfg(feature = "msgpack")]
    Format::MessagePack,
];

fn encode<T: Serialize>(format: Format, value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    format.encode(value, &mut out).unwrap();
    out
}

fn decode(format: Format, bytes: &[u8]) -> Value {
    let tree = format.parse(bytes).unwrap();
    serde::Deserialize::deserialize(&tree).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Any value of JSON's model.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 20, |inner| {
        let members = proptest::collection::vec((".{0,10}", inner.clone()), 0..20);
        prop_oneof![
            proptest::collection::vec(inner, 0..20).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(value in value()) {
        for format in BINARY {
            prop_assert_eq!(&decode(*format, &encode(*format, &value)), &value);
        }
    }

    #[test]
    fn random_bytes_are_a_tree_or_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in BINARY {
            if let Err(fault) = format.parse(&bytes) {
                prop_assert!(fault.message().starts_with("must be "));
            }
        }
    }

    #[test]
    fn a_document_that_is_cut_off_is_refused(value in value(), part in 0.0..1.0f64) {
        for format in BINARY {
            let bytes = encode(*format, &value);
            let cut = (bytes.len() as f64 * part) as usize;
            prop_assert!(format.parse(&bytes[..cut]).is_err());
        }
    }
}

#[cfg(feature = "cbor")]
#[test]
fn the_examples_of_the_cbor_specification_are_read() {
    // RFC 8949, appendix A.
    let check = |text: &str, expected: Value| assert_eq!(decode(Format::Cbor, &hex(text)), expected, "{text}");
    check("00", json!(0));
    check("1903e8", json!(1000));
    check("1bffffffffffffffff", json!(u64::MAX));
    check("3903e7", json!(-1000));
    check("f93c00", json!(1.0));
    check("f90001", json!(5.960464477539063e-8));
    check("f9c400", json!(-4.0));
    check("fa47c35000", json!(100000.0));
    check("fb3ff199999999999a", json!(1.1));
    check("c074323031332d30332d32315432303a30343a30305a", json!("2013-03-21T20:04:00Z"));
    check("6449455446", json!("IETF"));
    check("7f657374726561646d696e67ff", json!("streaming"));
    check("5f42010243030405ff", json!([1, 2, 3, 4, 5]));
    check("9f018202039f0405ffff", json!([1, [2, 3], [4, 5]]));
    check("bf61610161629f0203ffff", json!({ "a": 1, "b": [2, 3] }));
    check("a201020304", json!({ "1": 2, "3": 4 }));
    check("f7", Value::Null);
}

#[cfg(feature = "msgpack")]
#[test]
fn the_forms_of_messagepack_are_read() {
    let check = |text: &str, expected: Value| assert_eq!(decode(Format::MessagePack, &hex(text)), expected, "{text}");
    check("7f", json!(127));
    check("e0", json!(-32));
    check("d0df", json!(-33));
    check("cd0100", json!(256));
    check("d3ffffffffffffffff", json!(-1));
    check("ca3fc00000", json!(1.5));
    check("d90161", json!("a"));
    check("c4020102", json!([1, 2]));
    check("dc0001c0", json!([null]));
    check("de0001a161c3", json!({ "a": true }));
}

#[test]
fn attacks_are_refused_at_once() {
    let check = |format: Format, text: &str, expected: &str| {
        let fault = format.parse(&hex(text)).unwrap_err();
        assert!(fault.message().contains(expected), "{text}: {}", fault.message());
    };
    let ends = "it ends in the middle of a value";
    let announced = "more values are announced than there are bytes";
    #[cfg(feature = "cbor")]
    {
        check(Format::Cbor, "", "must be CBOR, but is empty");
        check(Format::Cbor, &"81".repeat(200), "nested deeper than 128 levels");
        check(Format::Cbor, &"9f".repeat(200), "nested deeper than 128 levels");
        check(Format::Cbor, &"c1".repeat(200), "too many tags");
        check(Format::Cbor, "9bffffffffffffffff00", announced);
        check(Format::Cbor, "bbffffffffffffffff00", announced);
        check(Format::Cbor, "7bffffffffffffffff00", ends);
        check(Format::Cbor, "5bffffffffffffffff00", ends);
        check(Format::Cbor, "ff", "an end stands where nothing was begun");
        check(Format::Cbor, "bf6161", ends);
        check(Format::Cbor, "0000", "something follows");
        check(Format::Cbor, "61ff", "a text is not UTF-8");
        check(Format::Cbor, "a1f601", "the name of a member is not a text");
        check(Format::Cbor, "1c", "a reserved length");
        check(Format::Cbor, &format!("5a00100001{}", "00".repeat(0x10_0001)), "more than 1048576 values");
    }
    #[cfg(feature = "msgpack")]
    {
        check(Format::MessagePack, &"91".repeat(200), "nested deeper than 128 levels");
        check(Format::MessagePack, "ddffffffff", announced);
        check(Format::MessagePack, "dfffffffff", announced);
        check(Format::MessagePack, "dbffffffff", ends);
        check(Format::MessagePack, "c1", "a byte stands that begins nothing");
        check(Format::MessagePack, "d40000", "an extension type");
        check(Format::MessagePack, &format!("dd00100001{}", "c0".repeat(0x10_0001)), "more than 1048576 values");
    }
}

#[test]
fn duplicates_are_kept() {
    let cases = [
        #[cfg(feature = "cbor")]
        (Format::Cbor, "a2616101616102"),
        #[cfg(feature = "msgpack")]
        (Format::MessagePack, "82a16101a16102"),
    ];
    for (format, text) in cases {
        let bytes = hex(text);
        let Node::Object(members) = format.parse(&bytes).unwrap() else { panic!("an object") };
        assert_eq!(members.len(), 2);
    }
}

#[test]
fn what_serde_derives_is_written_as_json_has_it() {
    #[derive(Serialize)]
    enum Kind {
        Unit,
        New(i32),
        Tuple(i32, bool),
        Struct { a: Option<u8> },
    }
    #[derive(Serialize)]
    struct All {
        kinds: Vec<Kind>,
        #[serde(flatten)]
        flat: std::collections::BTreeMap<String, i64>,
        id: uuid::Uuid,
        price: rust_decimal::Decimal,
        at: jiff::Timestamp,
        small: f32,
        nan: f64,
    }
    let kinds = vec![Kind::Unit, Kind::New(-1), Kind::Tuple(300, true), Kind::Struct { a: None }];
    let all = All {
        kinds,
        flat: [("x".to_owned(), -70_000)].into(),
        id: uuid::Uuid::nil(),
        price: "1.50".parse().unwrap(),
        at: jiff::Timestamp::UNIX_EPOCH,
        small: 0.5,
        nan: f64::NAN,
    };
    for format in BINARY {
        assert_eq!(decode(*format, &encode(*format, &all)), serde_json::to_value(&all).unwrap());
    }
}
