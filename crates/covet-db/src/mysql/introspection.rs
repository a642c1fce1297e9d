//! What MySQL says about its tables.
//!
//! A table is named as it is, and is one of the database that the connection is in; `database.table` names one elsewhere.

use crate::ident::table_path;
use crate::{ColumnInfo, Error, ErrorKind, Executor, ForeignKeyInfo, IndexInfo, Result, Row, TableInfo};

pub(crate) async fn tables(db: &Executor) -> Result<Vec<String>> {
    let names: Vec<(String,)> = db
        .fetch_all(
            "SELECT table_name FROM information_schema.tables
             WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY BINARY table_name",
        )
        .await?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

/// The database and the name of a table that is there, and its comment.
async fn find(db: &Executor, table: &str) -> Result<Option<(String, String, Option<String>)>> {
    let found: Option<(String, String, Option<String>)> = db
        .fetch_optional(crate::sql!(
            "SELECT table_schema, table_name, NULLIF(table_comment, '') FROM information_schema.tables
             WHERE (table_schema = DATABASE() AND table_name = {table})
                OR CONCAT(table_schema, '.', table_name) = {table}
             ORDER BY table_schema = DATABASE() DESC LIMIT 1"
        ))
        .await?;
    Ok(found)
}

pub(crate) async fn table_exists(db: &Executor, table: &str) -> Result<bool> {
    Ok(find(db, table).await?.is_some())
}

pub(crate) async fn version(db: &Executor) -> Result<String> {
    let version: String = db.fetch_value("SELECT VERSION()").await?;
    Ok(match version.split_once("-MariaDB") {
        Some((version, _)) => format!("MariaDB {version}"),
        None => format!("MySQL {version}"),
    })
}

pub(crate) async fn analyze_table(db: &Executor, table: &str) -> Result<()> {
    let table = table_path(table, db.dialect())?;
    let rows: Vec<Row> = db.fetch_all(crate::sql!("ANALYZE TABLE {..table}")).await?;
    told(&rows)
}

/// What statements about tables tell: rows of the table, the operation, the kind of message and the message.
pub(super) fn told(rows: &[Row]) -> Result<()> {
    for row in rows {
        if row.get::<String>(2)?.eq_ignore_ascii_case("error") {
            return Err(Error::new(ErrorKind::Other, row.get::<String>(3)?));
        }
    }
    Ok(())
}

pub(crate) async fn table_info(db: &Executor, table: &str) -> Result<Option<TableInfo>> {
    let Some((schema, name, comment)) = find(db, table).await? else {
        return Ok(None);
    };
    /// Name, type, whether it may be NULL, what is written without a value, what else is said of it, comment.
    type Column = (String, String, String, Option<String>, String, Option<String>);
    let columns: Vec<Column> = db
        .fetch_all(crate::sql!(
            "SELECT column_name, column_type, is_nullable, column_default, extra, NULLIF(column_comment, '')
             FROM information_schema.columns WHERE table_schema = {schema} AND table_name = {name}
             ORDER BY ordinal_position"
        ))
        .await?;
    let columns = columns.into_iter().map(|(name, data_type, nullable, default, extra, comment)| ColumnInfo {
        name,
        data_type,
        nullable: nullable == "YES",
        // MariaDB's word for none.
        default: default.filter(|default| default != "NULL"),
        generated: extra.to_uppercase().contains("GENERATED") && !extra.to_uppercase().contains("DEFAULT_GENERATED"),
        comment,
    });
    let columns = columns.collect();
    let (primary_key, indexes) = indexes(db, &schema, &name).await?;
    Ok(Some(TableInfo {
        name: table.to_owned(),
        comment,
        columns,
        primary_key,
        foreign_keys: foreign_keys(db, &schema, &name).await?,
        indexes,
    }))
}

async fn foreign_keys(db: &Executor, schema: &str, table: &str) -> Result<Vec<ForeignKeyInfo>> {
    let rows: Vec<(String, String, String, String)> = db
        .fetch_all(crate::sql!(
            "SELECT constraint_name,
                    IF(referenced_table_schema = DATABASE(), referenced_table_name,
                       CONCAT(referenced_table_schema, '.', referenced_table_name)),
                    column_name, referenced_column_name
             FROM information_schema.key_column_usage
             WHERE table_schema = {schema} AND table_name = {table} AND referenced_table_name IS NOT NULL
             ORDER BY constraint_name, ordinal_position"
        ))
        .await?;
    Ok(ForeignKeyInfo::gathered(rows))
}

/// The columns of the primary key, and the other indexes.
async fn indexes(db: &Executor, schema: &str, table: &str) -> Result<(Vec<String>, Vec<IndexInfo>)> {
    let rows: Vec<(String, bool, Option<String>)> = db
        .fetch_all(crate::sql!(
            "SELECT index_name, non_unique = 0, column_name
             FROM information_schema.statistics WHERE table_schema = {schema} AND table_name = {table}
             ORDER BY index_name, seq_in_index"
        ))
        .await?;
    let (primary, others) = rows.into_iter().partition::<Vec<_>, _>(|(name, _, _)| name == "PRIMARY");
    Ok((primary.into_iter().filter_map(|(_, _, column)| column).collect(), IndexInfo::gathered(others)))
}
