//! The path of a route: `/books/{id}`, `/files/{*rest}`.

use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What stands in percent-encoding in a path in normal form (RFC 3986, section 3.3).
const ENCODED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'`').add(b'{').add(b'}').add(b'%');

/// A path with parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// The names of the parameters, in order.
    pub(crate) parameters: Vec<Arc<str>>,
    /// The path with its parameters named by their numbers, so that two routes of one path meet whatever they call
    /// them.
    pub(crate) shape: String,
}

impl Pattern {
    /// Parses a route's path.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(path: &str) -> Result<Self, String> {
        if !path.starts_with('/') {
            return Err("a path begins with `/`".into());
        }
        let mut parameters: Vec<Arc<str>> = Vec::new();
        let mut shape = String::with_capacity(path.len());
        let segments: Vec<&str> = path[1..].split('/').collect();
        for (index, segment) in segments.iter().enumerate() {
            shape.push('/');
            let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
                if segment.contains(['{', '}']) {
                    return Err(format!("a parameter is a whole segment, which `{segment}` is not"));
                }
                if let Some(name) = segment.strip_prefix(':') {
                    return Err(format!("a parameter is written `{{{name}}}`, not `:{name}`"));
                }
                shape.extend(utf8_percent_encode(segment, ENCODED));
                continue;
            };
            let (star, name) = name.strip_prefix('*').map_or(("", name), |name| ("*", name));
            if star == "*" && index + 1 != segments.len() {
                return Err(format!("the rest, `{{*{name}}}`, can only stand at the end"));
            }
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !is_name {
                return Err(format!("`{name}` is not the name of a parameter: it has letters, digits and `_`"));
            }
            if parameters.iter().any(|known| **known == *name) {
                return Err(format!("two parameters are called `{name}`"));
            }
            shape.push_str(&format!("{{{star}{}}}", parameters.len()));
            parameters.push(name.into());
        }
        Ok(Pattern { parameters, shape })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_parsed() {
        let check = |path: &str, expected: Result<&str, &str>| {
            let found = Pattern::parse(path).map(|pattern| pattern.shape);
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{path}");
        };
        check("/", Ok("/"));
        check("/books/{id}/pages/{page}", Ok("/books/{0}/pages/{1}"));
        check("/files/{*rest}", Ok("/files/{*0}"));
        check("/bücher und mehr", Ok("/b%C3%BCcher%20und%20mehr"));
        check("books", Err("a path begins with `/`"));
        check("/a{b}", Err("a parameter is a whole segment, which `a{b}` is not"));
        check("/d/:x", Err("a parameter is written `{x}`, not `:x`"));
        check("/{*rest}/x", Err("the rest, `{*rest}`, can only stand at the end"));
        check("/{}", Err("`` is not the name of a parameter: it has letters, digits and `_`"));
        check("/{a}/{a}", Err("two parameters are called `a`"));
    }
}
