//! The calls and what they give.

use std::time::{Duration, Instant};

use covet_db::{Db, ErrorKind, FromRow, Json, Row, Sql, sql};

use crate::Fresh;

/// A statement tells how many rows it touched, and the number of a new one.
pub async fn execute_tells_what_it_did(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let db = &fresh.db;
    let done = db.execute("INSERT INTO books (id, title) VALUES (7, 'Dune')").await.unwrap();
    assert_eq!(done.rows_affected, 1);
    if fresh.features.last_insert_id {
        assert_eq!(done.last_insert_id, Some(7));
    }
    let done = db.execute("UPDATE books SET price = 1 WHERE id = 8").await.unwrap();
    assert_eq!((done.rows_affected, done.last_insert_id), (0, None));
    let done = db.execute("CREATE TABLE other (id INTEGER)").await.unwrap();
    assert_eq!((done.rows_affected, done.last_insert_id), (0, None));
    assert_eq!(db.execute("SELECT id FROM books").await.unwrap().rows_affected, 0);
}

/// One, some, all and single values.
pub async fn fetching_gives_rows(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let db = &fresh.db;
    db.execute("INSERT INTO books (id, title) VALUES (1, 'Dune'), (2, 'Emma'), (3, 'Ulysses')").await.unwrap();
    let id = 2;
    assert_eq!(
        db.fetch_one::<(i64, String)>(sql!("SELECT id, title FROM books WHERE id = {id}")).await.unwrap(),
        (2, "Emma".into())
    );
    assert_eq!(db.fetch_optional::<(i64,)>(sql!("SELECT id FROM books WHERE id = {id}")).await.unwrap(), Some((2,)));
    assert_eq!(db.fetch_all::<(i64,)>("SELECT id FROM books ORDER BY id").await.unwrap(), [(1,), (2,), (3,)]);
    assert_eq!(db.fetch_value::<String>("SELECT title FROM books ORDER BY id DESC").await.unwrap(), "Ulysses");
    assert_eq!(db.fetch_all::<(i64,)>("SELECT id FROM books WHERE id > 9").await.unwrap(), []);
    let unchecked = Sql::unchecked(format!("SELECT id FROM books WHERE id = {id}"));
    assert_eq!(db.fetch_value::<i64>(unchecked).await.unwrap(), 2);
}

/// `fetch_one` and `fetch_value` say so, `fetch_optional` gives none.
pub async fn no_row_is_an_error_where_one_is_asked(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let db = &fresh.db;
    let one = db.fetch_one::<(i64,)>("SELECT id FROM books").await.unwrap_err();
    assert_eq!(one.kind(), ErrorKind::RowNotFound);
    assert_eq!(one.to_string(), "no row was found in `SELECT id FROM books`");
    let value = db.fetch_value::<i64>("SELECT id FROM books").await.unwrap_err();
    assert_eq!(value.kind(), ErrorKind::RowNotFound);
    assert_eq!(db.fetch_optional::<(i64,)>("SELECT id FROM books").await.unwrap(), None);
}

#[derive(Debug, FromRow, PartialEq)]
#[from_row(crate = "covet_db", rename_all = "camelCase")]
struct Shelf {
    shelf_id: i64,
    #[from_row(rename = "label")]
    name: Option<String>,
    #[from_row(json)]
    tags: Vec<String>,
    #[from_row(default)]
    floor: i64,
    #[from_row(default = 3)]
    boards: i64,
    #[from_row(flatten)]
    place: Place,
    #[from_row(skip = "fresh".to_owned())]
    note: String,
}

#[derive(Debug, FromRow, PartialEq)]
#[from_row(crate = covet_db)]
struct Place {
    x: i64,
    y: i64,
}

/// By derived structs, whatever the columns' order, and without knowing them.
pub async fn rows_are_read_by_name_and_as_maps(fresh: Fresh) {
    let db = &fresh.db;
    let tags = Json(["a", "b"]);
    let query = sql!("SELECT 2 AS y, {tags} AS tags, 7 AS \"shelfId\", NULL AS label, 1 AS x, NULL AS floor");
    let shelf: Shelf = db.fetch_one(&query).await.unwrap();
    let expected = Shelf {
        shelf_id: 7,
        name: None,
        tags: vec!["a".into(), "b".into()],
        floor: 0,
        boards: 3,
        place: Place { x: 1, y: 2 },
        note: "fresh".into(),
    };
    assert_eq!(shelf, expected);
    let row: Row = db.fetch_one("SELECT 1 AS id, 'Dune' AS title, NULL AS price").await.unwrap();
    let map = serde_json::Value::Object(row.to_map());
    assert_eq!(map, serde_json::json!({"id": 1, "title": "Dune", "price": null}));
    let missing = row.get::<i64>("isbn").unwrap_err().to_string();
    assert_eq!(missing, "there is no column `isbn` among `id`, `title`, `price`");
    let wrong = row.get::<i64>("title").unwrap_err().to_string();
    assert_eq!(wrong, "column `title` cannot be read: it is text, not `i64`");
    let null = row.get::<i64>("price").unwrap_err().to_string();
    assert_eq!(null, "column `price` cannot be read: it is NULL, and `i64` is not an `Option`");
    let missing = db.fetch_one::<Place>("SELECT 1 AS x").await.unwrap_err();
    assert_eq!(missing.to_string(), "there is no column `y` among `x`");
}

