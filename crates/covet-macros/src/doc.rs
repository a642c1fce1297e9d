//! Doc comments as texts.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of an item's doc comment, its lines without the space behind the slashes.
pub(crate) fn text(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    });
    // A block comment is one attribute with many lines, and an empty line is an attribute without any.
    let lines: Vec<String> = lines
        .flat_map(|text| text.split('\n').map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned()).collect::<Vec<_>>())
        .collect();
    lines.join("\n").trim().to_owned()
}

/// The first paragraph on one line without its full stop, and the rest.
pub(crate) fn summary_and_rest(text: &str) -> (String, String) {
    let (first, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let summary = first.split_whitespace().collect::<Vec<_>>().join(" ");
    (summary.strip_suffix('.').unwrap_or(&summary).to_owned(), rest.trim().to_owned())
}
