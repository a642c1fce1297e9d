//! The schemas of the document's types.
//!
//! A type's schema can differ between reading and writing it (`default`, `skip_serializing`). Both are generated, each
//! into definitions of its own; in the end the two are joined: where a type has one schema it has one name, and where
//! it has two, the one for reading is called `…Input`.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

use super::enumeration;
use super::patch::{Places, patch_of};

/// Where the definitions of the types that are read stand until the two sets are joined.
const INPUTS: &str = "/x-inputs";
/// Where the definitions of the types that are written stand until the two sets are joined.
const OUTPUTS: &str = "/x-outputs";
/// Where the definitions of the patches stand until the sets are joined, under the names of what they change.
const PATCHES: &str = "/x-patches";
const PLACES: Places = Places { inputs: INPUTS, patches: PATCHES };
/// Where the joined definitions stand.
const JOINED: &str = "#/components/schemas/";
/// The mark that `#[covet::model]` leaves in a definition: the Rust path of the type.
const RUST_TYPE: &str = "x-covet-type";

/// The generators of the two sets of definitions.
#[derive(Debug)]
pub(crate) struct Schemas {
    inputs: SchemaGenerator,
    outputs: SchemaGenerator,
    /// The names of the input types of which there are patches.
    patched: BTreeSet<String>,
}

/// The joined definitions, and the names that references have now.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) definitions: Map<String, Value>,
    renamed: BTreeMap<String, String>,
    patches: BTreeMap<String, String>,
    pub(crate) faults: Vec<String>,
}

impl Schemas {
    pub(crate) fn new() -> Self {
        let settings = |path: &'static str| {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = path.into();
                settings.meta_schema = None;
            })
        };
        Schemas {
            inputs: settings(INPUTS).for_deserialize().into_generator(),
            outputs: settings(OUTPUTS).for_serialize().into_generator(),
            patched: BTreeSet::new(),
        }
    }

    /// The schema of a type as it is read.
    pub(crate) fn input<T: JsonSchema + ?Sized>(&mut self) -> Value {
        self.inputs.subschema_for::<T>().into()
    }

    /// The schema of a type as it is written.
    pub(crate) fn output<T: JsonSchema + ?Sized>(&mut self) -> Value {
        self.outputs.subschema_for::<T>().into()
    }

    /// The schema of a merge patch to a type.
    pub(crate) fn merge_patch<T: JsonSchema + ?Sized>(&mut self) -> Value {
        let schema = self.input::<T>();
        patch_of(&schema, self.inputs.definitions(), PLACES, &mut self.patched)
    }

    pub(crate) fn outputs(&mut self) -> &mut SchemaGenerator {
        &mut self.outputs
    }

    /// The schema of a type as it is read, without being a reference itself: enumerations of parameters are easier to
    /// read so.
    pub(crate) fn resolved_input<T: JsonSchema + ?Sized>(&mut self) -> Value {
        let schema = self.input::<T>();
        self.resolve(&schema).cloned().unwrap_or(schema)
    }

    /// Whether a type may be left out.
    pub(crate) fn is_optional<T: JsonSchema + ?Sized>(&mut self) -> bool {
        let schema = self.input::<T>();
        allows_null(&schema) || self.resolve(&schema).is_some_and(allows_null)
    }

    /// Whether a schema is one of an object, seen through one reference or an option.
    pub(crate) fn is_object(&self, schema: &Value) -> bool {
        let schema = self.resolve(schema).unwrap_or(schema);
        let is_object = |schema: &Value| match schema.get("type") {
            Some(Value::String(name)) => name == "object",
            Some(Value::Array(names)) => names.iter().any(|name| name == "object"),
            _ => false,
        };
        let alternatives = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
        is_object(schema) || alternatives.map(|one| self.resolve(one).unwrap_or(one)).any(is_object)
    }

    fn resolve(&self, schema: &Value) -> Option<&Value> {
        let name = schema.get("$ref")?.as_str()?.strip_prefix('#')?.strip_prefix(INPUTS)?.strip_prefix('/')?;
        self.inputs.definitions().get(name)
    }

    /// Joins the two sets of definitions.
    pub(crate) fn join(mut self) -> Joined {
        let inputs = self.inputs.take_definitions(true);
        let outputs = self.outputs.take_definitions(true);
        let faults = clashes(&inputs, &outputs);
        let differing = differing(&inputs, &outputs);
        let mut joined = Joined { definitions: Map::new(), renamed: BTreeMap::new(), patches: BTreeMap::new(), faults };
        for name in inputs.keys() {
            let new = if differing.contains(name.as_str()) {
                free_name(name, "Input", &inputs, &outputs)
            } else {
                name.clone()
            };
            joined.renamed.insert(name.clone(), new);
        }
        let patches = patches(self.patched, &inputs);
        for name in patches.keys() {
            joined.patches.insert(name.clone(), free_name(&format!("{name}Patch"), "", &inputs, &outputs));
        }
        let mut definitions: Vec<(String, Value)> = outputs.into_iter().collect();
        for (name, schema) in inputs {
            let new = joined.renamed.get(&name).cloned().unwrap_or(name);
            if !definitions.iter().any(|(known, _)| *known == new) {
                definitions.push((new, schema));
            }
        }
        definitions.extend(patches.into_iter().map(|(name, schema)| (joined.patches[&name].clone(), schema)));
        definitions.sort_by(|(left, _), (right, _)| left.cmp(right));
        for (name, mut schema) in definitions {
            joined.finish(&mut schema);
            joined.definitions.insert(name, schema);
        }
        joined
    }
}

