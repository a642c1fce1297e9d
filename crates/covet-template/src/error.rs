//! What can go wrong, and where it did.

use std::fmt;

use crate::source::{Place, Source, Span};

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a template could not be loaded, compiled or rendered.
///
/// Its text is one line; `{:#}` adds the place with an excerpt and a caret, the help, and the templates through which
/// the place was reached.
///
/// ```
/// let error = covet_template::eval("price | rond", &()).unwrap_err();
/// assert_eq!(error.kind(), covet_template::ErrorKind::UnknownName);
/// assert!(format!("{error:#}").contains("did you mean `round`?"));
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    help: Option<String>,
    places: Vec<Place>,
    /// The name of what is undefined.
    undefined: Option<Box<str>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The kinds of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is not a template.
    Syntax,
    /// A filter, test, function or block has a name that does not exist or that the policy does not list.
    UnknownName,
    /// No escaping makes a value safe at its place in the page.
    UnsafePosition,
    /// There is no template of this name.
    TemplateNotFound,
    /// The template could not be read.
    Read,
    /// A value is undefined where the behaviour asks for one.
    Undefined,
    /// A value has the wrong type, or an argument is missing or too many.
    Type,
    /// A value is of the right type and still cannot be used, as in a division by zero.
    Value,
    /// The template needs more than its budget.
    Budget,
    /// The context could not be serialized.
    Serialize,
    /// The output could not be written.
    Write,
    /// A function of the application failed.
    Function,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            help: None,
            places: Vec::new(),
            undefined: None,
            source: None,
        }))
    }

    pub(crate) fn syntax(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Syntax, message)
    }

    pub(crate) fn type_(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Type, message)
    }

    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Value, message)
    }

    pub(crate) fn undefined(name: &str) -> Self {
        if name.is_empty() {
            return Self::new(ErrorKind::Undefined, "a conditional expression without `else` has no value");
        }
        let mut error = Self::new(ErrorKind::Undefined, format!("`{name}` is undefined"));
        error.0.undefined = Some(name.into());
        error
    }

    pub(crate) fn budget(what: &str) -> Self {
        Self::new(ErrorKind::Budget, format!("the template needs more than its budget of {what}"))
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The name of what is undefined, where nothing helps yet.
    pub(crate) fn helpless_name(&self) -> Option<&str> {
        self.0.undefined.as_deref().filter(|_| self.0.help.is_none())
    }

    /// Adds a place; the first one is where it happened, the next ones are through which templates it was reached.
    pub(crate) fn at(mut self, source: &Source, span: Span) -> Self {
        if self.0.places.len() < 16 {
            self.0.places.push(source.place(span));
        }
        self
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What would help, where that is known.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Where it happened, and then the tags through which that template was reached.
    pub fn places(&self) -> &[Place] {
        &self.0.places
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if !f.alternate() {
            return match self.0.places.first() {
                Some(place) => write!(f, " ({}:{}:{})", place.template, place.line, place.column),
                None => Ok(()),
            };
        }
        for (index, place) in self.0.places.iter().enumerate() {
            let relation = if index == 0 { "-->" } else { "reached from" };
            write_place(f, relation, place)?;
        }
        match &self.0.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, relation: &str, place: &Place) -> fmt::Result {
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    write!(f, "\n{margin} {relation} {}:{}:{}", place.template, place.line, place.column)?;
    // A minified line would bury the caret, so only its surroundings are shown.
    let skipped = place.column.saturating_sub(60);
    let shown: String =
        place.excerpt.chars().skip(skipped).take(120).map(|c| if c == '\t' { ' ' } else { c }).collect();
    let carets = place.width.min((shown.chars().count() + skipped).saturating_sub(place.column - 1).max(1));
    write!(f, "\n{margin} |\n{number} | {shown}\n{margin} | ")?;
    write!(f, "{}{}", " ".repeat(place.column - 1 - skipped), "^".repeat(carets))
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// The candidate that a misspelt name was probably meant to be.
pub(crate) fn closest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let allowed = if name.chars().count() <= 3 { 1 } else { 2 };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() < 64 && name.len() < 64)
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
