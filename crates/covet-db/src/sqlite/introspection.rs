//! What SQLite says about its tables.

use crate::{ColumnInfo, Error, ErrorKind, Executor, ForeignKeyInfo, Ident, IndexInfo, Result, TableInfo};

pub(crate) async fn tables(db: &Executor) -> Result<Vec<String>> {
    let names: Vec<(String,)> = db
        .fetch_all(r"SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name")
        .await?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

pub(crate) async fn table_exists(db: &Executor, table: &str) -> Result<bool> {
    db.fetch_value(crate::sql!(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = {table} COLLATE NOCASE)"
    ))
    .await
}

pub(crate) async fn version(db: &Executor) -> Result<String> {
    db.fetch_value("SELECT 'SQLite ' || sqlite_version()").await
}

pub(crate) async fn analyze_table(db: &Executor, table: Ident<'_>) -> Result<()> {
    // ANALYZE of an unknown name does nothing and says nothing.
    if !table_exists(db, table.as_str()).await? {
        return Err(Error::new(ErrorKind::Syntax, format!("there is no table {table}")));
    }
    db.execute(crate::sql!("ANALYZE {..table}")).await.map(drop)
}

pub(crate) async fn table_info(db: &Executor, table: &str) -> Result<Option<TableInfo>> {
    let columns: Vec<(String, String, bool, Option<String>, i64, i64)> = db
        .fetch_all(crate::sql!(
            r#"SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo({table}) ORDER BY cid"#
        ))
        .await?;
    if columns.is_empty() {
        return Ok(None);
    }
    let mut info = TableInfo {
        name: table.to_owned(),
        foreign_keys: foreign_keys(db, table).await?,
        indexes: indexes(db, table).await?,
        ..TableInfo::default()
    };
    let mut key = Vec::new();
    for (name, data_type, not_null, default, key_place, hidden) in columns {
        if key_place > 0 {
            key.push((key_place, name.clone()));
        }
        info.columns.push(ColumnInfo {
            name,
            data_type,
            // The columns of a primary key are listed as nullable, and SQLite indeed lets all but an integer be NULL.
            nullable: !not_null && key_place == 0,
            default,
            generated: hidden > 1,
            comment: None,
        });
    }
    key.sort_unstable();
    info.primary_key = key.into_iter().map(|(_, name)| name).collect();
    Ok(Some(info))
}

async fn foreign_keys(db: &Executor, table: &str) -> Result<Vec<ForeignKeyInfo>> {
    let rows: Vec<(i64, String, String, Option<String>)> = db
        .fetch_all(crate::sql!(
            r#"SELECT id, "table", "from", "to" FROM pragma_foreign_key_list({table}) ORDER BY id DESC, seq"#
        ))
        .await?;
    let mut keys: Vec<(i64, ForeignKeyInfo)> = Vec::new();
    for (id, to_table, from, to) in rows {
        if keys.last().is_none_or(|(last, _)| *last != id) {
            let key = ForeignKeyInfo { table: to_table, ..ForeignKeyInfo::default() };
            keys.push((id, key));
        }
        if let Some((_, key)) = keys.last_mut() {
            key.columns.push(from);
            key.references.extend(to);
        }
    }
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

async fn indexes(db: &Executor, table: &str) -> Result<Vec<IndexInfo>> {
    let rows: Vec<(String, bool, Option<String>)> = db
        .fetch_all(crate::sql!(
            r#"SELECT list.name, list."unique", column.name
               FROM pragma_index_list({table}) AS list, pragma_index_info(list.name) AS column
               WHERE list.origin <> 'pk'
               ORDER BY list.name, column.seqno"#
        ))
        .await?;
    Ok(IndexInfo::gathered(rows))
}
