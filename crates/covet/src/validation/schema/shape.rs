//! The parts of a schema in the form in which a walk needs them.

use std::ops::{BitAnd, BitOr};

use serde_json::Value;

use crate::validation::rule::{Format, Items, Length, MultipleOf, Pattern, Range};

/// A place in [`Shapes`]; recursion in a schema is a cycle of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShapeId(pub(super) usize);

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Shapes {
    pub(super) shapes: Vec<Shape>,
    pub(super) root: ShapeId,
}

impl Shapes {
    pub(crate) fn root(&self) -> ShapeId {
        self.root
    }

    pub(crate) fn get(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0]
    }
}

/// The JSON types that a schema allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const NULL: Self = Self(1);
    pub(crate) const BOOLEAN: Self = Self(1 << 1);
    pub(crate) const INTEGER: Self = Self(1 << 2);
    /// Every number; a schema's `number` includes the whole ones.
    pub(crate) const NUMBER: Self = Self(1 << 3 | 1 << 2);
    /// The numbers that are not whole.
    pub(crate) const FRACTION: Self = Self(1 << 3);
    pub(crate) const STRING: Self = Self(1 << 4);
    pub(crate) const ARRAY: Self = Self(1 << 5);
    pub(crate) const OBJECT: Self = Self(1 << 6);
    pub(crate) const NOT_NULL: Self = Self(0x7e);
    pub(crate) const ALL: Self = Self(0x7f);

    const NAMES: [(Self, &'static str, &'static str); 7] = [
        (Self::STRING, "string", "a string"),
        (Self::NUMBER, "number", "a number"),
        (Self::INTEGER, "integer", "a whole number"),
        (Self::BOOLEAN, "boolean", "true or false"),
        (Self::ARRAY, "array", "a list"),
        (Self::OBJECT, "object", "an object"),
        (Self::NULL, "null", "null"),
    ];

    pub(super) fn named(name: &str) -> Self {
        Self::NAMES.into_iter().find(|(_, known, _)| *known == name).map_or(Self::NONE, |(kinds, ..)| kinds)
    }

    /// Whether all of the others are allowed here.
    pub(crate) fn contains(self, others: Self) -> bool {
        self & others == others
    }

    pub(crate) fn meets(self, others: Self) -> bool {
        self & others != Self::NONE
    }

    /// In words for a message: `a string, a number or null`.
    pub(crate) fn describe(self) -> String {
        let is_number = self.contains(Self::NUMBER);
        let names: Vec<_> = Self::NAMES
            .into_iter()
            .filter(|(kinds, name, _)| self.contains(*kinds) && !(is_number && *name == "integer"))
            .map(|(_, _, words)| words)
            .collect();
        match names.split_last() {
            None => "left out".to_owned(),
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
        }
    }
}

impl BitAnd for Kinds {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// One schema object.
#[derive(Debug)]
pub(crate) struct Shape {
    /// What its own `type` allows.
    pub(crate) kinds: Kinds,
    /// What all of it allows, with references and branches.
    pub(crate) all_kinds: Kinds,
    pub(crate) reference: Option<ShapeId>,
    pub(crate) all_of: Vec<ShapeId>,
    pub(crate) unions: Vec<Union>,
    /// `enum` and `const`.
    pub(crate) allowed: Option<Vec<Value>>,
    pub(crate) number: NumberShape,
    pub(crate) text: TextShape,
    pub(crate) list: ListShape,
    pub(crate) object: ObjectShape,
}

#[derive(Debug, Default)]
pub(crate) struct NumberShape {
    /// The smallest and the greatest number of the Rust type.
    pub(crate) width: Option<(i128, u128)>,
    pub(crate) range: Option<Range>,
    pub(crate) multiple_of: Option<MultipleOf>,
}

#[derive(Debug, Default)]
pub(crate) struct TextShape {
    pub(crate) length: Option<Length>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) format: Option<Format>,
}

#[derive(Debug, Default)]
pub(crate) struct ListShape {
    pub(crate) prefix: Vec<ShapeId>,
    pub(crate) items: Option<ShapeId>,
    pub(crate) count: Option<Items>,
    pub(crate) is_unique: bool,
}

#[derive(Debug, Default)]
pub(crate) struct ObjectShape {
    pub(crate) properties: Vec<Property>,
    pub(crate) required: Vec<String>,
    pub(crate) additional: Additional,
    pub(crate) count: Option<Items>,
}

impl ObjectShape {
    pub(crate) fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.is_called(name))
    }
}

#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) name: String,
    /// Further names under which serde reads it.
    pub(crate) aliases: Vec<String>,
    pub(crate) shape: ShapeId,
}

impl Property {
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }
}

/// What may stand beside the declared properties.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Additional {
    #[default]
    Anything,
    Nothing,
    Shaped(ShapeId),
}

/// Branches of which one (or, for `anyOf`, at least one) must fit.
#[derive(Debug)]
pub(crate) struct Union {
    pub(crate) branches: Vec<ShapeId>,
    pub(crate) choice: Choice,
}

/// How the meant branch is found.
#[derive(Debug)]
pub(crate) enum Choice {
    /// By the value of a member: internally and adjacently tagged enums.
    Tag { name: String, values: Vec<(String, ShapeId)> },
    /// By the name of the only member, or by a string: externally tagged enums.
    Name { names: Vec<(String, ShapeId)>, words: Vec<String> },
    /// By trying: untagged enums and options.
    Trial,
}
