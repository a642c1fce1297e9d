//! The programs that a rendering has loaded.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::compile::Program;

/// A list that only grows, so that what it holds can be borrowed while more is added.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    first: OnceCell<Box<Node>>,
}

#[derive(Debug)]
struct Node {
    program: Arc<Program>,
    next: OnceCell<Box<Node>>,
}

impl Programs {
    pub(crate) fn push(&self, program: Arc<Program>) -> &Program {
        let mut end = &self.first;
        while let Some(node) = end.get() {
            end = &node.next;
        }
        &end.get_or_init(|| Box::new(Node { program, next: OnceCell::new() })).program
    }
}
