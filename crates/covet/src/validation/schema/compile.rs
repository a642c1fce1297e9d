//! From a schema document to shapes.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::shape::{
    Additional, Choice, Kinds, ListShape, NumberShape, ObjectShape, Property, Shape, ShapeId, Shapes, TextShape, Union,
};
use super::{ALIASES, UNIQUE};
use crate::validation::rule::{Format, Items, Length, MultipleOf, Pattern, Range, bound_of};

impl Shapes {
    pub(in crate::validation) fn compile(document: &Value) -> Self {
        let mut compiler = Compiler { document, shapes: Vec::new(), references: HashMap::new() };
        let root = compiler.shape(document);
        let mut shapes = Self { shapes: compiler.shapes, root };
        shapes.settle_kinds();
        shapes.settle_choices();
        shapes
    }

    /// Finds what each shape allows in all. References may form cycles, so this repeats until nothing changes.
    fn settle_kinds(&mut self) {
        loop {
            let settled: Vec<_> = self.shapes.iter().map(|shape| self.kinds_through(shape)).collect();
            let is_stable = self.shapes.iter().zip(&settled).all(|(shape, kinds)| shape.all_kinds == *kinds);
            for (shape, kinds) in self.shapes.iter_mut().zip(settled) {
                shape.all_kinds = kinds;
            }
            if is_stable {
                return;
            }
        }
    }

    fn kinds_through(&self, shape: &Shape) -> Kinds {
        let mut kinds = shape.kinds;
        for id in shape.reference.iter().chain(&shape.all_of) {
            kinds = kinds & self.get(*id).all_kinds;
        }
        for union in &shape.unions {
            kinds = kinds & union.branches.iter().fold(Kinds::NONE, |all, id| all | self.get(*id).all_kinds);
        }
        kinds
    }

    fn settle_choices(&mut self) {
        for at in 0..self.shapes.len() {
            for union in 0..self.shapes[at].unions.len() {
                let branches = &self.shapes[at].unions[union].branches;
                let choice = self.choice_by_name(branches).or_else(|| self.choice_by_tag(branches));
                self.shapes[at].unions[union].choice = choice.unwrap_or(Choice::Trial);
            }
        }
    }

    /// Every branch is a list of words, or an object with one member of its own name.
    fn choice_by_name(&self, branches: &[ShapeId]) -> Option<Choice> {
        let (mut names, mut words) = (Vec::new(), Vec::new());
        for id in branches {
            let shape = self.get(*id);
            match (&shape.allowed, shape.object.properties.as_slice(), shape.object.required.as_slice()) {
                (Some(allowed), [], []) if shape.kinds == Kinds::STRING => {
                    words.extend(allowed.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                (None, [only], [required]) if only.name == *required && self.constant(*id, required).is_none() => {
                    names.push((required.clone(), *id));
                }
                _ => return None,
            }
        }
        has_distinct_names(&names).then_some(Choice::Name { names, words })
    }

    /// Every branch is an object that has the same member with a word of its own in it.
    fn choice_by_tag(&self, branches: &[ShapeId]) -> Option<Choice> {
        let first = self.get(*branches.first()?);
        first.object.required.iter().find_map(|name| {
            let values: Option<Vec<_>> =
                branches.iter().map(|id| Some((self.constant(*id, name)?.to_owned(), *id))).collect();
            values.filter(|values| has_distinct_names(values)).map(|values| Choice::Tag { name: name.clone(), values })
        })
    }

    /// The only word that a member of an object may hold.
    fn constant(&self, object: ShapeId, name: &str) -> Option<&str> {
        let member = self.get(self.get(object).object.property(name)?.shape);
        match member.allowed.as_deref() {
            Some([Value::String(word)]) if member.kinds == Kinds::STRING => Some(word),
            _ => None,
        }
    }
}

fn has_distinct_names(branches: &[(String, ShapeId)]) -> bool {
    let names: HashSet<_> = branches.iter().map(|(name, _)| name).collect();
    names.len() == branches.len()
}

struct Compiler<'a> {
    document: &'a Value,
    shapes: Vec<Shape>,
    references: HashMap<&'a str, ShapeId>,
}

impl<'a> Compiler<'a> {
    fn shape(&mut self, schema: &'a Value) -> ShapeId {
        let id = self.reserve();
        self.fill(id, schema);
        id
    }

    fn reserve(&mut self) -> ShapeId {
        self.shapes.push(Shape {
            kinds: Kinds::ALL,
            all_kinds: Kinds::ALL,
            reference: None,
            all_of: Vec::new(),
            unions: Vec::new(),
            allowed: None,
            number: NumberShape::default(),
            text: TextShape::default(),
            list: ListShape::default(),
            object: ObjectShape::default(),
        });
        ShapeId(self.shapes.len() - 1)
    }

    fn fill(&mut self, id: ShapeId, schema: &'a Value) {
        let Value::Object(keywords) = schema else {
            if *schema == Value::Bool(false) {
                self.shapes[id.0].kinds = Kinds::NONE;
            }
            return;
        };
        let shape = Shape {
            kinds: kinds(keywords),
            all_kinds: Kinds::ALL,
            reference: keywords.get("$ref").and_then(Value::as_str).and_then(|target| self.referenced(target)),
            all_of: self.shapes_of(keywords, "allOf"),
            unions: ["oneOf", "anyOf"]
                .into_iter()
                .map(|keyword| self.shapes_of(keywords, keyword))
                .filter(|branches| !branches.is_empty())
                .map(|branches| Union { branches, choice: Choice::Trial })
                .collect(),
            allowed: allowed(keywords),
            number: number(keywords),
            text: text(keywords),
            list: self.list(keywords),
            object: self.object(keywords),
        };
        self.shapes[id.0] = shape;
    }

