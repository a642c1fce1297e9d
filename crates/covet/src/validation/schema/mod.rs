//! A type's own schema, compiled once for the walk that explains failures.

mod compile;
mod shape;

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

#[cfg(feature = "csv")]
pub(crate) use shape::Property;
pub(crate) use shape::{Additional, Choice, Kinds, ListShape, NumberShape, ObjectShape, Shape, ShapeId, Shapes, Union};

use super::model::Input;

/// The schema keyword that names the Rust type behind a definition.
const TYPE: &str = "x-covet-type";

/// The schema keyword for the further names of a member, which JSON Schema has no word for.
const ALIASES: &str = "x-covet-aliases";

/// The schema keyword for lists whose items Covet compares. A set's schema says `uniqueItems` too, but a set takes equal items
/// and keeps one of them.
pub(super) const UNIQUE: &str = "x-covet-unique";

/// The pattern by which a decimal's schema is known.
pub(super) const DECIMAL: &str = r"^-?\d+(\.\d+)?([eE]\d+)?$";

/// One entry for each type that was ever explained or read from text; their number is bounded by the program's text.
static CACHE: LazyLock<RwLock<HashMap<TypeId, &'static Shapes>>> = LazyLock::new(RwLock::default);

impl Shapes {
    /// The compiled schema of a type, as it is read.
    pub(crate) fn of<T: Input>() -> &'static Self {
        let id = TypeId::of::<T>();
        if let Some(shapes) = CACHE.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return shapes;
        }
        let shapes: &'static Self = Box::leak(Box::new(Self::compile(&schema_of::<T>())));
        CACHE.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(shapes)
    }
}

fn schema_of<T: Input>() -> Value {
    let schema = SchemaSettings::draft2020_12().for_deserialize().into_generator().into_root_schema_for::<T>();
    let mut schema = Value::from(schema);
    narrow_decimals(&mut schema);
    schema
}

/// Makes decimals what they are here: text. A number of JSON is read as a binary fraction before a decimal sees it, and
/// would lose digits without a word.
pub(crate) fn narrow_decimals(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let is_decimal = members.get("pattern").is_some_and(|pattern| pattern == DECIMAL)
                && members.get("type").is_some_and(|kinds| *kinds == serde_json::json!(["string", "number"]));
            if is_decimal {
                members.insert("type".to_owned(), "string".into());
            }
            members.values_mut().for_each(narrow_decimals);
        }
        Value::Array(items) => items.iter_mut().for_each(narrow_decimals),
        _ => {}
    }
}

/// Names the Rust type in its schema, so that two types of one name can be told apart.
pub fn mark_type<T: ?Sized>(schema: &mut Schema) {
    schema.insert(TYPE.to_owned(), std::any::type_name::<T>().into());
}

/// Removes the keywords that are only for Covet itself (`x-covet-…`) from a schema and all that is in it.
///
/// ```
/// let mut schema = serde_json::json!({"type": "object", "x-covet-type": "shop::Book"});
/// covet::validation::clean_schema(&mut schema);
/// assert_eq!(schema, serde_json::json!({"type": "object"}));
/// ```
pub fn clean(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|name, _| !name.starts_with("x-covet-"));
            members.values_mut().for_each(clean);
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        _ => {}
    }
}
