//! COPY of bytes, and names of tables in other schemas.

use std::time::Duration;

use bytes::Bytes;
use covet_db::postgres::CopyFormat;
use covet_db::{Db, Error, ErrorKind, sql};
use futures_util::{StreamExt, TryStreamExt, stream};

const CSV: CopyFormat = CopyFormat::Csv { header: true };

async fn out(db: &covet_db::Executor, query: &'static str, format: CopyFormat) -> Result<String, Error> {
    let pieces: Vec<Bytes> = db.postgres()?.copy_out(query, format).await?.try_collect().await?;
    Ok(String::from_utf8(pieces.concat()).unwrap())
}

async fn load(db: &covet_db::Executor, text: &'static str, format: CopyFormat) -> Result<u64, Error> {
    // Pieces that end anywhere.
    let pieces = text.as_bytes().chunks(3).map(|piece| Ok::<_, Error>(Bytes::from_static(piece)));
    db.postgres()?.copy_in("books", ["id", "title"], format, stream::iter(pieces)).await
}

async fn books(url: &str, options: &str) -> Db {
    let db = super::connect(url, options).await;
    db.execute("DROP TABLE IF EXISTS books").await.unwrap();
    db.execute("CREATE TABLE books (id int PRIMARY KEY, title text)").await.unwrap();
    db
}

#[tokio::test]
async fn bytes_go_in_and_come_out() {
    let Some(url) = super::url() else { return };
    for options in ["pool_min=0&pool_max=2", "pool_min=0&pool_max=2&prepared=never"] {
        let db = books(&url, options).await;
        assert_eq!(load(&db, "id,title\n1,\"a,b\"\"c\"\n2,\n3,\"\"\n", CSV).await.unwrap(), 3);
        let expected = "id,title\n1,\"a,b\"\"c\"\n2,\n3,\"\"\n";
        assert_eq!(out(&db, "TABLE books", CSV).await.unwrap(), expected);
        let text = out(&db, "SELECT title, id FROM books ORDER BY id", CopyFormat::Text).await.unwrap();
        assert_eq!(text, "a,b\"c\t1\n\\N\t2\n\t3\n");
        // Bad rows, and a stream that fails, leave nothing.
        let error = load(&db, "4,x\n1,y\n", CopyFormat::Csv { header: false }).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UniqueViolation);
        let error = load(&db, "hunter2\t2\n", CopyFormat::Text).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        let failing = stream::iter([Ok(Bytes::from_static(b"5\tx\n")), Err(Error::decode("no more"))]);
        let error =
            db.postgres().unwrap().copy_in("books", ["id", "title"], CopyFormat::Text, failing).await.unwrap_err();
        assert_eq!(error.to_string(), "no more");
        assert_eq!(db.fetch_value::<i64>("SELECT count(*) FROM books").await.unwrap(), 3);
        // In a transaction it sees and is undone with it.
        let tx = db.begin().await.unwrap();
        assert_eq!(load(&tx, "6\tsix\n", CopyFormat::Text).await.unwrap(), 1);
        assert_eq!(out(&tx, "SELECT id FROM books WHERE id = 6", CopyFormat::Text).await.unwrap(), "6\n");
        assert_eq!(tx.fetch_value::<i64>("SELECT count(*) FROM books").await.unwrap(), 4);
        tx.rollback().await.unwrap();
        assert_eq!(db.fetch_value::<i64>("SELECT count(*) FROM books").await.unwrap(), 3);
        let bound = db.postgres().unwrap().copy_out(sql!("SELECT {1}"), CSV).await.unwrap_err();
        assert_eq!(bound.kind(), ErrorKind::Misuse);
        let wrong = out(&db, "SELECT 1 / (id - 2) FROM books ORDER BY id", CopyFormat::Text).await.unwrap_err();
        assert_eq!(wrong.code(), Some("22012"));
        assert_eq!(covet_testsuite::settled(&db).await.in_use, 0);
        // Where a pooler may stand between, what was broken off is not stopped: its connection is closed, if it has not ended by
        // itself meanwhile.
        let most = if options.contains("prepared=never") { 1 } else { 0 };
        assert!(db.pool_stats().closed <= most, "{options}: {}", db.pool_stats().closed);
    }
}

