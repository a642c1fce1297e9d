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

/// A model of each form, to see that it compiles.
#[allow(dead_code, reason = "only their derives are wanted")]
mod forms {
    use std::borrow::Cow;
    use std::collections::{BTreeSet, HashSet};
    use std::marker::PhantomData;

    #[covet::model]
    pub(super) struct Unit;

    #[covet::model]
    pub(super) struct Empty {}

    #[covet::model]
    pub(super) enum Never {}

    #[covet::model]
    pub(super) struct Marked<T> {
        id: uuid::Uuid,
        #[serde(skip)]
        of: PhantomData<T>,
    }

    #[covet::model]
    pub(super) struct Grid<const N: usize>(Vec<[u8; 3]>);

    #[covet::model(crate = ::covet)]
    #[serde(default, rename_all = "SCREAMING-KEBAB-CASE")]
    #[derive(Debug, Default, Clone, PartialEq)]
    pub(super) struct Defaults {
        pub(super) first_field: Cow<'static, str>,
        #[check(each(length(max = 1)))]
        second: BTreeSet<String>,
        third: HashSet<i64>,
        #[deprecated]
        fourth: Option<()>,
    }

    #[covet::model]
    #[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
    pub(super) enum Mixed {
        TwoWords {
            a_field: u8,
        },
        #[serde(untagged)]
        Else(String),
    }

    #[covet::model]
    #[serde(try_from = "String", into = "String")]
    #[derive(Clone)]
    pub(super) struct Even(u64);

    impl TryFrom<String> for Even {
        type Error = String;

        fn try_from(text: String) -> Result<Self, String> {
            match text.parse() {
                Ok(number) if number % 2 == 0 => Ok(Self(number)),
                _ => Err(format!("{text} is not an even number")),
            }
        }
    }

    impl From<Even> for String {
        fn from(even: Even) -> Self {
            even.0.to_string()
        }
    }

    #[covet::model]
    pub(super) struct Holder {
        pub(super) list: Vec<Even>,
    }
}

fn is_model<T: Input + covet::validation::Output>() {}

#[test]
fn forms_of_models() {
    is_model::<forms::Unit>();
    is_model::<forms::Empty>();
    is_model::<forms::Never>();
    is_model::<forms::Marked<i64>>();
    is_model::<forms::Grid<3>>();
    assert_eq!(
        faults::<forms::Defaults>(r#"{"SECOND": ["a", "bc"]}"#),
        ["body /SECOND: must be at most 1 character long"]
    );
    assert_eq!(
        faults::<forms::Defaults>(r#"{"FIRST-FIELD": 1, "THIRD": [1, 1, "x"]}"#),
        ["body /FIRST-FIELD: must be a string, not a number", "body /THIRD/2: must be a whole number, not a string",]
    );
    let defaults: forms::Defaults = json::read(b"{}").expect("all fields have defaults");
    assert_eq!(defaults, forms::Defaults::default());
    assert_eq!(defaults.first_field, "");
    assert!(matches!(json::read(br#"{"two-words": {"aField": 3}}"#), Ok(forms::Mixed::TwoWords { a_field: 3 })));
    assert!(matches!(json::read(br#""other""#), Ok(forms::Mixed::Else(text)) if text == "other"));
}

#[test]
fn what_only_serde_knows_is_said_at_its_place() {
    assert_eq!(faults::<forms::Holder>(r#"{"list": ["2", "3"]}"#), ["body /list/1: 3 is not an even number"]);
    assert!(json::read::<forms::Holder>(br#"{"list": ["2"]}"#).is_ok_and(|holder| holder.list.len() == 1));
}

#[covet::model]
struct Offer {
    #[check(range(min = 0, exclusive_max = 100), multiple_of = 0.05)]
    price: rust_decimal::Decimal,
    #[check(uri)]
    link: Option<String>,
    #[check(hostname)]
    host: Option<String>,
    at: Option<jiff::Timestamp>,
}

#[test]
fn decimals_and_formats() {
    assert_eq!(
        faults::<Offer>(
            r#"{"price": "19.95", "link": "https://a.example/?q=%20", "host": "a-b.example", "at": "2024-02-29T12:00:00+01:00"}"#
        ),
        [""; 0]
    );
    assert_eq!(faults::<Offer>(r#"{"price": "19.95", "link": "urn:isbn:1"}"#), [""; 0]);
    assert_eq!(faults::<Offer>(r#"{"price": 19.95}"#), ["body /price: must be a string, not a number"]);
    assert_eq!(faults::<Offer>(r#"{"price": "-1.00"}"#), ["body /price: must be at least 0"]);
    assert_eq!(faults::<Offer>(r#"{"price": "19.99"}"#), ["body /price: must be a multiple of 0.05"]);
    assert_eq!(
        faults::<Offer>(r#"{"price": "cheap", "link": "a.example", "host": "-a", "at": "noon"}"#),
        [
            "body /price: must be a decimal number such as `19.99`",
            "body /link: must be an absolute URI such as `https://example.com/`",
            "body /host: must be a host name such as `www.example.com`",
            "body /at: must be a date and time with its offset, such as `2024-02-29T12:30:00Z`",
        ]
    );
    assert_eq!(
        faults::<Offer>(r#"{"price": "100", "at": 3}"#),
        ["body /price: must be less than 100", "body /at: must be a string or null, not a number",]
    );
    let accepts = |address: &str| faults::<Address>(&serde_json::json!({"email": address}).to_string()).is_empty();
    for right in ["a@b", "ada.lovelace+x@mail.example.com", "o'hara@a-b.example"] {
        assert!(accepts(right), "{right}");
    }
    for wrong in [
        "", "a", "@b", "a@", "a..b@c", ".a@b", "a.@b", "a b@c", "a@b.", "a@.b", "a@-b", "a@b-.c", "a@b_c", "é@b",
        "a@b@c@",
    ] {
        assert!(!accepts(wrong), "{wrong}");
    }
    let offer: Offer = json::read(br#"{"price": "1"}"#).expect("it is right");
    assert!(offer.link.is_none() && offer.host.is_none() && offer.at.is_none() && offer.price == 1.into());
}

#[covet::model]
struct Address {
    #[check(email)]
    email: String,
}

#[covet::model]
struct Chain {
    next: Option<Box<Chain>>,
    #[check(range(max = 0))]
    end: i64,
}

#[test]
fn deep_values_are_explained_to_the_bottom() {
    const DEPTH: usize = 126;
    let body = format!("{}{}{}", r#"{"end":0,"next":"#.repeat(DEPTH), r#"{"end":"x"}"#, "}".repeat(DEPTH));
    assert_eq!(
        faults::<Chain>(&body),
        [format!("body {}/end: must be a whole number, not a string", "/next".repeat(DEPTH))]
    );
    let chain: Chain = json::read(br#"{"end": 0, "next": {"end": -1}}"#).expect("it is right");
    assert!(chain.next.is_some_and(|next| next.end == -1));
}
