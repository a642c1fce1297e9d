//! Errors by kind.

use covet_db::{ErrorKind, Executor, sql};

use crate::Fresh;

async fn kind(db: &Executor, text: &'static str) -> (ErrorKind, Option<String>) {
    let error = db.execute(text).await.unwrap_err();
    assert!(error.code().is_some(), "{error:?}");
    assert!(error.statement().is_some());
    (error.kind(), error.table().map(str::to_owned))
}

/// Unique, foreign key, NOT NULL and CHECK.
pub async fn constraints_are_told_apart(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let db = &fresh.db;
    db.execute(
        "CREATE TABLE copies (id INTEGER PRIMARY KEY, book INTEGER NOT NULL, FOREIGN KEY (book) REFERENCES books (id))",
    )
    .await
    .unwrap();
    db.execute("INSERT INTO books (id, title) VALUES (1, 'Dune')").await.unwrap();
    db.execute("INSERT INTO copies VALUES (1, 1)").await.unwrap();
    let table = Some("books".to_owned());
    for text in ["INSERT INTO books (id, title) VALUES (1, 'x')", "INSERT INTO books (id, title) VALUES (2, 'Dune')"] {
        assert_eq!(kind(db, text).await, (ErrorKind::UniqueViolation, table.clone()), "{text}");
    }
    assert_eq!(kind(db, "INSERT INTO copies VALUES (2, 9)").await.0, ErrorKind::ForeignKeyViolation);
    assert_eq!(kind(db, "DELETE FROM books WHERE id = 1").await.0, ErrorKind::ForeignKeyViolation);
    assert_eq!(kind(db, "INSERT INTO books (id, title) VALUES (3, NULL)").await, (ErrorKind::NotNullViolation, table));
    let error = db.execute("INSERT INTO books (id, title, price) VALUES (4, 'y', 0)").await.unwrap_err();
    assert_eq!((error.kind(), error.constraint()), (ErrorKind::CheckViolation, Some("price_is_positive")));
    assert!(!error.is_retryable());
}

/// A wrong text, and names that are not there.
pub async fn faults_of_the_statement_are_told(fresh: Fresh) {
    for text in ["SELEKT 1", "SELECT * FROM nowhere", "SELECT nothing", "", "UPDATE nowhere SET x = 1"] {
        let error = fresh.db.execute(text).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Syntax, "{text}: {error:?}");
    }
    let error = fresh.db.execute("SELECT * FROM nowhere").await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("nowhere") && text.ends_with(" in `SELECT * FROM nowhere`"), "{text}");
}

/// Neither errors nor Debug of anything shows what was bound.
pub async fn nothing_prints_a_value(fresh: Fresh) {
    const SECRET: &str = "hunter2";
    let fresh = fresh.with_books().await;
    let db = &fresh.db;
    let list = [SECRET];
    let part = sql!("AND title = {SECRET}");
    let query = sql!("SELECT title FROM books WHERE title IN ({list*}) {..part}");
    assert!(!format!("{query:?} {part:?}").contains(SECRET));
    db.execute(sql!("INSERT INTO books (title) VALUES ({SECRET})")).await.unwrap();
    let mut shown = vec![format!("{:?}", db.fetch_one::<covet_db::Row>("SELECT title FROM books").await.unwrap())];
    let errors = [
        db.execute(sql!("INSERT INTO books (title) VALUES ({SECRET})")).await.unwrap_err(),
        db.execute(sql!("INSERT INTO books (title, price) VALUES ({SECRET}, {-1})")).await.unwrap_err(),
        db.fetch_value::<i64>("SELECT title FROM books").await.unwrap_err(),
        db.fetch_value::<covet_db::Json<i64>>("SELECT title FROM books").await.unwrap_err(),
        db.fetch_value::<jiff::Timestamp>("SELECT title FROM books").await.unwrap_err(),
        db.copy_in("books", ["title"], [(SECRET,)]).await.unwrap_err(),
        db.execute(sql!("SELECT {SECRET} FROM nowhere")).await.unwrap_err(),
    ];
    shown.extend(errors.iter().flat_map(|error| [error.to_string(), format!("{error:?}")]));
    let param = covet_db::IntoParam::into_param(SECRET);
    shown.push(format!("{param:?} {db:?} {:?} {:?}", **db, db.begin().await.unwrap()));
    for text in shown {
        assert!(!text.contains(SECRET), "{text}");
    }
}
