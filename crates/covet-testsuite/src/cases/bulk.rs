//! Many rows at once.

use covet_db::{Error, ErrorKind, IntoParam, Param, sql};
use futures_util::{StreamExt, stream};

use crate::Fresh;

/// Around the size of a batch, of tuples, arrays and lists.
pub async fn copy_in_loads_every_row(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let db = &fresh.db;
    for count in [0, 1, 999, 1000, 1001, 5000] {
        let rows = (0..count).map(|n| (n, format!("Volume {n}"), (n % 2 == 0).then_some(n + 1)));
        assert_eq!(db.copy_in("books", ["id", "title", "price"], rows).await.unwrap(), count as u64);
        assert_eq!(Fresh::books(db).await, count);
        db.execute("DELETE FROM books").await.unwrap();
    }
    assert_eq!(db.copy_in("books", &["title"], [["a"], ["b"]]).await.unwrap(), 2);
    let dynamic: Vec<Param<'_>> = vec![7.into_param(), "c".into_param(), Param::Null];
    assert_eq!(db.copy_in("books", vec!["id", "title", "price"], [dynamic]).await.unwrap(), 1);
}

/// A bad row among the last undoes those before it.
pub async fn copy_in_loads_all_or_nothing(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let rows = (0..5000).map(|n| (n, format!("Volume {}", n % 4999)));
    let error = fresh.db.copy_in("books", ["id", "title"], rows).await.unwrap_err();
    assert!(error.is_unique_violation());
    assert_eq!(Fresh::books(&fresh.db).await, 0);
    let unfit = fresh.db.copy_in("books", ["id", "price"], (0..5000).map(|n| (n, f64::NAN))).await.unwrap_err();
    assert_eq!(unfit.kind(), ErrorKind::Encode);
    assert_eq!(Fresh::books(&fresh.db).await, 0);
}

/// Neither filled up nor cut off.
pub async fn a_row_of_another_length_is_refused(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let rows = [vec![1.into_param(), "a".into_param()], vec![2.into_param()]];
    assert!(fresh.db.copy_in("books", ["id", "title"], rows).await.is_err());
    assert_eq!(Fresh::books(&fresh.db).await, 0);
    let none: [&str; 0] = [];
    assert!(fresh.db.copy_in("books", none, [("a",)]).await.is_err());
}

/// With the stream's own error.
pub async fn a_stream_that_fails_undoes_the_load(fresh: Fresh) {
    #[derive(Debug, PartialEq)]
    enum Fault {
        Line(usize),
        Database(ErrorKind),
    }
    impl From<Error> for Fault {
        fn from(error: Error) -> Self {
            Self::Database(error.kind())
        }
    }
    let fresh = fresh.with_books().await;
    let rows =
        stream::iter(0..3000).map(|n| if n == 2500 { Err(Fault::Line(n)) } else { Ok((n as i64, n.to_string())) });
    let fault = fresh.db.copy_in_stream("books", ["id", "title"], rows).await;
    assert_eq!(fault, Err(Fault::Line(2500)));
    assert_eq!(Fresh::books(&fresh.db).await, 0);
    let twice = stream::iter([Ok::<_, Fault>(("a",)), Ok(("a",))]);
    let fault = fresh.db.copy_in_stream("books", ["title"], twice).await;
    assert_eq!(fault, Err(Fault::Database(ErrorKind::UniqueViolation)));
}

/// What came before stays when the load fails.
pub async fn a_load_can_be_part_of_a_transaction(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let done = fresh.db.transaction(async |tx| {
        tx.copy_in("books", ["title"], [("a",), ("b",)]).await?;
        assert!(tx.copy_in("books", ["title"], [("c",), ("a",)]).await.is_err());
        tx.execute_many(["d", "e"].iter().map(|title| sql!("INSERT INTO books (title) VALUES ({title})"))).await
    });
    assert_eq!(done.await.unwrap(), 2);
    assert_eq!(Fresh::books(&fresh.db).await, 4);
}

/// The source of the rows is asked only as fast as they are taken.
pub async fn loading_waits_for_nothing_in_memory(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let most_ahead = std::sync::atomic::AtomicUsize::new(0);
    let rows = stream::iter(0..20_000_i64).map(|n| {
        most_ahead.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok::<_, Error>((n, n.to_string()))
    });
    assert_eq!(fresh.db.copy_in_stream("books", ["id", "title"], rows).await.unwrap(), 20_000);
    assert_eq!(most_ahead.into_inner(), 20_000);
}

/// With its own values, all or none.
pub async fn execute_many_runs_each(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let db = &fresh.db;
    let added = db.execute_many((0..2500).map(|n| sql!("INSERT INTO books (id, title) VALUES ({n}, {n.to_string()})")));
    assert_eq!(added.await.unwrap(), 2500);
    let priced = db.execute_many(
        [(1, 5), (2, 6), (9999, 7)].map(|(id, price)| sql!("UPDATE books SET price = {price} WHERE id = {id}")),
    );
    assert_eq!(priced.await.unwrap(), 2);
    let none: Vec<covet_db::Sql<'_>> = Vec::new();
    assert_eq!(db.execute_many(none).await.unwrap(), 0);
    let failing = db.execute_many([3, 4, 0].map(|price| sql!("UPDATE books SET price = {price} WHERE id = 1")));
    assert_eq!(failing.await.unwrap_err().kind(), ErrorKind::CheckViolation);
    assert_eq!(db.fetch_value::<i64>("SELECT price FROM books WHERE id = 1").await.unwrap(), 5);
}

/// Different texts, lists and parts are refused.
pub async fn execute_many_takes_one_statement_only(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let two = [sql!("INSERT INTO books (title) VALUES ({1})"), sql!("INSERT INTO books (title) VALUES ({1})")];
    assert_eq!(fresh.db.execute_many(two).await.unwrap_err().kind(), ErrorKind::Misuse);
    let ids = [1];
    let list = [sql!("DELETE FROM books WHERE id IN ({ids*})")];
    assert_eq!(fresh.db.execute_many(list).await.unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(Fresh::books(&fresh.db).await, 0);
}
