//! The text of a template and places in it.

use std::sync::Arc;

/// A stretch of a template's text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        // Sources are limited to far less than 4 GiB before anything is measured in them.
        Self { start: start as u32, end: end as u32 }
    }

    pub(crate) fn to(self, other: Span) -> Self {
        Self { start: self.start, end: other.end.max(self.start) }
    }
}

/// A template's name and text.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<str>,
}

impl Source {
    /// Keeps the text with line ends of one kind and, unless asked, without the last one, as Jinja2 does.
    pub(crate) fn new(name: &str, text: &str, keep_trailing_newline: bool) -> Self {
        let mut text =
            if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
        if !keep_trailing_newline && text.ends_with('\n') {
            text.pop();
        }
        Self { name: name.into(), text: text.into() }
    }

    /// The place of a span, counted from one, with the line it is on.
    pub(crate) fn place(&self, span: Span) -> Place {
        let start = self.boundary(span.start as usize);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let end = self.boundary(span.end as usize).clamp(start, line_end);
        Place {
            template: self.name.clone(),
            line: 1 + self.text[..start].bytes().filter(|byte| *byte == b'\n').count(),
            column: 1 + self.text[line_start..start].chars().count(),
            width: self.text[start..end].chars().count().max(1),
            excerpt: self.text[line_start..line_end].to_owned(),
        }
    }

    fn boundary(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// A line and a column of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The template's name.
    pub template: Arc<str>,
    /// The line, from one.
    pub line: usize,
    /// The column in characters, from one.
    pub column: usize,
    /// How many characters of the line are meant.
    pub width: usize,
    /// The line itself.
    pub excerpt: String,
}