    /// A reference into the document. The place is reserved before it is filled, so that a type may refer to itself.
    fn referenced(&mut self, target: &'a str) -> Option<ShapeId> {
        if let Some(id) = self.references.get(target) {
            return Some(*id);
        }
        let schema = self.document.pointer(target.strip_prefix('#')?)?;
        let id = self.reserve();
        self.references.insert(target, id);
        self.fill(id, schema);
        Some(id)
    }

    fn shapes_of(&mut self, keywords: &'a Map<String, Value>, keyword: &str) -> Vec<ShapeId> {
        let schemas = keywords.get(keyword).and_then(Value::as_array);
        schemas.into_iter().flatten().map(|schema| self.shape(schema)).collect()
    }

    fn list(&mut self, keywords: &'a Map<String, Value>) -> ListShape {
        ListShape {
            prefix: self.shapes_of(keywords, "prefixItems"),
            items: keywords.get("items").map(|items| self.shape(items)),
            count: count(keywords, "minItems", "maxItems"),
            is_unique: keywords.get(UNIQUE) == Some(&Value::Bool(true)),
        }
    }

    fn object(&mut self, keywords: &'a Map<String, Value>) -> ObjectShape {
        let properties = keywords.get("properties").and_then(Value::as_object).into_iter().flatten();
        ObjectShape {
            properties: properties.map(|(name, schema)| self.property(name, schema)).collect(),
            required: strings(keywords.get("required")),
            additional: match keywords.get("additionalProperties") {
                None | Some(Value::Bool(true)) => Additional::Anything,
                Some(Value::Bool(false)) => Additional::Nothing,
                Some(schema) => Additional::Shaped(self.shape(schema)),
            },
            count: count(keywords, "minProperties", "maxProperties"),
        }
    }

    fn property(&mut self, name: &str, schema: &'a Value) -> Property {
        Property { name: name.to_owned(), aliases: strings(schema.get(ALIASES)), shape: self.shape(schema) }
    }
}

fn kinds(keywords: &Map<String, Value>) -> Kinds {
    match keywords.get("type") {
        Some(Value::String(name)) => Kinds::named(name),
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).fold(Kinds::NONE, |kinds, name| kinds | Kinds::named(name))
        }
        _ => Kinds::ALL,
    }
}

fn allowed(keywords: &Map<String, Value>) -> Option<Vec<Value>> {
    match (keywords.get("const"), keywords.get("enum")) {
        (Some(constant), _) => Some(vec![constant.clone()]),
        (None, Some(Value::Array(values))) => Some(values.clone()),
        _ => None,
    }
}

fn number(keywords: &Map<String, Value>) -> NumberShape {
    let bound = |keyword| keywords.get(keyword).and_then(bound_of);
    let range = Range {
        min: bound("minimum"),
        max: bound("maximum"),
        exclusive_min: bound("exclusiveMinimum"),
        exclusive_max: bound("exclusiveMaximum"),
    };
    NumberShape {
        width: keywords.get("format").and_then(Value::as_str).and_then(width),
        range: (range != Range::default()).then_some(range),
        multiple_of: bound("multipleOf").map(MultipleOf),
    }
}

/// The bounds of Rust's integers, by the names that their schemas have as `format`.
fn width(format: &str) -> Option<(i128, u128)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX as u128),
        "int16" => (i16::MIN.into(), i16::MAX as u128),
        "int32" => (i32::MIN.into(), i32::MAX as u128),
        "int64" => (i64::MIN.into(), i64::MAX as u128),
        "int" => (isize::MIN as i128, isize::MAX as u128),
        "int128" => (i128::MIN, i128::MAX as u128),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" => (0, u64::MAX.into()),
        "uint" => (0, usize::MAX as u128),
        "uint128" => (0, u128::MAX),
        _ => return None,
    })
}

fn text(keywords: &Map<String, Value>) -> TextShape {
    let string = |keyword| keywords.get(keyword).and_then(Value::as_str);
    let length = Length { min: size(keywords, "minLength"), max: size(keywords, "maxLength") };
    let mut shape = TextShape {
        length: (length != Length::default()).then_some(length),
        pattern: string("pattern").map(|pattern| Pattern::owned(pattern.to_owned())),
        format: string("format").and_then(Format::named),
    };
    // The schema of a decimal is a pattern that would tell people nothing.
    if string("pattern") == Some(super::DECIMAL) {
        shape.pattern = None;
        shape.format = Some(Format::Decimal);
    }
    shape
}

fn count(keywords: &Map<String, Value>, min: &str, max: &str) -> Option<Items> {
    let items = Items { min: size(keywords, min), max: size(keywords, max) };
    (items != Items::default()).then_some(items)
}

fn size(keywords: &Map<String, Value>, keyword: &str) -> Option<usize> {
    keywords.get(keyword).and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok())
}

fn strings(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
