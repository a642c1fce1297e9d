//! CSV (RFC 4180): lists of flat models as a table.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::BoxError;

/// One entry for each type that was ever asked for; their number is bounded by the program's text.
static CACHE: LazyLock<RwLock<HashMap<TypeId, Columns>>> = LazyLock::new(RwLock::default);

/// The names of the columns, if there can be any.
type Columns = Option<&'static [String]>;

/// The columns of a list of models, in the order of the schema's properties; `None` for what is not a list, or whose
/// rows are not flat.
pub(crate) fn columns_of<T: JsonSchema + 'static>() -> Columns {
    let id = TypeId::of::<T>();
    if let Some(columns) = CACHE.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
        return *columns;
    }
    let schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    let columns = columns(schema.as_value()).map(|columns| &*columns.leak());
    *CACHE.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(columns)
}

fn columns(root: &Value) -> Option<Vec<String>> {
    let row = resolve(root, root.get("items")?);
    let properties = row.get("properties")?.as_object()?;
    let is_closed = ["oneOf", "anyOf", "allOf", "patternProperties"].iter().all(|keyword| row.get(keyword).is_none());
    let is_open = row.get("additionalProperties").is_some_and(|value| *value != Value::Bool(false));
    let is_flat = is_closed && !is_open && properties.values().all(|property| is_scalar(root, property, 0));
    is_flat.then(|| properties.keys().cloned().collect())
}

fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

/// Whether a value always fits into one cell.
fn is_scalar(root: &Value, schema: &Value, depth: usize) -> bool {
    let schema = resolve(root, schema);
    let is_word = |name: &Value| matches!(name.as_str(), Some("string" | "number" | "integer" | "boolean" | "null"));
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return choices.iter().all(is_cell);
    }
    if let Some(constant) = schema.get("const") {
        return is_cell(constant);
    }
    match schema.get("type") {
        Some(Value::Array(names)) => names.iter().all(is_word),
        Some(name) => is_word(name),
        None => {
            let branches = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
            let fits = |branches: &Vec<Value>| branches.iter().all(|branch| is_scalar(root, branch, depth + 1));
            depth < 8 && branches.is_some_and(fits)
        }
    }
}

fn is_cell(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

/// Writes a list under a line of names. Texts stand in quotes, so that an empty one is told from none.
pub(crate) fn write_rows<T: Serialize>(columns: &[String], list: &T, out: &mut Vec<u8>) -> Result<(), BoxError> {
    write_names(columns, out);
    let list = serde_json::to_value(list)?;
    for row in list.as_array().ok_or("a table is written from a list")? {
        write_cells(columns, row, out);
    }
    Ok(())
}

/// Writes the line of names.
pub(crate) fn write_names(columns: &[String], out: &mut Vec<u8>) {
    line(columns, write_name, out);
}

/// Writes one row.
pub(crate) fn write_row<T: Serialize>(columns: &[String], row: &T, out: &mut Vec<u8>) -> Result<(), BoxError> {
    write_cells(columns, &serde_json::to_value(row)?, out);
    Ok(())
}

fn write_cells(columns: &[String], row: &Value, out: &mut Vec<u8>) {
    line(columns, |name, out| write_cell(row.get(name).unwrap_or(&Value::Null), out), out);
}

fn line(columns: &[String], write: impl Fn(&str, &mut Vec<u8>), out: &mut Vec<u8>) {
    for (index, name) in columns.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(name, out);
    }
    out.extend(b"\r\n");
}

fn write_name(name: &str, out: &mut Vec<u8>) {
    if name.contains([',', '"', '\r', '\n']) { write_quoted(name, out) } else { out.extend(name.as_bytes()) }
}

fn write_cell(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => {}
        Value::String(text) => write_quoted(text, out),
        other => out.extend(other.to_string().as_bytes()),
    }
}

fn write_quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}
