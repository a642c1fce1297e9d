//! Values as people and files have them.

use covet_db::{Param, Row, ValueRef};
use serde_json::{Map, Value};

/// A row as cells for people; NULL is an empty one.
pub(super) fn cells(row: &Row) -> Vec<String> {
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.replace(['\n', '\r', '\t'], " "),
        other => other.to_string(),
    };
    row.to_map().values().map(cell).collect()
}

/// A field of CSV (RFC 4180), as PostgreSQL reads it: NULL is nothing, all else stands in quotes.
pub(super) fn csv_field(value: ValueRef<'_>, line: &mut String) {
    let text = match value {
        ValueRef::Null => return,
        ValueRef::Text(text) => text.to_owned(),
        ValueRef::Bytes(bytes) => bytes.iter().fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}")),
        ValueRef::Bool(value) => value.to_string(),
        ValueRef::Int(value) => value.to_string(),
        ValueRef::UInt(value) => value.to_string(),
        ValueRef::Float(value) => value.to_string(),
        ValueRef::Date(value) => value.to_string(),
        ValueRef::Time(value) => value.to_string(),
        ValueRef::DateTime(value) => value.to_string(),
        ValueRef::Timestamp(value) => value.to_string(),
        ValueRef::Uuid(value) => value.to_string(),
        ValueRef::Decimal(value) => value.to_string(),
        _ => return,
    };
    line.push('"');
    line.push_str(&text.replace('"', "\"\""));
    line.push('"');
}

/// A line of CSV.
pub(super) fn csv_line(row: &Row) -> String {
    let mut line = String::new();
    for index in 0..row.len() {
        if index > 0 {
            line.push(',');
        }
        csv_field(row.value(index).unwrap_or(ValueRef::Null), &mut line);
    }
    line.push('\n');
    line
}

/// The first line of CSV.
pub(super) fn csv_head<'a>(columns: impl Iterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for (index, column) in columns.enumerate() {
        if index > 0 {
            line.push(',');
        }
        csv_field(ValueRef::Text(column), &mut line);
    }
    line.push('\n');
    line
}

/// A row's values, to be bound elsewhere.
pub(super) fn params(row: &Row) -> Vec<Param<'static>> {
    (0..row.len()).map(|index| param(row.value(index).unwrap_or(ValueRef::Null))).collect()
}

fn param(value: ValueRef<'_>) -> Param<'static> {
    match value {
        ValueRef::Null => Param::Null,
        ValueRef::Bool(value) => Param::Bool(value),
        ValueRef::Int(value) => Param::Int(value),
        ValueRef::UInt(value) => Param::UInt(value),
        ValueRef::Float(value) => Param::Float(value),
        ValueRef::Text(text) => Param::Text(text.to_owned().into()),
        ValueRef::Bytes(bytes) => Param::Bytes(bytes.to_owned().into()),
        ValueRef::Date(value) => Param::Date(value),
        ValueRef::Time(value) => Param::Time(value),
        ValueRef::DateTime(value) => Param::DateTime(value),
        ValueRef::Timestamp(value) => Param::Timestamp(value),
        ValueRef::Uuid(value) => Param::Uuid(value),
        ValueRef::Decimal(value) => Param::Decimal(value),
        _ => Param::Invalid("a value of a kind that this command line does not know".into()),
    }
}

/// The values of a line of NDJSON in the order of the columns; what is missing is NULL.
pub(super) fn of_object(object: &Map<String, Value>, columns: &[String]) -> Vec<Param<'static>> {
    let param = |value: &Value| match value {
        Value::Null => Param::Null,
        Value::Bool(value) => Param::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => Param::Int(number),
            (_, Some(number), _) => Param::UInt(number),
            (.., number) => Param::Float(number.unwrap_or(f64::NAN)),
        },
        Value::String(text) => Param::Text(text.clone().into()),
        tree => Param::Json(tree.to_string().into()),
    };
    columns.iter().map(|column| object.get(column).map_or(Param::Null, param)).collect()
}

/// The same as a line of CSV.
pub(super) fn csv_of_object(object: &Map<String, Value>, columns: &[String]) -> String {
    let mut line = String::new();
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        match object.get(column) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => csv_field(ValueRef::Text(text), &mut line),
            Some(other) => csv_field(ValueRef::Text(&other.to_string()), &mut line),
        }
    }
    line.push('\n');
    line
}
