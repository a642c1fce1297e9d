//! Checks that a program writes itself, names that serde changes, and the limit of the list.

use covet::validation::{Checker, Code, Faults, Input, Refusal, check, json};

fn faults<T: Input>(body: &str) -> Vec<String> {
    match json::read::<T>(body.as_bytes()) {
        Ok(_) => Vec::new(),
        Err(error) => error.into_faults().iter().map(ToString::to_string).collect(),
    }
}

fn is_even(number: &i64) -> Result<(), &'static str> {
    if number % 2 == 0 { Ok(()) } else { Err("must be even") }
}

fn is_known(name: &str) -> Result<(), Refusal> {
    if name == "known" { Ok(()) } else { Err(Refusal::new(format!("must be known, not {name}")).code("unheard_of")) }
}

fn ends_after_it_begins(stay: &Stay, checker: &mut Checker<'_>) {
    if stay.to <= stay.from {
        checker.field("until").report(Code::Custom("order".into()), "must be after `from`");
    }
}

#[covet::model]
#[serde(rename_all = "camelCase")]
#[check(custom = ends_after_it_begins)]
struct Stay {
    #[check(custom = is_even)]
    from: i64,
    #[serde(rename(deserialize = "until", serialize = "to"))]
    to: i64,
    #[check(each(custom = is_known, length(max = 3)))]
    guest_names: Vec<String>,
}

#[test]
fn own_checks() {
    assert_eq!(
        faults::<Stay>(r#"{"from": 3, "until": 2, "guestNames": ["known", "x"]}"#),
        [
            "body /from: must be even",
            "body /guestNames/0: must be at most 3 characters long",
            "body /guestNames/1: must be known, not x",
            "body /until: must be after `from`",
        ]
    );
    let stay = Stay { from: 2, to: 3, guest_names: vec!["x".into()] };
    let faults = check(&stay).expect_err("it is wrong");
    assert_eq!(faults[0].code().as_str(), "unheard_of");
}

#[test]
fn the_list_is_limited_but_all_are_counted() {
    let body = format!("[{}1]", "\"x\",".repeat(100_000));
    let found = json::read::<Vec<i64>>(body.as_bytes()).expect_err("it is wrong").into_faults();
    assert_eq!((found.len(), found.total()), (Faults::LIMIT, 100_000));
    let body = format!("[{}1]", "-1,".repeat(500_000));
    let found = json::read::<Vec<u64>>(body.as_bytes()).expect_err("it is wrong").into_faults();
    assert_eq!((found.len(), found.total()), (Faults::LIMIT, 500_000));
}

#[covet::model]
#[serde(untagged)]
enum Knot {
    Left { a: Option<Box<Knot>>, x: i64 },
    Right { a: Option<Box<Knot>>, y: i64 },
}

#[test]
fn untagged_enums_inside_of_each_other_end_in_time() {
    let body = format!("{}{}", r#"{"a":"#.repeat(14), r#"{"z":1}"#.to_owned() + &"}".repeat(14));
    let before = std::time::Instant::now();
    assert!(!faults::<Knot>(&body).is_empty());
    assert!(before.elapsed() < std::time::Duration::from_secs(20));
    let knot = Knot::Left { a: None, x: 1 };
    assert!(matches!(knot, Knot::Left { a: None, x: 1 }) && !matches!(knot, Knot::Right { a: Some(_), y: 0 }));
}

#[covet::model]
struct Aliased {
    #[serde(alias = "isbn13")]
    isbn: String,
    price: i64,
}

#[test]
fn aliases_are_no_faults() {
    assert_eq!(
        faults::<Aliased>(r#"{"isbn13": "1", "price": "x"}"#),
        ["body /price: must be a whole number, not a string"]
    );
    assert_eq!(
        faults::<Aliased>(r#"{"isbn13": "1", "isbn": "2", "price": 1}"#),
        ["body /isbn: must be given only once"]
    );
    assert!(Aliased::FIELDS.is_some_and(|fields| fields.contains("isbn13")));
}
