//! Texts of the same name, gathered in the order in which the names first appear.

use std::borrow::Cow;
use std::collections::HashMap;

/// Short lists are searched from the front; long ones have an index, so that time stays linear in what a client sends.
pub(super) struct Groups<'p, S> {
    pub(super) list: Vec<Group<'p, S>>,
    index: HashMap<Cow<'p, str>, usize>,
}

pub(super) struct Group<'p, S> {
    pub(super) name: Cow<'p, str>,
    pub(super) slot: S,
    /// What stands behind the name in brackets, if anything, and the text.
    pub(super) texts: Vec<(Cow<'p, str>, Cow<'p, str>)>,
}

impl<'p, S> Groups<'p, S> {
    const SHORT: usize = 16;

    pub(super) fn new() -> Self {
        Self { list: Vec::new(), index: HashMap::new() }
    }

    pub(super) fn find(&mut self, name: &str) -> Option<&mut Group<'p, S>> {
        let at = if self.index.is_empty() {
            self.list.iter().position(|group| group.name == name)
        } else {
            self.index.get(name).copied()
        };
        at.map(|at| &mut self.list[at])
    }

    pub(super) fn push(&mut self, group: Group<'p, S>) {
        self.list.push(group);
        if self.list.len() > Self::SHORT {
            let known = self.index.len();
            let new = self.list.iter().enumerate().skip(known);
            self.index.extend(new.map(|(at, group)| (group.name.clone(), at)));
        }
    }
}
