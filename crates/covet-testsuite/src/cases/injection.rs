//! Attempts to break out.

use covet_db::{Ident, Sql, sql};

use crate::Fresh;

const ATTEMPTS: [&str; 8] = [
    "'; DROP TABLE books; --",
    "\"; DROP TABLE books; --",
    "`; DROP TABLE books; --",
    "' OR 1 = 1 --",
    "\\'; DROP TABLE books; --",
    "x'); DELETE FROM books; --",
    "?1",
    "{title}",
];

/// Through every path that a value can take.
pub async fn values_stay_values(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let db = &fresh.db;
    db.execute("INSERT INTO books (title) VALUES ('Dune')").await.unwrap();
    for attempt in ATTEMPTS {
        let list = [attempt, attempt];
        let part = Some(sql!("OR title = {attempt}"));
        let any = Sql::join(list.iter().map(|value| sql!("title = {value}")), " OR ");
        for query in [
            sql!("SELECT count(*) FROM books WHERE title = {attempt}"),
            sql!("SELECT count(*) FROM books WHERE title IN ({list*})"),
            sql!("SELECT count(*) FROM books WHERE 1 = 0 {..part}"),
            sql!("SELECT count(*) FROM books WHERE {..any}"),
        ] {
            assert_eq!(db.fetch_value::<i64>(query).await.unwrap(), 0, "{attempt}");
        }
        db.execute(sql!("INSERT INTO books (title) VALUES ({attempt})")).await.unwrap();
        db.copy_in("books", ["title"], [(format!("{attempt} copied"),)]).await.unwrap();
        let read: String = db.fetch_value(sql!("SELECT title FROM books WHERE title = {attempt}")).await.unwrap();
        assert_eq!(read, attempt);
    }
    assert_eq!(Fresh::books(db).await, 1 + 2 * ATTEMPTS.len() as i64);
}

/// Through every path that a name can take.
pub async fn names_stay_names(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let db = &fresh.db;
    for attempt in ATTEMPTS {
        let name = Ident::new(attempt).unwrap();
        assert!(db.fetch_all::<covet_db::Row>(sql!("SELECT * FROM {..name}")).await.is_err());
        assert!(db.copy_in(attempt, ["title"], [("x",)]).await.is_err());
        assert!(db.copy_in("books", [attempt], [("x",)]).await.is_err());
        assert!(db.analyze_table(attempt).await.is_err());
        assert!(!db.table_exists(attempt).await.unwrap());
        assert!(db.table_info(attempt).await.unwrap().is_none());
        db.execute(sql!("CREATE TABLE {..name} (id INTEGER)")).await.unwrap();
        assert!(db.table_exists(attempt).await.unwrap());
        assert!(db.table_info(attempt).await.unwrap().is_some());
        assert!(db.tables().await.unwrap().iter().any(|table| table == attempt));
        db.copy_in(attempt, ["id"], [(1,)]).await.unwrap();
    }
    assert_eq!(Fresh::books(db).await, 0);
}