impl Joined {
    /// Points every reference in a part of the document at the joined definitions.
    pub(crate) fn finish(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                enumeration::merge(members);
                if let Some(Value::String(reference)) = members.get_mut("$ref") {
                    self.point(reference);
                }
                members.values_mut().for_each(|member| self.finish(member));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.finish(item)),
            _ => {}
        }
    }

    fn point(&self, reference: &mut String) {
        let named = |path: &str| reference.strip_prefix('#')?.strip_prefix(path)?.strip_prefix('/').map(str::to_owned);
        if let Some(name) = named(INPUTS) {
            *reference = format!("{JOINED}{}", self.renamed.get(&name).unwrap_or(&name));
        } else if let Some(name) = named(PATCHES) {
            *reference = format!("{JOINED}{}", self.patches.get(&name).unwrap_or(&name));
        } else if let Some(name) = named(OUTPUTS) {
            *reference = format!("{JOINED}{name}");
        }
    }
}

fn allows_null(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == "null",
        Some(Value::Array(names)) => names.iter().any(|name| name == "null"),
        _ => schema.get("anyOf").and_then(Value::as_array).is_some_and(|one| one.iter().any(allows_null)),
    }
}

/// The names that have another schema in each set, also when only a type that they refer to has.
fn differing(inputs: &Map<String, Value>, outputs: &Map<String, Value>) -> BTreeSet<String> {
    let comparable = |schema: &Value| schema.to_string().replace(OUTPUTS, INPUTS);
    let both = || inputs.iter().filter_map(|(name, input)| Some((name, input, outputs.get(name)?)));
    let mut differing: BTreeSet<String> = both()
        .filter(|(_, input, output)| comparable(input) != comparable(output))
        .map(|(name, ..)| name.clone())
        .collect();
    loop {
        let refers = |schema: &Value| differing.iter().any(|name| refers_to(schema, &format!("#{INPUTS}/{name}")));
        let more: Vec<String> = both()
            .filter(|(name, input, _)| !differing.contains(name.as_str()) && refers(input))
            .map(|(name, ..)| name.clone())
            .collect();
        if more.is_empty() {
            return differing;
        }
        differing.extend(more);
    }
}

fn refers_to(schema: &Value, reference: &str) -> bool {
    match schema {
        Value::Object(members) => {
            members.get("$ref").is_some_and(|value| value == reference)
                || members.values().any(|member| refers_to(member, reference))
        }
        Value::Array(items) => items.iter().any(|item| refers_to(item, reference)),
        _ => false,
    }
}

/// The patches of the types of these names, and of the types inside of them.
fn patches(mut wanted: BTreeSet<String>, inputs: &Map<String, Value>) -> BTreeMap<String, Value> {
    let mut made = BTreeMap::new();
    while let Some(name) = wanted.pop_first() {
        if let Entry::Vacant(place) = made.entry(name) {
            let schema = inputs.get(place.key()).cloned().unwrap_or_default();
            place.insert(patch_of(&schema, inputs, PLACES, &mut wanted));
        }
    }
    made
}

fn free_name(name: &str, ending: &str, inputs: &Map<String, Value>, outputs: &Map<String, Value>) -> String {
    let mut new = format!("{name}{ending}");
    while inputs.contains_key(&new) || outputs.contains_key(&new) {
        new.push('_');
    }
    new
}

/// Two Rust types that would share a name. The generator has put a number behind the second one's name, and both
/// carry the mark of their Rust path.
fn clashes(inputs: &Map<String, Value>, outputs: &Map<String, Value>) -> Vec<String> {
    let mut faults = BTreeSet::new();
    for definitions in [inputs, outputs] {
        for (name, schema) in definitions {
            let base = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let (Some(first), true) = (definitions.get(base), base != name) else { continue };
            let (Some(first), Some(second)) = (rust_type(first), rust_type(schema)) else { continue };
            if first != second && type_name(first) == type_name(second) {
                faults.insert(clash(first, second, base));
            }
        }
    }
    let across =
        inputs.iter().filter_map(|(name, input)| Some((name, rust_type(input)?, rust_type(outputs.get(name)?)?)));
    for (name, first, second) in across.filter(|(_, first, second)| first != second) {
        faults.insert(clash(first, second, name));
    }
    faults.into_iter().collect()
}

/// What to do about two types of one name. Two of one generic type can only be told apart by what they are of.
fn clash(first: &str, second: &str, name: &str) -> String {
    let generic = |path: &str| path.split_once('<').map(|(generic, _)| generic.to_owned());
    let advice = match (generic(first), generic(second)) {
        (Some(first), Some(second)) if first == second => {
            format!("name it after its type parameter, say T, with #[schemars(rename = \"{{T}}{name}\")]")
        }
        _ => "give one of them another name there with #[schemars(rename = \"…\")]".to_owned(),
    };
    format!("the types `{first}` and `{second}` would both be `{name}` in the OpenAPI document; {advice}")
}

fn rust_type(schema: &Value) -> Option<&str> {
    schema.get(RUST_TYPE)?.as_str()
}

/// The name of a type without its path and its parameters.
fn type_name(path: &str) -> &str {
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

/// The schema of a map of members, as a part of a definition made by hand.
pub(crate) fn object(members: impl IntoIterator<Item = (&'static str, Schema)>) -> Map<String, Value> {
    members.into_iter().map(|(name, schema)| (name.to_owned(), schema.into())).collect()
}
