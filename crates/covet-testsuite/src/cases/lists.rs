//! `IN ({list*})`.

use covet_db::{Db, sql};

use crate::Fresh;

async fn numbers(db: &Db, count: i64) {
    db.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY, word VARCHAR(20))").await.unwrap();
    db.copy_in("numbers", ["n", "word"], (0..count).map(|n| (n, format!("w{n}")))).await.unwrap();
}

async fn found(db: &Db, list: &[i64]) -> i64 {
    db.fetch_value(sql!("SELECT count(*) FROM numbers WHERE n IN ({list*})")).await.unwrap()
}

async fn left(db: &Db, list: &[i64]) -> i64 {
    db.fetch_value(sql!("SELECT count(*) FROM numbers WHERE n NOT IN ({list*})")).await.unwrap()
}

/// `IN` is false, `NOT IN` is true, also for NULL.
pub async fn an_empty_list_holds_nothing(fresh: Fresh) {
    numbers(&fresh.db, 10).await;
    assert_eq!(found(&fresh.db, &[]).await, 0);
    assert_eq!(left(&fresh.db, &[]).await, 10);
    fresh.db.execute("UPDATE numbers SET word = NULL").await.unwrap();
    let none: [&str; 0] = [];
    let left: i64 =
        fresh.db.fetch_value(sql!("SELECT count(*) FROM numbers WHERE word NOT IN ({none*})")).await.unwrap();
    assert_eq!(left, 10);
}

/// Around every power of two, where padding changes.
pub async fn lists_of_every_length_find_what_they_hold(fresh: Fresh) {
    numbers(&fresh.db, 3000).await;
    for length in [1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 1023, 1024, 1025, 2999] {
        let list: Vec<i64> = (0..length).collect();
        assert_eq!(found(&fresh.db, &list).await, length);
        assert_eq!(left(&fresh.db, &list).await, 3000 - length);
    }
}

/// More values than a statement has places for.
pub async fn a_list_beyond_the_limit_works(fresh: Fresh) {
    numbers(&fresh.db, 50_000).await;
    let list: Vec<i64> = (0..70_000).filter(|n| n % 7 != 0).collect();
    let expected = (0..50_000).filter(|n| n % 7 != 0).count();
    assert_eq!(found(&fresh.db, &list).await, expected as i64);
    let words: Vec<String> = (0..40_000).map(|n| format!("w{n}")).collect();
    let found: i64 = fresh.db.fetch_value(sql!("SELECT count(*) FROM numbers WHERE word IN ({words*})")).await.unwrap();
    assert_eq!(found, 40_000);
}

/// Two lists in one statement beside values, and NULL, which is in no list.
pub async fn texts_and_nulls_in_lists(fresh: Fresh) {
    numbers(&fresh.db, 10).await;
    let (few, words) = ([1, 2, 3], ["w2", "w3", "'"]);
    let least = 3;
    let query = sql!("SELECT count(*) FROM numbers WHERE n IN ({few*}) AND n >= {least} AND word IN ({words*})");
    assert_eq!(fresh.db.fetch_value::<i64>(query).await.unwrap(), 1);
    let some = [Some(1), None];
    let query = sql!("SELECT count(*) FROM numbers WHERE n IN ({some*})");
    assert_eq!(fresh.db.fetch_value::<i64>(query).await.unwrap(), 1);
}
