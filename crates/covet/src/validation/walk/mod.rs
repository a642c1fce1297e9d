//! A tree compared with a schema: every fault at its place.

mod composite;
mod scalar;
mod union;

use serde_json::Value;

use super::checker::Checker;
use super::code::Code;
use super::fault::Fault;
use super::faults::Faults;
use super::schema::{Kinds, Shape, ShapeId, Shapes};
use super::tree::{Node, listed};

/// How many comparisons one explanation may cost. Untagged enums inside of each other could otherwise be tried without end;
/// what lies beyond is left to serde's own message.
const MAX_STEPS: usize = 1_000_000;

/// How deep references, branches and values together may lead; a schema may refer to itself without a value in between.
const MAX_HOPS: usize = 768;

/// Compares a whole tree; pointers count from its root.
pub(crate) fn walk(node: &Node<'_>, shapes: &Shapes) -> Faults {
    walk_as(node, shapes, Source::Json)
}

/// Compares a tree that was made from text, where "not a string" would say nothing.
pub(crate) fn walk_text(node: &Node<'_>, shapes: &Shapes) -> Faults {
    walk_as(node, shapes, Source::Text)
}

fn walk_as(node: &Node<'_>, shapes: &Shapes, source: Source) -> Faults {
    let mut faults = Faults::new();
    let mut walk = Walk { shapes, source, steps: 0, hops: 0 };
    walk.value(node, shapes.root(), &mut Checker::new(&mut faults));
    faults
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Json,
    Text,
}

struct Walk<'s> {
    shapes: &'s Shapes,
    source: Source,
    steps: usize,
    hops: usize,
}

impl<'s> Walk<'s> {
    fn value(&mut self, node: &Node<'_>, id: ShapeId, checker: &mut Checker<'_>) {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.hops >= MAX_HOPS {
            return;
        }
        self.hops += 1;
        self.compare(node, self.shapes.get(id), checker);
        self.hops -= 1;
    }

    fn compare(&mut self, node: &Node<'_>, shape: &'s Shape, checker: &mut Checker<'_>) {
        if !shape.all_kinds.meets(kind(node)) {
            return checker.push(|| self.type_fault(node, shape.all_kinds));
        }
        if let Some(allowed) = &shape.allowed
            && !allowed.iter().any(|value| is_equal(node, value))
        {
            return checker.push(|| choice_fault(allowed));
        }
        match node {
            Node::Null | Node::Bool(_) => {}
            Node::Number(text) => scalar::number(text, &shape.number, checker),
            Node::String(text) => scalar::text(text, shape, checker),
            Node::Array(items) => self.list(items, &shape.list, checker),
            Node::Object(members) => self.object(members, &shape.object, checker),
        }
        for id in shape.reference.iter().chain(&shape.all_of) {
            self.value(node, *id, checker);
        }
        for union in &shape.unions {
            self.union(node, union, checker);
        }
    }

    fn type_fault(&self, node: &Node<'_>, kinds: Kinds) -> Fault {
        let expected = kinds.describe();
        let message = match node {
            Node::Number(_) if kinds.contains(Kinds::INTEGER) => {
                format!("must be {expected}, without a fraction or an exponent")
            }
            _ if self.source == Source::Text => {
                format!("must be {}", (kinds & Kinds::NOT_NULL).describe())
            }
            node => format!("must be {expected}, not {}", node.name()),
        };
        Fault::new(Code::Type, message)
    }
}

/// The kind of a value. A number with a fraction or an exponent is not a whole one, since serde does not take it for one.
fn kind(node: &Node<'_>) -> Kinds {
    match node {
        Node::Null => Kinds::NULL,
        Node::Bool(_) => Kinds::BOOLEAN,
        Node::Number(text) if is_whole(text) => Kinds::INTEGER,
        Node::Number(_) => Kinds::FRACTION,
        Node::String(_) => Kinds::STRING,
        Node::Array(_) => Kinds::ARRAY,
        Node::Object(_) => Kinds::OBJECT,
    }
}

fn is_whole(number: &str) -> bool {
    !number.contains(['.', 'e', 'E'])
}

fn choice_fault(allowed: &[Value]) -> Fault {
    let names: Vec<_> =
        allowed.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
    one_of(names.iter().map(String::as_str))
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> Fault {
    Fault::new(Code::OneOf, format!("must be one of {}", listed(names)))
}

fn is_equal(node: &Node<'_>, value: &Value) -> bool {
    match (node, value) {
        (Node::Null, Value::Null) => true,
        (Node::Bool(left), Value::Bool(right)) => left == right,
        (Node::Number(left), Value::Number(right)) => **left == right.to_string(),
        (Node::String(left), Value::String(right)) => left == right,
        _ => false,
    }
}
