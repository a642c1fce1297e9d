//! How much a rendering may use.

use std::time::Duration;

/// The limits of one rendering. They hold in every policy; what reaches one of them ends in an error.
///
/// ```
/// use covet_template::{Engine, ErrorKind};
///
/// let mut engine = Engine::new();
/// engine.budget_mut().operations = 1_000;
/// let endless = "{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}";
/// assert_eq!(engine.render_text(endless, &()).unwrap_err().kind(), ErrorKind::Budget);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Budget {
    /// Steps of work: an instruction is one, and so is looking at some dozen bytes or at one item. A loop's body and what is
    /// called count whole, also where a branch leaves some of it out.
    pub operations: u64,
    /// Bytes of the context's copy and of all temporary values.
    pub memory: usize,
    /// Bytes of output.
    pub output: usize,
    /// How deep macros, blocks, loops that call themselves, and includes may call each other.
    pub call_depth: usize,
    /// How many templates may be included or imported.
    pub includes: usize,
    /// Wall-clock time, from the first 8,192 operations on; `None` for no limit.
    pub time: Option<Duration>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            operations: 10_000_000,
            memory: 24 << 20,
            output: 8 << 20,
            call_depth: 200,
            includes: 2_000,
            time: Some(Duration::from_secs(5)),
        }
    }
}
