//! From texts to a tree, as the schema means them.

use std::borrow::Cow;

use super::encoding::Pair;
use super::encoding::is_same_header;
use super::groups::{Group, Groups};
use crate::validation::schema::{Additional, Kinds, ShapeId, Shapes};
use crate::validation::tree::{Node, is_number, plain};

/// How many references and branches are followed in search of a name.
const MAX_HOPS: usize = 16;

/// How deep brackets may lead, as in `a[b][c]`.
const MAX_BRACKETS: usize = 8;

pub(super) fn object<'p>(pairs: Vec<Pair<'p>>, shapes: &'static Shapes, ignores_case: bool) -> Node<'p> {
    Planter { shapes, ignores_case }.object(pairs, shapes.root(), MAX_BRACKETS)
}

pub(super) fn scalar<'p>(text: Cow<'p, str>, shapes: &'static Shapes) -> Node<'p> {
    let planter = Planter { shapes, ignores_case: false };
    planter.scalar(text, &Slot::at(shapes.root(), shapes))
}

pub(super) fn list<'p>(texts: impl Iterator<Item = Cow<'p, str>>, shapes: &'static Shapes) -> Node<'p> {
    Planter { shapes, ignores_case: false }.list(texts, shapes.root())
}

/// What a type says of one of its members.
#[cfg(feature = "csv")]
pub(super) fn slot(name: &str, shapes: &'static Shapes) -> Option<Slot> {
    Planter { shapes, ignores_case: false }.find(name, shapes.root(), MAX_HOPS)
}

/// The value of a member's text.
#[cfg(feature = "csv")]
pub(super) fn cell<'p>(text: Cow<'p, str>, slot: &Slot, shapes: &'static Shapes) -> Node<'p> {
    Planter { shapes, ignores_case: false }.scalar(text, slot)
}

/// What a name stands for: all kinds that any of its declarations allows, and the first of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    name: Option<&'static str>,
    kinds: Kinds,
    shape: ShapeId,
}

impl Slot {
    fn at(shape: ShapeId, shapes: &Shapes) -> Self {
        Self { name: None, kinds: shapes.get(shape).all_kinds, shape }
    }

    /// Whether the schema speaks of this kind. Where it says nothing at all, a text stays a text.
    pub(super) fn means(&self, kinds: Kinds) -> bool {
        self.kinds != Kinds::ALL && self.kinds.meets(kinds)
    }
}

struct Planter {
    shapes: &'static Shapes,
    ignores_case: bool,
}

