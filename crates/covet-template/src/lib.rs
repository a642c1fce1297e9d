//! Templates that cannot hurt: Jinja2's language, evaluated by a whitelist, escaped by position, within a budget.
//!
//! - **Whitelist**: every name of a filter, a test or a statement is resolved while compiling, against a [`Policy`].
//!   What it does not list has no code. There is no reflection: data has the entries that it was serialized with, and
//!   methods are those of a fixed table.
//! - **Position**: in HTML every value is escaped for where it stands: text, attribute, address, script, style sheet.
//!   A template in which no escaping would be safe does not compile.
//! - **Budget**: operations, memory, output, depth of calls, includes and time are limited in every policy, and
//!   nothing that a template does recurses natively without a limit.
//!
//! ```
//! use covet_template::Engine;
//!
//! let mut engine = Engine::new();
//! engine.add("link.html", r#"<a href="/find?q={{ q }}">{{ q }}</a>"#)?;
//! let html = engine.render("link.html", &std::collections::BTreeMap::from([("q", "<&>")]))?;
//! assert_eq!(html, r#"<a href="/find?q=%3C%26%3E">&lt;&amp;&gt;</a>"#);
//! # Ok::<(), covet_template::Error>(())
//! ```
//!
//! # What differs from Jinja2 on purpose
//! - Undefined variables are errors unless [`Undefined::Lenient`] is set.
//! - Integers have 128 bits; a result that leaves them is an error. There are no complex numbers.
//! - In HTML, `|safe` is trusted in text only, and some templates that Jinja2 accepts are refused.
//! - A macro that was written where nothing is escaped gives a text that is escaped where it is written.
//! - `map`, `select` and the like, and `keys()`, `values()` and `items()`, answer lists, so that they can be printed and
//!   used twice.
//! - A struct of the context has its fields as attributes, which `|attr` finds as well; a map has entries.
//! - `extends` and `import` take lists of names as `include` does; comments may follow line statements; the body of a
//!   `call` may call the `caller` of the macro around it.
//! - There is no `debug`, no translation, and no access to attributes of Python objects. The attributes
//!   of a field of `format` are entries, as in Jinja2's sandbox.
//!
//! Without the feature `engine`, which is on by default, there is only [`escape`].
//!
//! # What is not here yet
//! Rendering as a stream.

#![forbid(unsafe_code)]

#[cfg(feature = "engine")]
mod budget;
#[cfg(feature = "engine")]
mod builtins;
#[cfg(feature = "engine")]
mod compile;
#[cfg(feature = "engine")]
mod engine;
#[cfg(feature = "engine")]
mod error;
pub mod escape;
#[cfg(feature = "engine")]
mod function;
#[cfg(feature = "engine")]
mod html;
#[cfg(feature = "engine")]
mod loader;
#[cfg(feature = "engine")]
mod policy;
#[cfg(feature = "codegen")]
#[doc(hidden)]
pub mod rust;
#[cfg(feature = "engine")]
mod source;
#[cfg(feature = "engine")]
mod syntax;
#[cfg(feature = "engine")]
mod value;
#[cfg(feature = "engine")]
mod variables;
#[cfg(feature = "engine")]
mod vm;

#[cfg(feature = "engine")]
pub use budget::Budget;
#[cfg(feature = "engine")]
pub use engine::{Engine, Format, Template};
#[cfg(feature = "engine")]
pub use error::{Error, ErrorKind};
#[cfg(feature = "engine")]
pub use function::{Function, Keywords};
#[cfg(feature = "engine")]
pub use html::AttributeKind;
#[cfg(feature = "engine")]
pub use policy::{Policy, Undefined};
#[cfg(feature = "engine")]
pub use source::Place;
#[cfg(feature = "engine")]
pub use syntax::Syntax;
#[cfg(feature = "engine")]
pub use value::{Context, Data, Datum, FromValue, IntoValue, Memory, Safe, Value, Vouched};

#[cfg(feature = "engine")]
pub use vm::compiled::Render;

/// What templates call that were compiled to Rust.
#[cfg(feature = "engine")]
#[doc(hidden)]
pub mod compiled {
    pub use crate::vm::compiled::{Escape, Items, Run};
}

#[cfg(feature = "engine")]
use serde::Serialize;

/// Evaluates an expression with [`Policy::ExpressionOnly`]: arithmetic, comparison, boolean logic, and the functions
/// `len`, `str`, `int`, `float`, `bool`, `abs`, `min`, `max`, `round`, `sum` and `range`.
///
/// ```
/// use covet_template::{Value, eval};
///
/// let order = std::collections::BTreeMap::from([("total", 120), ("items", 4)]);
/// assert_eq!(eval("total >= 100 and items < max(3, 5)", &order)?, Value::Bool(true));
/// # Ok::<(), covet_template::Error>(())
/// ```
///
/// # Errors
/// The text is no expression, it uses what the policy does not list, or evaluating fails.
#[cfg(feature = "engine")]
pub fn eval<C: Serialize + ?Sized>(expression: &str, context: &C) -> Result<Value, Error> {
    Engine::with_policy(Policy::ExpressionOnly).eval(expression, context)
}