/// Much comes in constant memory, and what is dropped is stopped.
#[tokio::test]
async fn a_copy_that_is_given_up_makes_nobody_wait() {
    let Some(url) = super::url() else { return };
    let db = books(&url, "pool_min=0&pool_max=1").await;
    let many = "SELECT n, repeat('x', 50) FROM generate_series(1, 5000000) AS n";
    for _ in 0..3 {
        let mut pieces = db.postgres().unwrap().copy_out(many, CopyFormat::Text).await.unwrap();
        assert!(pieces.next().await.unwrap().unwrap().len() > 1000);
        drop(pieces);
        let since = std::time::Instant::now();
        db.execute("SELECT 1").await.unwrap();
        assert!(since.elapsed() < Duration::from_millis(700), "{:?}", since.elapsed());
    }
    let endless = stream::iter(0..).then(async |n| {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok::<_, Error>(Bytes::from(format!("{n}\tx\n")))
    });
    let loading = db.postgres().unwrap();
    let loading = loading.copy_in("books", ["id", "title"], CopyFormat::Text, Box::pin(endless));
    assert!(tokio::time::timeout(Duration::from_millis(100), loading).await.is_err());
    assert_eq!(db.fetch_value::<i64>("SELECT count(*) FROM books").await.unwrap(), 0);
    assert_eq!(db.pool_stats().opened, 1);
}

#[tokio::test]
async fn tables_of_other_schemas_are_named_with_a_dot() {
    let Some(url) = super::url() else { return };
    let db = super::connect(&url, "pool_min=0").await;
    db.execute("CREATE SCHEMA \"Shop\"").await.unwrap();
    db.execute("CREATE TABLE authors (id int PRIMARY KEY)").await.unwrap();
    db.execute("CREATE TABLE \"Shop\".\"Books\" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL DEFAULT 'none', author int REFERENCES authors, upper text GENERATED ALWAYS AS (upper(title)) STORED, UNIQUE (title, author))")
        .await
        .unwrap();
    db.execute("COMMENT ON TABLE \"Shop\".\"Books\" IS 'What is sold'").await.unwrap();
    db.execute("COMMENT ON COLUMN \"Shop\".\"Books\".title IS 'As on the cover'").await.unwrap();
    assert_eq!(db.tables().await.unwrap(), ["Shop.Books", "authors"]);
    assert!(db.table_exists("Shop.Books").await.unwrap() && !db.table_exists("Books").await.unwrap());
    let info = db.table_info("Shop.Books").await.unwrap().unwrap();
    assert_eq!((info.name.as_str(), info.comment.as_deref()), ("Shop.Books", Some("What is sold")));
    assert_eq!(info.primary_key, ["id"]);
    assert_eq!(info.columns[1].comment.as_deref(), Some("As on the cover"));
    assert_eq!(info.columns[1].default.as_deref(), Some("'none'::text"));
    assert!(!info.columns[1].nullable && info.columns[3].generated);
    assert_eq!((info.foreign_keys[0].table.as_str(), info.indexes.len()), ("authors", 1));
    db.execute("INSERT INTO authors VALUES (1)").await.unwrap();
    assert_eq!(db.copy_in("Shop.Books", ["title", "author"], [("Dune", 1), ("Emma", 1)]).await.unwrap(), 2);
    let pieces = stream::iter([Ok::<_, Error>(Bytes::from_static(b"Solaris\n"))]);
    let pg = db.postgres().unwrap();
    assert_eq!(pg.copy_in("Shop.Books", ["title"], CopyFormat::Text, pieces).await.unwrap(), 1);
    db.analyze_table("Shop.Books").await.unwrap();
    let counted: f64 = db.fetch_value("SELECT reltuples FROM pg_class WHERE relname = 'Books'").await.unwrap();
    assert_eq!(counted, 3.0);
    assert!(db.analyze_table("Shop.Nothing").await.is_err());
}