impl Planter {
    fn object<'p>(&self, pairs: Vec<Pair<'p>>, id: ShapeId, brackets: usize) -> Node<'p> {
        let mut groups: Groups<'p, Slot> = Groups::new();
        let mut members = Vec::with_capacity(pairs.len());
        for (name, text) in pairs {
            match self.slot(&name, id, brackets) {
                None => members.push((name, Node::String(text))),
                Some((base, rest, slot)) => {
                    let entry = (rest, text);
                    match groups.find(&base) {
                        Some(group) => group.texts.push(entry),
                        None => groups.push(Group { name: base, slot, texts: vec![entry] }),
                    }
                }
            }
        }
        for group in groups.list {
            self.group(group, brackets, &mut members);
        }
        Node::Object(members)
    }

    /// The declaration of a name, and what of the name is left for the object or list that it declares.
    fn slot<'p>(
        &self,
        name: &Cow<'p, str>,
        id: ShapeId,
        brackets: usize,
    ) -> Option<(Cow<'p, str>, Cow<'p, str>, Slot)> {
        let whole = self.find(name, id, MAX_HOPS);
        if whole.is_none_or(|slot| slot.name.is_none())
            && let Some(nested) = self.bracketed(name, id, brackets)
        {
            return Some(nested);
        }
        whole.map(|slot| (slot.name.map_or_else(|| name.clone(), Cow::Borrowed), Cow::Borrowed(""), slot))
    }

    /// The same for a name with brackets behind it.
    fn bracketed<'p>(&self, name: &str, id: ShapeId, brackets: usize) -> Option<(Cow<'p, str>, Cow<'p, str>, Slot)> {
        let at = name.find('[').filter(|_| name.ends_with(']') && brackets > 0)?;
        let slot = self.find(&name[..at], id, MAX_HOPS)?;
        let base = slot.name.map_or_else(|| Cow::Owned(name[..at].to_owned()), Cow::Borrowed);
        if &name[at..] == "[]" && slot.means(Kinds::ARRAY) {
            return Some((base, Cow::Borrowed(""), slot));
        }
        slot.means(Kinds::OBJECT).then(|| (base, Cow::Owned(name[at..].to_owned()), slot))
    }

    fn find(&self, name: &str, id: ShapeId, hops: usize) -> Option<Slot> {
        let shape = self.shapes.get(id);
        let is_called = |known: &str| known == name || (self.ignores_case && is_same_header(known, name));
        let declared =
            shape.object.properties.iter().find(|property| property.is_called(name) || is_called(&property.name));
        let mut found = declared.map(|property| {
            let is_alias = !is_called(&property.name);
            Slot { name: (!is_alias).then_some(property.name.as_str()), ..Slot::at(property.shape, self.shapes) }
        });
        if let (None, Additional::Shaped(id)) = (&found, shape.object.additional) {
            found = Some(Slot::at(id, self.shapes));
        }
        if hops == 0 {
            return found;
        }
        let branches = shape.unions.iter().flat_map(|union| &union.branches);
        for id in shape.reference.iter().chain(&shape.all_of).chain(branches) {
            found = merged(found, self.find(name, *id, hops - 1));
        }
        found
    }

    fn group<'p>(&self, group: Group<'p, Slot>, brackets: usize, members: &mut Vec<(Cow<'p, str>, Node<'p>)>) {
        let Group { name, slot, texts } = group;
        let is_nested = texts.iter().any(|(rest, _)| !rest.is_empty());
        if is_nested {
            let inner = texts.into_iter().map(|(rest, text)| (inner_name(&rest), text)).collect();
            members.push((name, self.object(inner, slot.shape, brackets - 1)));
        } else if slot.means(Kinds::ARRAY) {
            members.push((name, self.list(texts.into_iter().map(|(_, text)| text), slot.shape)));
        } else {
            // A name that stands twice is two members, which the walk reports as what they are.
            members.extend(texts.into_iter().map(|(_, text)| (name.clone(), self.scalar(text, &slot))));
        }
    }

    fn list<'p>(&self, texts: impl Iterator<Item = Cow<'p, str>>, id: ShapeId) -> Node<'p> {
        let item = |(index, text)| match self.item(id, index, MAX_HOPS) {
            Some(item) => self.scalar(text, &Slot::at(item, self.shapes)),
            None => Node::String(text),
        };
        Node::Array(texts.enumerate().map(item).collect())
    }

    fn item(&self, id: ShapeId, index: usize, hops: usize) -> Option<ShapeId> {
        let shape = self.shapes.get(id);
        let own = shape.list.prefix.get(index).copied().or(shape.list.items);
        if own.is_some() || hops == 0 {
            return own;
        }
        let branches = shape.unions.iter().flat_map(|union| &union.branches);
        shape.reference.iter().chain(&shape.all_of).chain(branches).find_map(|id| self.item(*id, index, hops - 1))
    }

    fn scalar<'p>(&self, text: Cow<'p, str>, slot: &Slot) -> Node<'p> {
        if slot.kinds == Kinds::ALL || self.is_written_as_text(slot.shape, MAX_HOPS) {
            return Node::String(text);
        }
        match &*text {
            "" if slot.means(Kinds::NULL) && !slot.means(Kinds::STRING) => Node::Null,
            "true" if slot.means(Kinds::BOOLEAN) => Node::Bool(true),
            "false" if slot.means(Kinds::BOOLEAN) => Node::Bool(false),
            number if slot.means(Kinds::NUMBER) && is_number(number) => Node::Number(plain(text)),
            _ => Node::String(text),
        }
    }

    /// A type that takes strings beside numbers, such as a decimal, loses nothing as a string.
    fn is_written_as_text(&self, id: ShapeId, hops: usize) -> bool {
        let shape = self.shapes.get(id);
        (shape.kinds != Kinds::ALL && shape.kinds.contains(Kinds::STRING))
            || (hops > 0 && shape.reference.is_some_and(|target| self.is_written_as_text(target, hops - 1)))
    }
}

fn merged(one: Option<Slot>, other: Option<Slot>) -> Option<Slot> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Slot { kinds: one.kinds | other.kinds, ..one }),
        (one, other) => one.or(other),
    }
}

/// `author` for `[author]`, `a[b]` for `[a][b]`.
fn inner_name<'p>(rest: &str) -> Cow<'p, str> {
    let inner = rest.strip_prefix('[').unwrap_or(rest);
    Cow::Owned(match inner.split_once(']') {
        Some((first, others)) => format!("{first}{others}"),
        None => inner.to_owned(),
    })
}
