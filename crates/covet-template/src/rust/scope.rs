//! What names mean while code is written.

use std::cell::RefCell;
use std::rc::Rc;

use crate::engine::Format;
use crate::syntax::ast::Macro;

/// What a name means.
#[derive(Clone)]
pub(super) enum Binding<'t> {
    /// A path of Rust: a reference to something that implements `Data`.
    Place(String),
    /// A variable of Rust that holds a value of the engine.
    Value(String),
    /// The `loop` of a loop.
    Loop(Rc<LoopBinding>),
    Macro(Rc<MacroBinding<'t>>),
    Module(Rc<Vec<(&'t str, Binding<'t>)>>),
}

/// The variables of Rust behind a `loop`.
pub(super) struct LoopBinding {
    pub(super) index: String,
    pub(super) items: String,
    /// Whether the items are values of the engine.
    pub(super) dynamic: bool,
    /// How the items are read from where they lie.
    pub(super) reference: &'static str,
}

/// A macro, and what it saw where it was defined.
pub(super) struct MacroBinding<'t> {
    pub(super) definition: &'t Macro<'t>,
    pub(super) template: usize,
    pub(super) environment: Environment<'t>,
    pub(super) root_depth: usize,
    pub(super) format: Format,
    pub(super) escapes: bool,
}

/// Scopes, the innermost last. Copies share their scopes, so that a macro sees what is defined after it.
#[derive(Clone)]
pub(super) struct Environment<'t> {
    scopes: Vec<Rc<RefCell<Scope<'t>>>>,
    /// Whether what no scope has is a field of the struct.
    pub(super) sees_fields: bool,
}

type Scope<'t> = Vec<(&'t str, Binding<'t>)>;

impl Default for Environment<'_> {
    fn default() -> Self {
        Self { scopes: Vec::new(), sees_fields: true }
    }
}

impl<'t> Environment<'t> {
    /// One in which nothing is seen.
    pub(super) fn empty() -> Self {
        Self { scopes: Vec::new(), sees_fields: false }
    }

    pub(super) fn open(&mut self) {
        self.scopes.push(Rc::default());
    }

    pub(super) fn close(&mut self) {
        self.scopes.pop();
    }

    pub(super) fn depth(&self) -> usize {
        self.scopes.len()
    }

    /// The outermost scopes.
    pub(super) fn outer(&self, depth: usize) -> Self {
        Self { scopes: self.scopes[..depth.min(self.scopes.len())].to_vec(), ..*self }
    }

    pub(super) fn bind(&mut self, name: &'t str, binding: Binding<'t>) {
        if let Some(scope) = self.scopes.last() {
            scope.borrow_mut().push((name, binding));
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<Binding<'t>> {
        self.scopes.iter().rev().find_map(|scope| in_scope(scope, name))
    }

    /// What the innermost scope itself binds.
    pub(super) fn own(&self, name: &str) -> Option<Binding<'t>> {
        in_scope(self.scopes.last()?, name)
    }

    /// All that the innermost scope binds.
    pub(super) fn innermost(&self) -> Scope<'t> {
        self.scopes.last().map(|scope| scope.borrow().clone()).unwrap_or_default()
    }
}

fn in_scope<'t>(scope: &RefCell<Scope<'t>>, name: &str) -> Option<Binding<'t>> {
    scope.borrow().iter().rev().find(|(found, _)| *found == name).map(|(_, binding)| binding.clone())
}
