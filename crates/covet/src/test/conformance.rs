//! Holding answers against the OpenAPI document.

use http::Method;
use serde_json::{Map, Value, json};

use super::Answer;
use crate::format::Format;
use crate::validation::{Faults, conforms};

/// Whether the document has this answer: its status, its media type and its value. What the document does not speak
/// of, such as the docs page or a path that is not served, is not held against it.
///
/// # Errors
/// What it does not have.
pub(super) fn check(document: &Value, method: &Method, path: &str, answer: &Answer) -> Result<(), String> {
    let Some(operation) = operation(document, method, path) else { return Ok(()) };
    let status = answer.status().as_u16();
    let responses = &operation["responses"];
    let response = [status.to_string(), format!("{}XX", status / 100), "default".to_owned()]
        .iter()
        .find_map(|key| responses.get(key))
        .ok_or_else(|| format!("the operation has no response {status}"))?;
    let response = resolve(document, response);
    let Some(content) = response.get("content").and_then(Value::as_object) else {
        return if answer.bytes().is_empty() { Ok(()) } else { Err(format!("the response {status} has no content")) };
    };
    // The answer to a HEAD is described by that of the GET, and has no body.
    if method == Method::HEAD {
        return Ok(());
    }
    check_content(document, content, answer)
}

fn check_content(document: &Value, content: &Map<String, Value>, answer: &Answer) -> Result<(), String> {
    let media_type = answer.header("content-type").unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let entry = content
        .get(essence)
        .or_else(|| content.get("*/*"))
        .ok_or_else(|| format!("the media type `{essence}` is none of {:?}", content.keys().collect::<Vec<_>>()))?;
    if answer.header("content-encoding").is_some() {
        // What is packed is not read again; the same answer without the coding is what tests look at.
        return Ok(());
    }
    if let Some(schema) = entry.get("x-itemSchema") {
        return check_items(answer.bytes(), &self_contained(document, schema));
    }
    let (Some(schema), Some(format)) = (entry.get("schema"), Format::of(essence)) else { return Ok(()) };
    let faults = faults(format, answer.bytes(), &self_contained(document, schema))?;
    match faults.first() {
        None => Ok(()),
        Some(first) => Err(format!("the value does not have its schema: {first} ({} faults)", faults.total())),
    }
}

/// Every line is a value of its own.
fn check_items(bytes: &[u8], schema: &Value) -> Result<(), String> {
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        if let Some(first) = conforms(line, schema)?.first() {
            return Err(format!("line {} does not have its schema: {first}", index + 1));
        }
    }
    Ok(())
}

fn faults(format: Format, bytes: &[u8], schema: &Value) -> Result<Faults, String> {
    match format {
        Format::Json => conforms(bytes, schema),
        #[cfg(feature = "_binary")]
        _ => {
            let tree = format.parse(bytes).map_err(|fault| format!("the value cannot be read: {fault}"))?;
            Ok(crate::validation::conforms_tree(&tree, schema))
        }
    }
}

/// The operation that answers this method at this path. A path without parameters comes before one with them.
fn operation<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let paths = document["paths"].as_object()?;
    let mut matching: Vec<_> = paths.iter().filter(|(template, _)| matches(template, path)).collect();
    matching.sort_by_key(|(template, _)| template.matches('{').count());
    let (_, item) = matching.first()?;
    let method = method.as_str().to_ascii_lowercase();
    item.get(&method).or_else(|| (method == "head").then(|| item.get("get")).flatten())
}

fn matches(template: &str, path: &str) -> bool {
    let (mut left, mut right) = (template.split('/'), path.split('/'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(name), Some(value)) if name == value || (name.starts_with('{') && !value.is_empty()) => {}
            _ => return false,
        }
    }
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

/// A schema of the document with the definitions that it refers to in its own `$defs`.
fn self_contained(document: &Value, schema: &Value) -> Value {
    let mut root = json!({ "allOf": [schema], "$defs": document["components"]["schemas"] });
    point_inside(&mut root);
    root
}

fn point_inside(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref") {
                *reference = reference.replace("#/components/schemas/", "#/$defs/");
            }
            members.values_mut().for_each(point_inside);
        }
        Value::Array(items) => items.iter_mut().for_each(point_inside),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn answer(status: u16, media_type: &str, body: &'static str) -> Answer {
        let response = http::Response::builder().status(status).header("content-type", media_type).body(()).unwrap();
        Answer::new(response.into_parts().0, Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn what_is_not_in_the_document_is_found() {
        let schema = json!({ "$ref": "#/components/schemas/Book" });
        let responses =
            json!({ "200": { "description": "", "content": { "application/json": { "schema": schema } } } });
        let book = json!({ "type": "object", "properties": { "id": { "type": "integer" } }, "required": ["id"] });
        let document = json!({
            "paths": { "/books/{id}": { "get": { "responses": responses } } },
            "components": { "schemas": { "Book": book } },
        });
        let check = |path: &str, answer: &Answer| check(&document, &Method::GET, path, answer);
        assert_eq!(check("/books/1", &answer(200, "application/json", r#"{"id":1}"#)), Ok(()));
        assert_eq!(check("/elsewhere", &answer(500, "text/plain", "")), Ok(()));
        let fault = |answer: &Answer| check("/books/1", answer).unwrap_err();
        assert_eq!(fault(&answer(404, "application/json", "{}")), "the operation has no response 404");
        assert!(fault(&answer(200, "text/plain", "x")).starts_with("the media type `text/plain` is none of"));
        assert!(fault(&answer(200, "application/json", r#"{"id":"x"}"#)).contains("/id"));
        assert!(fault(&answer(200, "application/json", "{}")).contains("/id"));
        assert!(fault(&answer(200, "application/json", "{")).contains("JSON"));
    }
}
