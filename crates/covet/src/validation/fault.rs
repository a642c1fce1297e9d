//! One violated rule, and the list of them.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::code::Code;
use super::path::write_member;

/// The part of a request in which a fault was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum In {
    /// The body, whatever its format.
    Body,
    /// The query string.
    Query,
    /// A segment of the path.
    Path,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
}

impl In {
    /// The name as it stands in a problem's `in` member, which is OpenAPI's word for it.
    ///
    /// ```
    /// assert_eq!(covet::validation::In::Query.as_str(), "query");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Query => "query",
            Self::Path => "path",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// One violated rule: where, which, and how to mend it.
///
/// It serializes as a member of the `errors` list of a problem:
///
/// ```
/// use covet::validation::{Code, Fault};
///
/// let fault = Fault::new(Code::Minimum, "must be at least 0").at("/items/0/price").with("minimum", 0);
/// assert_eq!(
///     serde_json::to_string(&fault).unwrap(),
///     r#"{"in":"body","pointer":"/items/0/price","code":"minimum","message":"must be at least 0","minimum":0}"#,
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    location: In,
    parameter: Option<Cow<'static, str>>,
    pointer: String,
    code: Code,
    message: Cow<'static, str>,
    members: Vec<(&'static str, Value)>,
}

impl Fault {
    /// A fault of the body as a whole; [`at`](Self::at) and [`in_parameter`](Self::in_parameter) give it its place.
    #[must_use]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            location: In::Body,
            parameter: None,
            pointer: String::new(),
            code,
            message: message.into(),
            members: Vec::new(),
        }
    }

    /// Places the fault at an RFC 6901 pointer, relative to the body or to the parameter.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }

    /// Moves the fault to a part of the request, keeping its parameter and its pointer.
    #[must_use]
    pub fn located(mut self, location: In) -> Self {
        self.location = location;
        self
    }

    /// Places the fault in a parameter. What its pointer said before now counts from that parameter's value.
    #[must_use]
    pub fn in_parameter(mut self, location: In, name: impl Into<Cow<'static, str>>) -> Self {
        self.location = location;
        self.parameter = Some(name.into());
        self
    }

    /// Adds a member, such as the bound that was violated.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// The part of the request.
    #[must_use]
    pub fn location(&self) -> In {
        self.location
    }

    /// The parameter's name, unless the fault is one of the body or of a whole part.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// The RFC 6901 pointer; empty for the whole value.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The rule that was violated.
    #[must_use]
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// What is wrong, and what would be right, in words for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Further members, such as bounds, in the order in which they are written.
    pub fn members(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.members.iter().map(|(name, value)| (*name, value))
    }

    /// Says the line of the body on which the value stands that has the fault. What was known of the place inside of
    /// the value counts lines and bytes from there, of which only the column stays true.
    pub(crate) fn on_line(mut self, line: u64) -> Self {
        self.members.retain(|(name, _)| !matches!(*name, "line" | "offset"));
        self.members.insert(0, ("line", line.into()));
        if self.message.contains("at line 1,") {
            self.message = self.message.replace("at line 1,", &format!("at line {line},")).into();
        }
        self
    }

    /// Places the fault at a member of the body.
    pub(crate) fn in_member(mut self, name: &str) -> Self {
        // Writing to a string cannot fail.
        let _ = write_member(&mut self.pointer, name);
        self
    }

    /// Reads the first segment of the pointer as the name of a parameter.
    ///
    /// A list of parameters is read like an object whose members they are, so `/limit` is the parameter `limit` and
    /// `/filter/author` is `/author` inside of `filter`.
    pub(crate) fn named_by_pointer(mut self, location: In) -> Self {
        self.location = location;
        if let Some(rest) = self.pointer.strip_prefix('/') {
            let (name, inner) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            self.parameter = Some(name.replace("~1", "/").replace("~0", "~").into());
            self.pointer = inner.to_owned();
        }
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.location.as_str())?;
        if let Some(parameter) = &self.parameter {
            write!(f, " `{parameter}`")?;
        }
        if !self.pointer.is_empty() {
            write!(f, " {}", self.pointer)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("in", self.location.as_str())?;
        match &self.parameter {
            Some(parameter) => map.serialize_entry("parameter", parameter)?,
            None if self.location == In::Body => map.serialize_entry("pointer", &self.pointer)?,
            None => {}
        }
        if self.parameter.is_some() && !self.pointer.is_empty() {
            map.serialize_entry("pointer", &self.pointer)?;
        }
        map.serialize_entry("code", self.code.as_str())?;
        map.serialize_entry("message", &self.message)?;
        for (name, value) in &self.members {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
