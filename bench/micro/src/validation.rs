//! A body of six fields, from bytes to a checked value, or to all that is wrong with it.

use std::hint::black_box;

use covet::validation::json;
use garde::Validate as _;
use serde::Deserialize;
use validator::Validate as _;

use crate::clock::fastest;

#[covet::model]
struct Ours {
    #[check(length(min = 1, max = 64))]
    name: String,
    #[check(range(min = 0))]
    price: f64,
    #[check(range(min = 0, max = 10_000))]
    quantity: i64,
    #[check(items(max = 8))]
    tags: Vec<String>,
    #[check(email)]
    email: String,
    #[check(length(min = 1, max = 100))]
    maker: String,
}

#[derive(Deserialize, validator::Validate)]
struct Validator {
    #[validate(length(min = 1, max = 64))]
    name: String,
    #[validate(range(min = 0.0))]
    price: f64,
    #[validate(range(min = 0, max = 10_000))]
    quantity: i64,
    #[validate(length(max = 8))]
    tags: Vec<String>,
    #[validate(email)]
    email: String,
    #[validate(length(min = 1, max = 100))]
    maker: String,
}

#[derive(Deserialize, garde::Validate)]
struct Garde {
    #[garde(length(min = 1, max = 64))]
    name: String,
    #[garde(range(min = 0.0))]
    price: f64,
    #[garde(range(min = 0, max = 10_000))]
    quantity: i64,
    #[garde(length(max = 8))]
    tags: Vec<String>,
    #[garde(email)]
    email: String,
    #[garde(length(min = 1, max = 100))]
    maker: String,
}

const RIGHT: &[u8] = br#"{"name":"Blue widget, large","price":19.95,"quantity":42,"tags":["tools","blue","garden"],"email":"jane.doe@example.com","maker":"Widgets & Sons"}"#;
const WRONG: &[u8] =
    br#"{"name":"","price":-1,"quantity":10001,"tags":["tools","blue","garden"],"email":"jane","maker":""}"#;

/// How often a body is read between two looks at the clock.
const COUNT: u32 = 2000;

pub(crate) fn measure(batches: u32) {
    println!("| body of six fields | serde_json alone µs | Covet | validator | garde |\n|---|---:|---:|---:|---:|");
    for (name, body, is_right) in [("right", RIGHT, true), ("five faults, all told", WRONG, false)] {
        let parse =
            fastest(batches, COUNT, || usize::from(serde_json::from_slice::<Validator>(black_box(body)).is_ok()));
        let ours = fastest(batches, COUNT, || {
            let read = json::read::<Ours>(black_box(body));
            assert_eq!(read.is_ok(), is_right);
            read.map_or_else(|error| error.into_faults().len(), |value| value.name.len())
        });
        let validator = fastest(batches, COUNT, || {
            let value: Validator = serde_json::from_slice(black_box(body)).expect("JSON of the type");
            let checked = value.validate();
            assert_eq!(checked.is_ok(), is_right);
            checked.map_or_else(|errors| errors.field_errors().len(), |()| value.name.len())
        });
        let garde = fastest(batches, COUNT, || {
            let value: Garde = serde_json::from_slice(black_box(body)).expect("JSON of the type");
            let checked = value.validate();
            assert_eq!(checked.is_ok(), is_right);
            checked.map_or_else(|report| report.iter().count(), |()| value.name.len())
        });
        let ratio = |other: f64| format!("{:.2} ×", other / parse);
        println!("| {name} | {parse:.2} | {} | {} | {} |", ratio(ours), ratio(validator), ratio(garde));
    }
    println!();
}
