//! How a template's text is divided into tags.

/// The delimiters of a template and what happens to the white space around its tags.
///
/// ```
/// use covet_template::{Engine, Syntax};
///
/// let mut syntax = Syntax::default();
/// syntax.variable = ("${".to_owned(), "}".to_owned());
/// let mut engine = Engine::new();
/// engine.set_syntax(syntax);
/// assert_eq!(engine.render_text("Hello ${ 1 + 1 }", &())?, "Hello 2");
/// # Ok::<(), covet_template::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Syntax {
    /// What opens and closes a statement; `{%` and `%}` by default.
    pub block: (String, String),
    /// What opens and closes an expression; `{{` and `}}` by default.
    pub variable: (String, String),
    /// What opens and closes a comment; `{#` and `#}` by default.
    pub comment: (String, String),
    /// A prefix that makes its whole line a statement.
    pub line_statement: Option<String>,
    /// A prefix that makes the rest of its line a comment.
    pub line_comment: Option<String>,
    /// Drops the line end that follows a statement or comment.
    pub trim_blocks: bool,
    /// Drops the white space between the start of a line and a statement or comment.
    pub lstrip_blocks: bool,
    /// Keeps the line end at the end of the template.
    pub keep_trailing_newline: bool,
}

impl Default for Syntax {
    fn default() -> Self {
        let pair = |open: &str, close: &str| (open.to_owned(), close.to_owned());
        Self {
            block: pair("{%", "%}"),
            variable: pair("{{", "}}"),
            comment: pair("{#", "#}"),
            line_statement: None,
            line_comment: None,
            trim_blocks: false,
            lstrip_blocks: false,
            keep_trailing_newline: false,
        }
    }
}
