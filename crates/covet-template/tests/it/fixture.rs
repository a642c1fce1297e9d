//! Fixtures: a line of JSON with the context and the options, the template, and further templates after `=== name`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use covet_template::{Engine, Format, Syntax, Undefined};
use serde_json::Value;

/// One case.
pub(crate) struct Fixture {
    pub(crate) path: PathBuf,
    pub(crate) context: Value,
    pub(crate) options: Value,
    pub(crate) templates: BTreeMap<String, String>,
}

/// All cases, in the order of their names.
pub(crate) fn all() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut paths = Vec::new();
    for folder in std::fs::read_dir(root).expect("the folder of fixtures").flatten() {
        let files = std::fs::read_dir(folder.path()).expect("a folder of fixtures").flatten();
        paths.extend(files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|end| end == "txt")));
    }
    paths.sort();
    paths.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Fixture {
    let text = std::fs::read_to_string(&path).expect("a fixture");
    let (head, body) = text.split_once('\n').expect("a head");
    let mut head: Value = serde_json::from_str(head).expect("JSON in the head");
    let mut templates = BTreeMap::new();
    let mut parts = body.split("\n=== ");
    templates.insert("main".to_owned(), parts.next().unwrap_or_default().to_owned());
    for part in parts {
        let (name, text) = part.split_once('\n').unwrap_or((part, ""));
        templates.insert(name.to_owned(), text.to_owned());
    }
    Fixture { path, context: head["context"].take(), options: head["options"].take(), templates }
}

impl Fixture {
    /// The output, or the error as developers see it.
    pub(crate) fn outcome(&self) -> Result<String, String> {
        let engine = self.engine();
        engine.render("main", &self.context).map_err(|error| format!("{error:#}"))
    }

    pub(crate) fn engine(&self) -> Engine {
        let mut engine = Engine::new();
        let options = &self.options;
        engine.set_undefined(match options["undefined"].as_str() {
            Some("strict") => Undefined::Strict,
            Some("chainable") => Undefined::Chainable,
            _ => Undefined::Lenient,
        });
        let escapes = options["autoescape"] == true;
        engine.set_format(Some(if escapes { Format::Html } else { Format::Text }));
        let mut syntax = Syntax::default();
        let pair = |name: &str| Some((options[name][0].as_str()?.to_owned(), options[name][1].as_str()?.to_owned()));
        syntax.block = pair("block").unwrap_or(syntax.block);
        syntax.variable = pair("variable").unwrap_or(syntax.variable);
        syntax.comment = pair("comment").unwrap_or(syntax.comment);
        syntax.trim_blocks = options["trim_blocks"] == true;
        syntax.lstrip_blocks = options["lstrip_blocks"] == true;
        syntax.keep_trailing_newline = options["keep_trailing_newline"] == true;
        syntax.line_statement = options["line_statement_prefix"].as_str().map(str::to_owned);
        syntax.line_comment = options["line_comment_prefix"].as_str().map(str::to_owned);
        engine.set_syntax(syntax);
        let templates: Vec<(&str, &str)> = self.templates.iter().map(|(name, text)| (&**name, &**text)).collect();
        engine.add_embedded(&templates);
        engine
    }
}
