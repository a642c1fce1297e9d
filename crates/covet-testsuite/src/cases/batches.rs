//! Several statements at once.

use covet_db::{Error, ErrorKind, Row, sql};

use crate::Fresh;

/// Each answer has its own type, and statements see what those before them did.
pub async fn answers_come_in_order_and_type(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let (title, price) = ("Dune", 1999);
    let (added, all, none, price, row) = fresh
        .db
        .batch(|batch| {
            (
                batch.execute(sql!("INSERT INTO books (id, title, price) VALUES (7, {title}, {price})")),
                batch.all::<(i64, String)>("SELECT id, title FROM books"),
                batch.optional::<(i64,)>("SELECT id FROM books WHERE id = 8"),
                batch.value::<Option<i64>>("SELECT price FROM books WHERE id = 7"),
                [batch.one::<Row>("SELECT * FROM books")],
            )
        })
        .await
        .unwrap();
    assert_eq!(added.rows_affected, 1);
    assert_eq!((all, none, price), (vec![(7, "Dune".to_owned())], None, Some(1999)));
    assert_eq!(row[0].get::<String>("title").unwrap(), "Dune");
    fresh.db.batch(|_| Vec::<covet_db::Pending<Row>>::new()).await.unwrap();
}

/// As many as a list has, from one place in the code.
pub async fn many_statements_are_one_batch(fresh: Fresh) {
    let numbers: Vec<i64> = fresh
        .db
        .batch(|batch| (0..500_i64).map(|n| batch.value(sql!("SELECT {n} + 0"))).collect::<Vec<_>>())
        .await
        .unwrap();
    assert!(numbers.into_iter().eq(0..500));
}

/// What fails fails alone, and is told with its statement.
pub async fn each_stands_for_itself(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let error = fresh
        .db
        .batch(|batch| {
            (
                batch.execute("INSERT INTO books (id, title) VALUES (1, 'a')"),
                batch.execute("INSERT INTO books (id, title) VALUES (2, 'a')"),
                batch.execute("INSERT INTO books (id, title, price) VALUES (3, 'b', -1)"),
                batch.execute("INSERT INTO books (id, title) VALUES (4, 'c')"),
            )
        })
        .await
        .unwrap_err();
    assert!(error.is_unique_violation(), "{error:?}");
    assert!(format!("{error:?}").contains("(2, 'a')"), "{error:?}");
    let there: Vec<(i64,)> = fresh.db.fetch_all("SELECT id FROM books ORDER BY id").await.unwrap();
    assert_eq!(there, [(1,), (4,)]);
    let error = fresh
        .db
        .batch(|batch| {
            (
                batch.one::<Row>("SELECT * FROM books WHERE id = 9"),
                batch.execute("INSERT INTO books (id, title) VALUES (5, 'd')"),
            )
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RowNotFound);
    assert_eq!(Fresh::books(&fresh.db).await, 3);
}

/// Wrapped in a transaction it is all or nothing.
pub async fn in_a_transaction_it_is_all_or_nothing(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let add = async |second: &'static str| {
        fresh
            .db
            .transaction(async |tx| {
                tx.batch(|batch| {
                    [
                        batch.execute("INSERT INTO books (id, title) VALUES (1, 'a')"),
                        batch.execute(sql!("INSERT INTO books (id, title) VALUES (2, {second})")),
                        batch.execute("INSERT INTO books (id, title) VALUES (3, 'c')"),
                    ]
                })
                .await
                .map(drop)?;
                Ok::<_, Error>(())
            })
            .await
    };
    assert!(add("a").await.unwrap_err().is_unique_violation());
    assert_eq!(Fresh::books(&fresh.db).await, 0);
    add("b").await.unwrap();
    assert_eq!(Fresh::books(&fresh.db).await, 3);
}
