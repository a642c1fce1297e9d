//! Lists and objects.

use std::borrow::Cow;

use super::Walk;
use crate::validation::checker::Checker;
use crate::validation::code::Code;
use crate::validation::fault::Fault;
use crate::validation::rule::{Unique, repetition};
use crate::validation::schema::{Additional, ListShape, ObjectShape};
use crate::validation::tree::{DUPLICATE, MISSING, Node, unknown_message};

impl Walk<'_> {
    pub(super) fn list(&mut self, items: &[Node<'_>], shape: &ListShape, checker: &mut Checker<'_>) {
        if let Some(count) = &shape.count {
            count.check_count(items.len(), false, checker);
        }
        if shape.is_unique {
            let written: Vec<_> = items.iter().map(|item| format!("{item:?}")).collect();
            if let Some(places) = repetition(&written) {
                Unique::report(places, checker);
            }
        }
        for (index, item) in items.iter().enumerate() {
            if let Some(id) = shape.prefix.get(index).copied().or(shape.items) {
                self.value(item, id, &mut checker.index(index));
            }
        }
    }

    pub(super) fn object(
        &mut self,
        members: &[(Cow<'_, str>, Node<'_>)],
        shape: &ObjectShape,
        checker: &mut Checker<'_>,
    ) {
        if let Some(count) = &shape.count {
            count.check_count(members.len(), true, checker);
        }
        let mut is_given = vec![false; shape.properties.len()];
        for (name, value) in members {
            let declared = shape.properties.iter().position(|property| property.is_called(name));
            let Some(at) = declared else {
                self.undeclared(name, value, shape, checker);
                continue;
            };
            if std::mem::replace(&mut is_given[at], true) {
                checker.field(name).report(Code::Duplicate, DUPLICATE);
            } else {
                self.value(value, shape.properties[at].shape, &mut checker.field(name));
            }
        }
        report_missing(&is_given, shape, checker);
    }

    fn undeclared(&mut self, name: &str, value: &Node<'_>, shape: &ObjectShape, checker: &mut Checker<'_>) {
        match shape.additional {
            Additional::Anything => {}
            Additional::Nothing => {
                let known = shape.properties.iter().map(|property| property.name.as_str());
                checker.field(name).push(|| Fault::new(Code::Unknown, unknown_message(known)));
            }
            Additional::Shaped(id) => self.value(value, id, &mut checker.field(name)),
        }
    }
}

fn report_missing(is_given: &[bool], shape: &ObjectShape, checker: &mut Checker<'_>) {
    for (property, is_given) in shape.properties.iter().zip(is_given) {
        if !is_given && shape.required.contains(&property.name) {
            checker.field(&property.name).report(Code::Missing, MISSING);
        }
    }
}
