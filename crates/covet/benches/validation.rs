//! What validation costs on a body of six fields that is right: `cargo bench -p covet-rs --bench validation`.
//!
//! Figures vary with the machine; the ratio to `serde_json` alone is what counts.

#![expect(clippy::print_stdout, reason = "the figures are the program's result")]

use std::hint::black_box;
use std::time::Instant;

use covet::validation::{self, In, json, text};

#[covet::model]
struct NewUser {
    #[check(length(min = 2, max = 50))]
    name: String,
    #[check(email)]
    email: String,
    #[check(range(min = 18, max = 120))]
    age: u8,
    #[check(length(equal = 2))]
    country: String,
    #[check(items(max = 10), each(length(max = 20)))]
    tags: Vec<String>,
    #[check(range(min = 0))]
    balance: f64,
}

#[covet::model]
struct Plain {
    #[check(length(min = 2, max = 50))]
    name: String,
    #[check(length(min = 3, max = 100))]
    email: String,
    #[check(range(min = 18, max = 120))]
    age: u8,
    #[check(length(equal = 2))]
    country: String,
    #[check(items(max = 10), each(length(max = 20)))]
    tags: Vec<String>,
    #[check(range(min = 0))]
    balance: f64,
}

#[covet::model]
struct Search {
    q: Option<String>,
    #[check(range(min = 1, max = 100))]
    limit: u32,
    #[serde(default)]
    tag: Vec<String>,
}

const BODY: &[u8] = br#"{"name":"Ada Lovelace","email":"ada.lovelace@example.com","age":36,"country":"GB","tags":["mathematics","engines","poetry"],"balance":1234.56,"more":null}"#;
const WRONG: &[u8] =
    br#"{"name":"A","email":"ada","age":"36","country":"gb","tags":["mathematics","engines","poetry"],"balance":-1}"#;

fn main() {
    let user: NewUser = json::read(BODY).expect("the body is right");
    let plain: Plain = json::read(BODY).expect("the body is right");
    measure("serde_json alone", || serde_json::from_slice::<NewUser>(black_box(BODY)).is_ok());
    measure("read: parse and check", || json::read::<NewUser>(black_box(BODY)).is_ok());
    measure("check alone, with an e-mail address", || validation::check(black_box(&user)).is_ok());
    measure("check alone, lengths and ranges", || validation::check(black_box(&plain)).is_ok());
    measure("read of a body with five faults", || json::read::<NewUser>(black_box(WRONG)).is_err());
    measure("query of three parameters", || {
        let pairs = text::pairs(black_box("q=war+and+peace&limit=20&tag=novel"), In::Query);
        pairs.and_then(|pairs| text::read::<Search>(pairs, In::Query)).is_ok()
    });
    measure("one whole number", || text::read_value::<i64>("id", black_box("1234567"), In::Path).is_ok());
}

/// Prints the median of several rounds, in nanoseconds a call.
fn measure(name: &str, mut call: impl FnMut() -> bool) {
    const CALLS: u32 = 100_000;
    const ROUNDS: usize = 15;
    let mut rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..CALLS {
                assert!(black_box(call()), "{name} went wrong");
            }
            start.elapsed().as_nanos() as f64 / f64::from(CALLS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{name:40} {:8.1} ns", rounds[ROUNDS / 2]);
}
