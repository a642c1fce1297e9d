//! `covet render`: a template with a context, on standard output.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use covet_template::{Engine, Format, Syntax};

use crate::template::{self, Error, Policy, Undefined};

/// The options of `covet render`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The template; `-` reads it from standard input.
    file: PathBuf,
    /// The variables: a JSON object, or the name of a file that holds one.
    #[arg(long, short, value_name = "JSON|FILE")]
    context: Option<String>,
    /// What the template may use.
    #[arg(long, default_value = "trusted")]
    policy: Policy,
    /// How values are escaped; without it the endings of the templates' names decide.
    #[arg(long, value_name = "FORMAT")]
    autoescape: Option<Autoescape>,
    /// What happens with a variable that is not there.
    #[arg(long, default_value = "lenient")]
    undefined: Undefined,
    /// The folder of the templates that are included, imported and extended [default: the file's own].
    #[arg(long)]
    dir: Option<PathBuf>,
    #[command(flatten)]
    syntax: SyntaxArguments,
}

/// The delimiters and what happens to white space, under the names that Jinja2 has for it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Syntax")]
struct SyntaxArguments {
    /// Drop the line end that follows a statement or comment.
    #[arg(long)]
    trim_blocks: bool,
    /// Drop the white space between the start of a line and a statement or comment.
    #[arg(long)]
    lstrip_blocks: bool,
    /// Keep the line end at the end of the template.
    #[arg(long)]
    keep_trailing_newline: bool,
    /// A prefix that makes its whole line a statement.
    #[arg(long, value_name = "PREFIX", allow_hyphen_values = true)]
    line_statement_prefix: Option<String>,
    /// A prefix that makes the rest of its line a comment.
    #[arg(long, value_name = "PREFIX", allow_hyphen_values = true)]
    line_comment_prefix: Option<String>,
    /// What opens a statement.
    #[arg(long, value_name = "TEXT", default_value = "{%", allow_hyphen_values = true)]
    block_start_string: String,
    /// What closes a statement.
    #[arg(long, value_name = "TEXT", default_value = "%}", allow_hyphen_values = true)]
    block_end_string: String,
    /// What opens an expression.
    #[arg(long, value_name = "TEXT", default_value = "{{", allow_hyphen_values = true)]
    variable_start_string: String,
    /// What closes an expression.
    #[arg(long, value_name = "TEXT", default_value = "}}", allow_hyphen_values = true)]
    variable_end_string: String,
    /// What opens a comment.
    #[arg(long, value_name = "TEXT", default_value = "{#", allow_hyphen_values = true)]
    comment_start_string: String,
    /// What closes a comment.
    #[arg(long, value_name = "TEXT", default_value = "#}", allow_hyphen_values = true)]
    comment_end_string: String,
}

/// How values are escaped.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Autoescape {
    /// By the position in the page where they stand.
    Html,
    /// They are written as JSON.
    Json,
    /// Not at all.
    None,
}

/// Renders and prints.
pub(crate) fn render(arguments: &Arguments) -> Result<(), Error> {
    let text = template::read(&arguments.file)?;
    let context = template::context(arguments.context.as_deref())?;
    let folder = arguments.dir.clone().unwrap_or_else(|| template::folder_of(&arguments.file));
    let name = name(&arguments.file, &folder);

    let mut engine = Engine::with_policy(arguments.policy.into());
    engine.set_syntax(arguments.syntax.to_syntax());
    engine.set_undefined(arguments.undefined.into());
    engine.set_format(arguments.autoescape.map(|autoescape| match autoescape {
        Autoescape::Html => Format::Html,
        Autoescape::Json => Format::Json,
        Autoescape::None => Format::Text,
    }));
    engine.set_folder(folder);
    engine.add_embedded(&[(&name, &text)]);
    template::write(&engine.render(&name, &context)?)
}

/// The name by which other templates know the file: its path inside of the folder, where it is in there.
fn name(file: &Path, folder: &Path) -> String {
    let inside = file.canonicalize().ok().zip(folder.canonicalize().ok());
    let inside = inside.and_then(|(file, folder)| file.strip_prefix(folder).map(Path::to_owned).ok());
    match inside.as_deref().or_else(|| file.file_name().map(Path::new)) {
        Some(path) if path.as_os_str() != "-" => {
            let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
            parts.join("/")
        }
        _ => "<stdin>".to_owned(),
    }
}

impl SyntaxArguments {
    fn to_syntax(&self) -> Syntax {
        let mut syntax = Syntax::default();
        syntax.block = (self.block_start_string.clone(), self.block_end_string.clone());
        syntax.variable = (self.variable_start_string.clone(), self.variable_end_string.clone());
        syntax.comment = (self.comment_start_string.clone(), self.comment_end_string.clone());
        syntax.line_statement = self.line_statement_prefix.clone();
        syntax.line_comment = self.line_comment_prefix.clone();
        syntax.trim_blocks = self.trim_blocks;
        syntax.lstrip_blocks = self.lstrip_blocks;
        syntax.keep_trailing_newline = self.keep_trailing_newline;
        syntax
    }
}
