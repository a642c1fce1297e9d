//! What PostgreSQL says about its tables.
//!
//! A table is named as it is, and looked for along the search path; `schema.table` names one outside of it.

use crate::ident::table_path;
use crate::{ColumnInfo, Executor, ForeignKeyInfo, IndexInfo, Result, TableInfo};

pub(crate) async fn tables(db: &Executor) -> Result<Vec<String>> {
    let names: Vec<(String,)> = db
        .fetch_all(
            r#"SELECT name FROM (
                   SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname::text
                               ELSE n.nspname::text || '.' || c.relname::text END AS name
                   FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                   WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
                     AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%') AS t
               ORDER BY name COLLATE "C""#,
        )
        .await?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

/// The number by which the catalogue knows a table.
async fn find(db: &Executor, table: &str) -> Result<Option<i64>> {
    let found: Option<(i64,)> = db
        .fetch_optional(crate::sql!(
            "SELECT c.oid::int8 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
               AND ((c.relname = CAST(CAST({table} AS text) AS name) AND pg_catalog.pg_table_is_visible(c.oid)) OR n.nspname || '.' || c.relname = {table})
             ORDER BY n.nspname || '.' || c.relname = {table} LIMIT 1"
        ))
        .await?;
    Ok(found.map(|(number,)| number))
}

pub(crate) async fn table_exists(db: &Executor, table: &str) -> Result<bool> {
    Ok(find(db, table).await?.is_some())
}

pub(crate) async fn version(db: &Executor) -> Result<String> {
    db.fetch_value("SELECT 'PostgreSQL ' || current_setting('server_version')").await
}

pub(crate) async fn analyze_table(db: &Executor, table: &str) -> Result<()> {
    let table = table_path(table, db.dialect())?;
    db.execute(crate::sql!("ANALYZE {..table}")).await.map(drop)
}

pub(crate) async fn table_info(db: &Executor, table: &str) -> Result<Option<TableInfo>> {
    let Some(number) = find(db, table).await? else {
        return Ok(None);
    };
    /// Name, type, whether it must be there, what is written without a value, whether it is computed, comment.
    type Column = (String, String, bool, Option<String>, bool, Option<String>);
    let columns: Vec<Column> = db
        .fetch_all(crate::sql!(
            "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
                    pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> '', pg_catalog.col_description(a.attrelid, a.attnum)
             FROM pg_catalog.pg_attribute a
             LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
             WHERE a.attrelid = {number} AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum"
        ))
        .await?;
    let columns = columns.into_iter().map(|(name, data_type, not_null, default, generated, comment)| ColumnInfo {
        name,
        data_type,
        nullable: !not_null,
        default,
        generated,
        comment,
    });
    let comment =
        db.fetch_value(crate::sql!("SELECT pg_catalog.obj_description(CAST({number} AS oid), 'pg_class')")).await?;
    Ok(Some(TableInfo {
        name: table.to_owned(),
        comment,
        columns: columns.collect(),
        primary_key: primary_key(db, number).await?,
        foreign_keys: foreign_keys(db, number).await?,
        indexes: indexes(db, number).await?,
    }))
}

async fn primary_key(db: &Executor, table: i64) -> Result<Vec<String>> {
    let columns: Vec<(String,)> = db
        .fetch_all(crate::sql!(
            "SELECT a.attname::text
             FROM pg_catalog.pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS key (number, place)
             JOIN pg_catalog.pg_attribute a ON a.attnum = key.number
             WHERE i.indrelid = {table} AND i.indisprimary AND a.attrelid = i.indrelid
             ORDER BY key.place"
        ))
        .await?;
    Ok(columns.into_iter().map(|(name,)| name).collect())
}

async fn foreign_keys(db: &Executor, table: i64) -> Result<Vec<ForeignKeyInfo>> {
    let rows: Vec<(String, String, String, String)> = db
        .fetch_all(crate::sql!(
            "SELECT c.conname::text,
                    CASE WHEN pg_catalog.pg_table_is_visible(t.oid) THEN t.relname::text
                         ELSE t.relnamespace::regnamespace::text || '.' || t.relname::text END,
                    own.attname::text, other.attname::text
             FROM pg_catalog.pg_constraint c
             JOIN pg_catalog.pg_class t ON t.oid = c.confrelid
             CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS key (own, other, place)
             JOIN pg_catalog.pg_attribute own ON own.attrelid = c.conrelid AND own.attnum = key.own
             JOIN pg_catalog.pg_attribute other ON other.attrelid = c.confrelid AND other.attnum = key.other
             WHERE c.conrelid = {table} AND c.contype = 'f'
             ORDER BY c.conname, key.place"
        ))
        .await?;
    Ok(ForeignKeyInfo::gathered(rows))
}

async fn indexes(db: &Executor, table: i64) -> Result<Vec<IndexInfo>> {
    let rows: Vec<(String, bool, Option<String>)> = db
        .fetch_all(crate::sql!(
            "SELECT c.relname::text, i.indisunique, a.attname::text
             FROM pg_catalog.pg_index i
             JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
             CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS key (number, place)
             LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = key.number AND key.number > 0
             WHERE i.indrelid = {table} AND NOT i.indisprimary AND key.place <= i.indnkeyatts
             ORDER BY c.relname, key.place"
        ))
        .await?;
    Ok(IndexInfo::gathered(rows))
}
