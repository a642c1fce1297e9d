//! Values on their way through the database.

use std::fmt::Debug;

use covet_db::{ErrorKind, Json, sql};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, date, datetime, time};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::Fresh;

/// Stores a value and reads it back, alone and as an option.
macro_rules! round_trip {
    ($db:expr, $value:expr) => {{
        let value = $value;
        check($db.fetch_value(sql!("SELECT {value}")).await.unwrap(), &value);
        let read: Option<_> = $db.fetch_value(sql!("SELECT {value}")).await.unwrap();
        check(read.unwrap(), &value);
    }};
}

fn check<T: Debug + PartialEq>(read: T, expected: &T) {
    assert_eq!(read, *expected);
}

/// One of each type.
pub async fn values_come_back_as_they_went(fresh: Fresh) {
    let db = &fresh.db;
    round_trip!(db, true);
    round_trip!(db, 7_i8);
    round_trip!(db, 7_u32);
    round_trip!(db, 1.5_f32);
    round_trip!(db, 0.1_f64);
    round_trip!(db, String::from("Ursula"));
    round_trip!(db, vec![0_u8, 255]);
    round_trip!(db, Uuid::from_u128(7));
    round_trip!(db, "12.50".parse::<Decimal>().unwrap());
    round_trip!(db, date(2026, 11, 23));
    round_trip!(db, time(13, 37, 0, 0));
    round_trip!(db, datetime(2026, 11, 23, 13, 37, 0, 5000));
    round_trip!(db, "2026-11-23T13:37:00.000001Z".parse::<Timestamp>().unwrap());
    round_trip!(db, serde_json::json!({"a": [1, null, "x"]}));
    round_trip!(db, Json(vec![(1, String::from("x"))]));
    // What keeps its scale keeps its digits.
    let text: String = db.fetch_value(sql!("SELECT {\"12.50\".parse::<Decimal>().unwrap()}")).await.unwrap();
    assert_eq!(text, "12.50");
}

/// The ends of each type's range.
pub async fn extreme_values_come_back(fresh: Fresh) {
    let db = &fresh.db;
    for value in [i64::MIN, -1, 0, i64::MAX] {
        round_trip!(db, value);
    }
    round_trip!(db, i8::MIN);
    round_trip!(db, u32::MAX);
    round_trip!(db, i64::MAX as u64);
    for value in [f64::MIN, f64::MAX, f64::MIN_POSITIVE, f64::EPSILON, -0.0, f64::INFINITY, f64::NEG_INFINITY, 5e-324] {
        round_trip!(db, value);
    }
    round_trip!(db, f32::MAX);
    for value in [Decimal::MIN, Decimal::MAX, Decimal::new(1, 28), Decimal::ZERO] {
        round_trip!(db, value);
    }
    round_trip!(db, Uuid::nil());
    round_trip!(db, Uuid::max());
    for value in [Date::MIN, Date::MAX, date(0, 1, 1)] {
        round_trip!(db, value);
    }
    round_trip!(db, Time::MAX);
    round_trip!(db, Time::MIN);
    round_trip!(db, DateTime::MAX);
    round_trip!(db, DateTime::MIN);
    round_trip!(db, Timestamp::MAX);
    round_trip!(db, Timestamp::MIN);
    round_trip!(db, Vec::<u8>::new());
    round_trip!(db, String::new());
    round_trip!(db, vec![7_u8; 3 << 20]);
}

/// NULL goes and comes as `None` and as nothing else.
pub async fn null_is_an_option(fresh: Fresh) {
    let db = &fresh.db;
    let none: Option<String> = None;
    assert_eq!(db.fetch_value::<Option<String>>(sql!("SELECT {none}")).await.unwrap(), None);
    assert_eq!(db.fetch_value::<Option<i64>>("SELECT NULL").await.unwrap(), None);
    let error = db.fetch_value::<i64>("SELECT NULL AS price").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("column `price` cannot be read: it is NULL"), "{error}");
    let yes: bool = db.fetch_value(sql!("SELECT {none} IS NULL")).await.unwrap();
    assert!(yes);
}

/// An error before it is sent, or when it is read; never a cut-off value.
pub async fn what_does_not_fit_is_refused(fresh: Fresh) {
    let db = &fresh.db;
    if !fresh.features.unsigned_integers {
        let error = db.fetch_value::<u64>(sql!("SELECT {u64::MAX}")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Encode);
    }
    let nan = db.fetch_value::<f64>(sql!("SELECT {f64::NAN}")).await;
    match fresh.features.nan {
        true => assert!(nan.unwrap().is_nan()),
        false => assert_eq!(nan.unwrap_err().kind(), ErrorKind::Encode),
    }
    assert!(db.fetch_value::<u8>("SELECT 256").await.is_err());
    assert!(db.fetch_value::<u64>("SELECT -1").await.is_err());
    assert!(db.fetch_value::<Uuid>("SELECT 'no uuid'").await.is_err());
    assert!(db.fetch_value::<Date>("SELECT '2026-02-30'").await.is_err());
    assert!(db.fetch_value::<Decimal>("SELECT '1e'").await.is_err());
    assert!(db.fetch_value::<Json<Vec<i64>>>("SELECT '{}'").await.is_err());
    assert!(db.fetch_value::<bool>("SELECT 2").await.is_err());
}

/// Quotes, NULs, other scripts, emoji.
pub async fn text_of_every_kind_comes_back(fresh: Fresh) {
    let texts = ["'; --", "\"`", "a\0b", "Ω مرحبا 你好", "👩‍👩‍👧", "\u{feff}", "\r\n\t\\", "{x}", "?", "$1"];
    for text in texts {
        if text.contains('\0') && !fresh.features.nul_in_text {
            let error = fresh.db.execute(sql!("SELECT {text}")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Encode);
            continue;
        }
        round_trip!(&fresh.db, text.to_owned());
    }
}
