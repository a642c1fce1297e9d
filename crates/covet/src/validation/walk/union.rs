//! Enums: which branch was meant, and what is wrong in it.

use super::{Walk, kind, one_of};
use crate::validation::checker::Checker;
use crate::validation::code::Code;
use crate::validation::fault::Fault;
use crate::validation::faults::Faults;
use crate::validation::schema::{Choice, Kinds, ShapeId, Union};
use crate::validation::tree::{MISSING, Node, listed};

impl Walk<'_> {
    pub(super) fn union(&mut self, node: &Node<'_>, union: &Union, checker: &mut Checker<'_>) {
        match &union.choice {
            Choice::Tag { name, values } => self.by_tag(node, name, values, checker),
            Choice::Name { names, words } => self.by_name(node, names, words, checker),
            Choice::Trial => self.by_trial(node, &union.branches, checker),
        }
    }

    fn by_tag(&mut self, node: &Node<'_>, name: &str, values: &[(String, ShapeId)], checker: &mut Checker<'_>) {
        let Node::Object(members) = node else {
            return checker.push(|| self.type_fault(node, Kinds::OBJECT));
        };
        match members.iter().find(|(member, _)| member == name) {
            None => checker.field(name).report(Code::Missing, format!("{MISSING}: one of {}", listed_names(values))),
            Some((_, Node::String(word))) => match values.iter().find(|(value, _)| value == word) {
                Some((_, branch)) => self.value(node, *branch, checker),
                None => checker.field(name).push(|| one_of(values.iter().map(|(value, _)| value.as_str()))),
            },
            Some((_, other)) => checker.field(name).push(|| self.type_fault(other, Kinds::STRING)),
        }
    }

    fn by_name(&mut self, node: &Node<'_>, names: &[(String, ShapeId)], words: &[String], checker: &mut Checker<'_>) {
        match node {
            Node::String(word) if words.iter().any(|known| known == word) => {}
            Node::String(_) => checker.push(|| one_of(words.iter().map(String::as_str))),
            Node::Object(members) => {
                let mut meant = names.iter().filter(|(name, _)| members.iter().any(|(member, _)| member == name));
                match (meant.next(), meant.next()) {
                    (Some((_, branch)), None) => self.value(node, *branch, checker),
                    (None, _) if matches!(members.as_slice(), [(name, Node::Null)] if words.iter().any(|word| word == name)) =>
                        {}
                    _ => checker.push(|| {
                        Fault::new(Code::OneOf, format!("must have exactly one member of {}", listed_names(names)))
                    }),
                }
            }
            _ => {}
        }
    }

    /// Tries the branches that take this kind of value. If none fits, the one with the fewest faults was probably meant; if
    /// several are equally near, the alternatives are named instead.
    fn by_trial(&mut self, node: &Node<'_>, branches: &[ShapeId], checker: &mut Checker<'_>) {
        let candidates: Vec<_> =
            branches.iter().filter(|id| self.shapes.get(**id).all_kinds.meets(kind(node))).copied().collect();
        if let [only] = candidates.as_slice() {
            return self.value(node, *only, checker);
        }
        let mut trials = Vec::with_capacity(candidates.len());
        for branch in &candidates {
            let mut faults = Faults::new();
            self.value(node, *branch, &mut checker.trial(&mut faults));
            if faults.is_empty() {
                return;
            }
            trials.push(faults);
        }
        trials.sort_by_key(Faults::total);
        let is_tied = matches!(trials.as_slice(), [first, second, ..] if first.total() == second.total());
        match trials.into_iter().next() {
            Some(nearest) if !is_tied => checker.accept(nearest),
            _ => checker.push(|| self.alternatives(branches)),
        }
    }

    fn alternatives(&self, branches: &[ShapeId]) -> Fault {
        let mut descriptions: Vec<_> = branches.iter().map(|id| self.describe(*id)).collect();
        descriptions.dedup();
        Fault::new(Code::OneOf, format!("must be one of: {}", descriptions.join("; ")))
    }

    fn describe(&self, id: ShapeId) -> String {
        let shape = self.shapes.get(id);
        if let (Some(target), true) = (shape.reference, shape.object.properties.is_empty()) {
            return self.describe(target);
        }
        let required = listed(shape.object.required.iter().map(String::as_str));
        match shape.all_kinds {
            Kinds::OBJECT if !required.is_empty() => format!("an object with {required}"),
            kinds => kinds.describe(),
        }
    }
}

fn listed_names(values: &[(String, ShapeId)]) -> String {
    listed(values.iter().map(|(name, _)| name.as_str()))
}