/// A statement that starts like a read and writes, and one that writes and gives rows.
pub async fn writes_that_give_rows_write(fresh: Fresh) {
    if !fresh.features.returning {
        return;
    }
    let fresh = fresh.with_books().await;
    let db = &fresh.db;
    for round in 0..3 {
        let title = format!("Volume {round}");
        let id: i64 = db.fetch_value(sql!("INSERT INTO books (title) VALUES ({title}) RETURNING id")).await.unwrap();
        let (again, price): (i64, Option<i64>) = db
            .fetch_one(sql!("WITH one AS (SELECT {id} AS id) UPDATE books SET price = 5 WHERE id IN (SELECT id FROM one) RETURNING id, price"))
            .await
            .unwrap();
        assert_eq!((again, price), (id, Some(5)));
    }
    let ids: Vec<(i64,)> = db.fetch_all("DELETE FROM books RETURNING id").await.unwrap();
    assert_eq!(ids.len(), 3);
    // Only the first row is wanted, all are deleted.
    db.execute("INSERT INTO books (title) VALUES ('a'), ('b'), ('c')").await.unwrap();
    db.fetch_one::<(i64,)>("DELETE FROM books RETURNING id").await.unwrap();
    assert_eq!(Fresh::books(db).await, 0);
}

/// A statement that was prepared before the table changed gives the new columns.
pub async fn columns_follow_the_schema(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let second = fresh.second().await;
    fresh.db.execute("INSERT INTO books (id, title) VALUES (1, 'Dune')").await.unwrap();
    for round in 0..20 {
        let row: Row = fresh.db.fetch_one("SELECT * FROM books").await.unwrap();
        assert_eq!(row.len(), 3 + round);
        let column = covet_db::Ident::new(format!("extra{round}")).unwrap();
        second.execute(sql!("ALTER TABLE books ADD COLUMN {..column} INTEGER DEFAULT 7")).await.unwrap();
        let row: Row = fresh.db.fetch_one("SELECT * FROM books").await.unwrap();
        assert_eq!(row.get::<i64>(column.as_str()).unwrap(), 7);
    }
}

/// The call fails with its kind, in time, and the connection is free again.
pub async fn a_time_out_of_its_own_stops_a_call(fresh: Fresh) {
    let since = Instant::now();
    let endless = Sql::from(fresh.endless).timeout(Duration::from_millis(50));
    let error = fresh.db.fetch_value::<i64>(endless).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().starts_with("the call did not finish within 50ms in `"), "{error}");
    assert!(since.elapsed() < Duration::from_millis(500), "{:?}", since.elapsed());
    fresh.assert_nothing_is_left(&fresh.second().await).await;
    let mut options = fresh.options();
    options.query_timeout = Duration::from_millis(30);
    options.command_timeout = Duration::from_millis(30);
    let hasty = Db::connect_with(options).await.unwrap();
    assert_eq!(hasty.execute(fresh.endless).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(hasty.fetch_all::<Row>(fresh.endless).await.unwrap_err().kind(), ErrorKind::Timeout);
}

/// Two statements in one text are refused and neither runs.
pub async fn one_text_is_one_statement(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let two = "INSERT INTO books (title) VALUES ('a'); INSERT INTO books (title) VALUES ('b')";
    assert_eq!(fresh.db.execute(two).await.unwrap_err().kind(), ErrorKind::Syntax);
    assert_eq!(Fresh::books(&fresh.db).await, 0);
    let unbound = Sql::unchecked(format!("INSERT INTO books (title) VALUES ({})", fresh.placeholder));
    let unbound = fresh.db.execute(unbound).await.unwrap_err();
    assert!(unbound.to_string().contains("places for 1 values, and 0 are bound"), "{unbound}");
}

/// After `close` every call says so, on every clone.
pub async fn a_closed_handle_refuses(fresh: Fresh) {
    let clone = fresh.db.clone();
    fresh.db.close().await;
    assert_eq!(clone.execute("SELECT 1").await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(clone.begin().await.unwrap_err().kind(), ErrorKind::Closed);
    fresh.db.close().await;
}

/// More texts than the cache keeps, and a cache that keeps none, change nothing but speed.
pub async fn the_statement_cache_forgets(fresh: Fresh) {
    let mut options = fresh.options();
    options.statement_cache = 0;
    options.statement_lifetime = Duration::ZERO;
    for db in [fresh.db.clone(), Db::connect_with(options).await.unwrap()] {
        for number in (0..300_i64).chain(0..300) {
            let text = Sql::unchecked(format!("SELECT {number}"));
            assert_eq!(db.fetch_value::<i64>(text).await.unwrap(), number);
        }
    }
}
