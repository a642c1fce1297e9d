//! The whole document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::operation::{Parameter, RequestBody, ResponseEntry};
use super::schemas::object;
use super::{Operation, Schemas};
use crate::format::Format;
use crate::problem::{ProblemType, Problems};
use crate::routing::Route;
use crate::validation::{clean_schema, narrow_decimals};

/// A route with its description.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) method: http::Method,
    pub(crate) path: String,
    pub(crate) value: Value,
}

impl Described {
    /// The Operation Object of a route (OpenAPI 3.1, section 4.8.10).
    pub(crate) fn new(route: &Route, operation: Operation<'_>) -> Self {
        let mut value = Map::new();
        if !route.tags.is_empty() {
            value.insert("tags".into(), json!(route.tags));
        }
        for (member, text) in [("summary", &route.summary), ("description", &route.description)] {
            if !text.is_empty() {
                value.insert(member.into(), json!(text));
            }
        }
        value.insert("operationId".into(), json!(route.operation_id));
        if route.deprecated {
            value.insert("deprecated".into(), json!(true));
        }
        #[cfg(feature = "template")]
        let has_pages = !operation.views.is_empty();
        #[cfg(not(feature = "template"))]
        let has_pages = false;
        let Operation { parameters, body, responses, problems, security, .. } = operation;
        if let Some(security) = security {
            value.insert("security".into(), security);
        }
        insert_rest(&mut value, parameters, body, responses, &problems, has_pages);
        Described { method: route.method.clone(), path: route.path.clone(), value: Value::Object(value) }
    }
}

fn insert_rest(
    value: &mut Map<String, Value>,
    parameters: Vec<Parameter>,
    body: Option<RequestBody>,
    responses: BTreeMap<String, ResponseEntry>,
    problems: &Problems,
    has_pages: bool,
) {
    if !parameters.is_empty() {
        value.insert("parameters".into(), json!(parameters));
    }
    if let Some(body) = body {
        value.insert("requestBody".into(), json!(body));
    }
    let mut all: BTreeMap<String, Value> =
        responses.into_iter().map(|(status, entry)| (status, json!(entry))).collect();
    let mut by_status: BTreeMap<u16, Vec<&ProblemType>> = BTreeMap::new();
    for problem in &problems.types {
        by_status.entry(problem.status).or_default().push(problem);
    }
    for (status, problems) in by_status {
        all.insert(status.to_string(), problem_response(&problems, has_pages));
    }
    value.insert("responses".into(), json!(all));
}

/// The response of the problems that share a status. Where the operation answers pages, problems are pages as well.
fn problem_response(problems: &[&ProblemType], has_pages: bool) -> Value {
    if let ([only], false) = (problems, has_pages) {
        return json!({ "$ref": format!("#/components/responses/{}", only.name) });
    }
    let titles: Vec<_> = problems.iter().map(|problem| problem.title).collect();
    let alternatives: Vec<_> = problems.iter().map(|problem| schema_reference(problem)).collect();
    let mut content = problem_content(&json!({ "anyOf": alternatives }));
    if has_pages {
        content.insert("text/html".to_owned(), json!({ "schema": { "type": "string" } }));
    }
    json!({ "description": titles.join("; or: "), "content": content })
}

/// A problem in every format that it can be had in.
fn problem_content(schema: &Value) -> Map<String, Value> {
    let entry = |format: &Format| (format.problem_type().to_owned(), json!({ "schema": schema }));
    Format::ALL.iter().map(entry).collect()
}

fn schema_reference(problem: &ProblemType) -> Value {
    json!({ "$ref": format!("#/components/schemas/problem-{}", problem.name) })
}

