//! What the database says about itself.

use crate::Fresh;

/// Columns, keys and indexes; whether it is there at all.
pub async fn tables_are_described(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let db = &fresh.db;
    db.execute(
        "CREATE TABLE copies (
            shelf INTEGER NOT NULL,
            place INTEGER NOT NULL,
            book INTEGER REFERENCES books (id),
            state VARCHAR(10) NOT NULL DEFAULT 'new',
            PRIMARY KEY (place, shelf)
        )",
    )
    .await
    .unwrap();
    db.execute("CREATE UNIQUE INDEX copies_by_book ON copies (book, state)").await.unwrap();
    assert_eq!(db.tables().await.unwrap(), ["books", "copies"]);
    let info = db.table_info("copies").await.unwrap().unwrap();
    assert_eq!(info.name, "copies");
    assert_eq!(info.primary_key, ["place", "shelf"]);
    let names: Vec<_> = info.columns.iter().map(|column| (column.name.as_str(), column.nullable)).collect();
    assert_eq!(names, [("shelf", false), ("place", false), ("book", true), ("state", false)]);
    assert!(info.columns[3].default.as_deref().unwrap().contains("new"));
    let data_type = info.columns[3].data_type.to_uppercase();
    assert!(["VARCHAR", "CHARACTER VARYING"].iter().any(|name| data_type.contains(name)), "{data_type}");
    assert_eq!(info.foreign_keys.len(), 1);
    assert_eq!(
        (info.foreign_keys[0].table.as_str(), &info.foreign_keys[0].columns[..]),
        ("books", &["book".to_owned()][..])
    );
    let index = info.indexes.iter().find(|index| index.name == "copies_by_book").unwrap();
    assert!(index.unique);
    assert_eq!(index.columns, [Some("book".to_owned()), Some("state".to_owned())]);
    assert!(db.table_info("nowhere").await.unwrap().is_none());
    assert!(db.table_exists("copies").await.unwrap() && !db.table_exists("nowhere").await.unwrap());
    db.analyze_table("copies").await.unwrap();
    assert!(db.analyze_table("nowhere").await.is_err());
    assert!(db.version().await.unwrap().contains(|character: char| character.is_ascii_digit()));
}
