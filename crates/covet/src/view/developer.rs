//! The page that shows authors of templates where they went wrong. It exists in development alone.

use std::error::Error as _;

use covet_template::{Error, Place};
use serde::Serialize;

use super::error_pages::{OWN, OWN_POLICY};
use super::rendered::Rendered;
use super::templates::Templates;

/// How many lines are shown before and after the one that is meant.
const AROUND: usize = 3;

/// A page about an error, which travels with the response of its problem.
#[derive(Debug, Clone)]
pub(super) struct DeveloperPage(pub(super) Rendered);

#[derive(Serialize)]
struct Shown<'a> {
    message: String,
    kind: String,
    help: Option<&'a str>,
    causes: Vec<String>,
    places: Vec<ShownPlace<'a>>,
}

#[derive(Serialize)]
struct ShownPlace<'a> {
    template: &'a str,
    line: usize,
    column: usize,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    number: usize,
    text: String,
    /// The caret under it, for the line that is meant.
    caret: Option<String>,
}

/// The page about an error. Where it cannot be made there is only the problem.
pub(super) fn page(templates: &Templates, error: &Error) -> Option<DeveloperPage> {
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    // Without its place, which is shown on its own.
    let message = format!("{error:#}").lines().next().unwrap_or_default().to_owned();
    let shown = Shown {
        message,
        kind: format!("{:?}", error.kind()),
        help: error.help(),
        causes,
        places: error.places().iter().map(|place| shown(templates, place)).collect(),
    };
    match Rendered::new(&OWN, Some(OWN_POLICY), "template_error.html", &shown) {
        Ok(page) => Some(DeveloperPage(page)),
        Err(error) => {
            tracing::error!("the page about an error in a template could not be rendered: {error:#}");
            None
        }
    }
}

/// A place with the lines around it.
fn shown<'a>(templates: &Templates, place: &'a Place) -> ShownPlace<'a> {
    let text = templates.text(&place.template);
    let lines: Vec<&str> = text.as_deref().map(|text| text.lines().collect()).unwrap_or_default();
    let meant = place.line - 1;
    let shown = match lines.get(meant) {
        // The file may have changed since, or there may be none.
        Some(line) if *line == place.excerpt => {
            let first = meant.saturating_sub(AROUND);
            lines.iter().copied().enumerate().skip(first).take(meant - first + AROUND + 1).collect()
        }
        _ => vec![(meant, place.excerpt.as_str())],
    };
    let line = |(index, text): (usize, &str)| Line {
        number: index + 1,
        text: text.to_owned(),
        caret: (index == meant).then(|| caret(text, place)),
    };
    ShownPlace {
        template: &place.template,
        line: place.line,
        column: place.column,
        lines: shown.into_iter().map(line).collect(),
    }
}

/// Carets under what is meant; tabulators stay, so that they stand there as well.
fn caret(text: &str, place: &Place) -> String {
    let before = text.chars().take(place.column - 1).map(|c| if c == '\t' { '\t' } else { ' ' });
    before.chain(std::iter::repeat_n('^', place.width)).collect()
}
