//! Schemas of merge patches (RFC 7396), made of the schemas of what they change.
//!
//! Every member of an object may be left out; one that the object need not have may also be null, which takes it away. What is
//! inside of an object is patched in the same way; a list is replaced as a whole.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Where the definitions of the types that are read stand, and those of their patches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    pub(super) inputs: &'static str,
    pub(super) patches: &'static str,
}

/// The schema of a patch to what `schema` describes. The names of the definitions whose patches it refers to are added to
/// `wanted`.
pub(super) fn patch_of(
    schema: &Value,
    definitions: &Map<String, Value>,
    places: Places,
    wanted: &mut BTreeSet<String>,
) -> Value {
    Making { definitions, places, wanted }.patch(schema)
}

struct Making<'a> {
    definitions: &'a Map<String, Value>,
    places: Places,
    wanted: &'a mut BTreeSet<String>,
}

impl Making<'_> {
    fn patch(&mut self, schema: &Value) -> Value {
        let Some(members) = schema.as_object() else { return schema.clone() };
        let mut patch = members.clone();
        patch.retain(|name, _| !matches!(name.as_str(), "required" | "minProperties" | "default") && !is_mark(name));
        if let Some(name) = self.referred(members).filter(|name| self.is_object(&self.definitions[*name], 0)) {
            let name = name.to_owned();
            patch.insert("$ref".into(), json!(format!("#{}/{name}", self.places.patches)));
            self.wanted.insert(name);
        }
        if let Some(Value::Object(properties)) = members.get("properties") {
            let required = members.get("required").and_then(Value::as_array);
            let is_required = |name: &str| required.is_some_and(|list| list.iter().any(|one| one == name));
            let properties = properties.iter().map(|(name, schema)| {
                let schema = self.patch(schema);
                (name.clone(), if is_required(name) { schema } else { nullable(schema) })
            });
            patch.insert("properties".into(), Value::Object(properties.collect()));
        }
        if let Some(rest @ Value::Object(_)) = members.get("additionalProperties") {
            patch.insert("additionalProperties".into(), nullable(self.patch(rest)));
        }
        for keyword in ["allOf", "anyOf"] {
            self.patch_list(keyword, keyword, members, &mut patch);
        }
        // Of a patch, which has only some of the members, it may be open to which of the variants it belongs.
        if members.get("oneOf").is_some_and(|_| self.is_object(schema, 0)) {
            patch.remove("oneOf");
            self.patch_list("oneOf", "anyOf", members, &mut patch);
        }
        Value::Object(patch)
    }

    fn patch_list(&mut self, from: &str, to: &str, members: &Map<String, Value>, patch: &mut Map<String, Value>) {
        if let Some(Value::Array(schemas)) = members.get(from) {
            let schemas: Vec<_> = schemas.iter().map(|schema| self.patch(schema)).collect();
            patch.insert(to.into(), schemas.into());
        }
    }

    /// The name of the definition that a schema refers to.
    fn referred<'s>(&self, schema: &'s Map<String, Value>) -> Option<&'s str> {
        let name =
            schema.get("$ref")?.as_str()?.strip_prefix('#')?.strip_prefix(self.places.inputs)?.strip_prefix('/')?;
        self.definitions.contains_key(name).then_some(name)
    }

    /// Whether a schema is one of an object. A schema that leads back to itself is none.
    fn is_object(&self, schema: &Value, depth: usize) -> bool {
        let Some(members) = schema.as_object().filter(|_| depth < 16) else { return false };
        let among = |keyword: &str| {
            let schemas = members.get(keyword).and_then(Value::as_array);
            schemas.is_some_and(|schemas| schemas.iter().any(|schema| self.is_object(schema, depth + 1)))
        };
        members.get("type").is_some_and(|name| name == "object")
            || self.referred(members).is_some_and(|name| self.is_object(&self.definitions[name], depth + 1))
            || ["allOf", "anyOf", "oneOf"].into_iter().any(among)
    }
}

/// A mark that is of the type itself, such as its Rust path.
fn is_mark(keyword: &str) -> bool {
    keyword == "x-covet-type"
}

/// The same schema, which null has as well.
fn nullable(mut schema: Value) -> Value {
    let nothing = json!({ "type": "null" });
    let Some(members) = schema.as_object_mut().filter(|members| !members.is_empty()) else { return schema };
    let only = |keyword: &str| {
        ["enum", "const", "$ref", "oneOf", "allOf", "anyOf", "type"]
            .iter()
            .all(|other| *other == keyword || !members.contains_key(*other))
    };
    let (has_only_type, has_only_any) = (only("type"), only("anyOf"));
    if let (true, Some(name)) = (has_only_type, members.get_mut("type")) {
        let mut names = name.as_array().cloned().unwrap_or_else(|| vec![name.clone()]);
        if !names.contains(&json!("null")) {
            names.push(json!("null"));
        }
        *name = names.into();
        return schema;
    }
    if let (true, Some(Value::Array(schemas))) = (has_only_any, members.get_mut("anyOf")) {
        if !schemas.contains(&nothing) {
            schemas.push(nothing);
        }
        return schema;
    }
    let description = members.remove("description");
    schema = json!({ "anyOf": [schema, nothing] });
    if let Some(description) = description {
        schema["description"] = description;
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_optional_and_null_takes_away_what_need_not_be_there() {
        let places = Places { inputs: "/in", patches: "/patches" };
        let address = json!({ "type": "object", "properties": { "town": { "type": "string" } }, "required": ["town"] });
        let kind = json!({ "type": "string", "enum": ["a", "b"] });
        let definitions = json!({ "Address": address, "Kind": kind });
        let schema = json!({
            "type": "object",
            "properties": {
                "title": { "type": "string", "minLength": 1 },
                "stock": { "type": "integer", "default": 0 },
                "note": { "type": ["string", "null"] },
                "address": { "$ref": "#/in/Address" },
                "second": { "anyOf": [{ "$ref": "#/in/Address" }, { "type": "null" }] },
                "kind": { "$ref": "#/in/Kind", "description": "Which." },
                "prices": { "type": "object", "additionalProperties": { "type": "integer" } },
                "lines": { "type": "array", "items": { "$ref": "#/in/Address" } },
            },
            "required": ["title", "address"],
            "additionalProperties": false,
            "x-covet-type": "shop::Person",
        });
        let mut wanted = BTreeSet::new();
        let patch = patch_of(&schema, definitions.as_object().unwrap(), places, &mut wanted);
        let expected = json!({
            "type": "object",
            "properties": {
                "title": { "type": "string", "minLength": 1 },
                "stock": { "type": ["integer", "null"] },
                "note": { "type": ["string", "null"] },
                "address": { "$ref": "#/patches/Address" },
                "second": { "anyOf": [{ "$ref": "#/patches/Address" }, { "type": "null" }] },
                "kind": { "anyOf": [{ "$ref": "#/in/Kind" }, { "type": "null" }], "description": "Which." },
                "prices": { "type": ["object", "null"], "additionalProperties": { "type": ["integer", "null"] } },
                "lines": { "type": ["array", "null"], "items": { "$ref": "#/in/Address" } },
            },
            "additionalProperties": false,
        });
        assert_eq!(patch, expected, "{patch:#}");
        assert_eq!(wanted.into_iter().collect::<Vec<_>>(), ["Address"]);
    }
}