/// The whole document, and the faults that only show now.
pub(crate) fn document(
    info: Value,
    mut schemas: Schemas,
    described: Vec<Described>,
    problems: &Problems,
    security_schemes: Map<String, Value>,
) -> (Value, Vec<String>) {
    let members: Vec<_> = problems
        .types
        .iter()
        .map(|problem| problem.members.map(|members| object(members(schemas.outputs()))).unwrap_or_default())
        .collect();
    let joined = schemas.join();
    let mut definitions = joined.definitions.clone();
    definitions.insert("Problem".into(), base_problem());
    let mut responses = Map::new();
    for (problem, members) in problems.types.iter().zip(members) {
        definitions.insert(format!("problem-{}", problem.name), problem_schema(problem, members));
        let content = problem_content(&schema_reference(problem));
        responses.insert(problem.name.into(), json!({ "description": problem.title, "content": content }));
    }
    let mut document = json!({
        "openapi": "3.1.1",
        "info": info,
        "servers": [{ "url": "/" }],
        "security": [],
        "paths": paths(described),
        "components": { "schemas": definitions, "responses": responses },
    });
    if !security_schemes.is_empty() {
        document["components"]["securitySchemes"] = security_schemes.into();
    }
    joined.finish(&mut document);
    clean_schema(&mut document);
    narrow_decimals(&mut document);
    remove_unused(&mut document);
    let mut faults = joined.faults.clone();
    check_references(&document, &document, &mut faults);
    (document, faults)
}

fn paths(described: Vec<Described>) -> Map<String, Value> {
    let mut paths = Map::new();
    for Described { method, path, value } in described {
        // A catch-all has no syntax of its own in OpenAPI; it is a parameter whose value may hold slashes.
        let item = paths.entry(path.replace("{*", "{")).or_insert_with(|| json!({}));
        item[method.as_str().to_ascii_lowercase()] = value;
    }
    paths
}

/// The members that every problem has (RFC 9457, section 3.1), and our `errors`.
fn base_problem() -> Value {
    let fault = json!({
        "type": "object",
        "properties": {
            "in": { "enum": ["body", "query", "path", "header", "cookie"] },
            "pointer": { "type": "string", "description": "The place in the body or in the parameter (RFC 6901)." },
            "parameter": { "type": "string", "description": "The name of the parameter." },
            "code": { "type": "string", "description": "The kind of rule; stable." },
            "message": { "type": "string", "description": "How to mend it, for people." },
        },
        "required": ["in", "code", "message"],
    });
    json!({
        "type": "object",
        "description": "An error (RFC 9457).",
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "The kind of problem; a page tells more." },
            "title": { "type": "string", "description": "What is wrong, in a few words." },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string", "description": "What is wrong this time, for people." },
            "instance": { "type": "string", "format": "uri-reference", "description": "The request's id, as it is in the log." },
            "errors": { "type": "array", "description": "Every violated rule.", "items": fault },
            "omitted": { "type": "integer", "description": "How many more there are than are listed." },
        },
        "required": ["type", "title", "status", "instance"],
    })
}

fn problem_schema(problem: &ProblemType, members: Map<String, Value>) -> Value {
    let mut properties = json!({ "type": { "const": problem.uri() }, "status": { "const": problem.status } });
    let names: Vec<String> = members.keys().cloned().collect();
    for (name, schema) in members {
        properties[name] = schema;
    }
    let mut own = json!({ "properties": properties });
    if !names.is_empty() {
        own["required"] = json!(names);
    }
    json!({
        "title": problem.title,
        "description": problem.description,
        "allOf": [{ "$ref": "#/components/schemas/Problem" }, own],
    })
}

/// Removes the components that nothing refers to: problems that no operation can be, and models whose members are
/// parameters.
fn remove_unused(document: &mut Value) {
    let mut used = BTreeSet::new();
    collect_references(&document["paths"], document, &mut used);
    for kind in ["schemas", "responses"] {
        if let Some(components) = document["components"][kind].as_object_mut() {
            components.retain(|name, _| used.contains(&format!("#/components/{kind}/{name}")));
        }
    }
}

fn collect_references(value: &Value, document: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref")
                && used.insert(reference.clone())
                && let Some(target) = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer))
            {
                collect_references(target, document, used);
            }
            members.values().for_each(|member| collect_references(member, document, used));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, document, used)),
        _ => {}
    }
}

/// Every reference of the document must lead somewhere.
fn check_references(value: &Value, document: &Value, faults: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let found = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
                if found.is_none() {
                    faults.push(format!("the OpenAPI document refers to `{reference}`, which it does not have"));
                }
            }
            members.values().for_each(|member| check_references(member, document, faults));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(item, document, faults)),
        _ => {}
    }
}
