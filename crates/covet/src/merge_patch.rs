//! JSON Merge Patch (RFC 7396): the members that shall change, and nothing else.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use serde::Serialize;

use crate::extract::body;
use crate::openapi::Operation;
use crate::problem::{INTERNAL, INVALID_REQUEST, MALFORMED_REQUEST, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::{Code, Fault, Faults, Input, Node, parse_json, read_tree};
use crate::{FromRequest, Problem, ProblemDetails, Problems, Rejection, Request};

/// The media type of a patch.
pub(crate) const MEDIA_TYPE: &str = "application/merge-patch+json";

/// The header that says which patches a resource takes (RFC 5789, section 3.1).
pub(crate) const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// A change of a `T` in which only what changes is sent (RFC 7396, `application/merge-patch+json`): a member that is there is
/// the new value, null takes it away, objects are changed inside, lists are replaced.
///
/// [`apply`](Self::apply) answers the changed value, which has been read and checked as if it had been sent whole, so that
/// all of a `T`'s rules hold for it. A body of another `Content-Type` is 415 with `Accept-Patch`. In the document every member
/// may be left out, and be null where `T` need not have it.
///
/// ```
/// use covet::{patch, InvalidPatch, Json, MergePatch};
///
/// /// A note.
/// #[covet::model]
/// struct Note {
///     #[check(length(min = 1))]
///     text: String,
///     tag: Option<String>,
/// }
///
/// /// Change the note: `{"tag": null}` takes its tag away and leaves the text.
/// #[patch("/note")]
/// async fn change(patch: MergePatch<Note>) -> Result<Json<Note>, InvalidPatch> {
///     let current = Note { text: "Buy milk".into(), tag: Some("house".into()) };
///     Ok(Json(patch.apply(&current)?))
/// }
/// # let _ = covet::routes![change];
/// ```
///
/// `T` is what may be changed. Where that is less than what is shown, such as all but the number under which something is
/// known, it is a model of its own, made of the current state and then changed.
pub struct MergePatch<T> {
    body: Bytes,
    of: PhantomData<fn(&T) -> T>,
}

impl<T: Input + Serialize> MergePatch<T> {
    /// The value after the change.
    ///
    /// # Errors
    /// That it is not a `T` or violates its rules: the problem 422 with every fault at its place in the changed value.
    pub fn apply(&self, current: &T) -> Result<T, InvalidPatch> {
        let current = serde_json::to_vec(current).map_err(InvalidPatch::broken)?;
        let target = parse_json(&current).map_err(|fault| InvalidPatch::broken(Faults::from(*fault)))?;
        let patch = parse_json(&self.body).map_err(|fault| InvalidPatch::broken(Faults::from(*fault)))?;
        read_tree(&merge(target, patch)).map_err(|faults| InvalidPatch(Repr::Invalid(faults)))
    }
}

impl<T> MergePatch<T> {
    /// Whether nothing is to be changed: the patch is `{}`.
    pub fn is_empty(&self) -> bool {
        matches!(parse_json(&self.body), Ok(Node::Object(members)) if members.is_empty())
    }
}

impl<T> fmt::Debug for MergePatch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergePatch").field("bytes", &self.body.len()).finish()
    }
}

impl<T> Clone for MergePatch<T> {
    fn clone(&self) -> Self {
        MergePatch { body: self.body.clone(), of: PhantomData }
    }
}

impl<T: Input + Serialize> FromRequest for MergePatch<T> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.request_merge_patch::<T>(MEDIA_TYPE);
        operation.problem(&MALFORMED_REQUEST);
        operation.problem(&UNSUPPORTED_MEDIA_TYPE);
        operation.problem(&INVALID_REQUEST);
        body::describe_problems(operation);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        body::check_media_type(request, MEDIA_TYPE, |found| found == MEDIA_TYPE).map_err(
            |rejection| match rejection {
                Rejection::Problem(problem) => {
                    Rejection::Problem(problem.header(ACCEPT_PATCH, HeaderValue::from_static(MEDIA_TYPE)))
                }
                other => other,
            },
        )?;
        let body = request.read_body().await?;
        let patch = parse_json(&body).map_err(|fault| Rejection::Malformed((*fault).into()))?;
        let mut faults = Faults::new();
        find_duplicates(&patch, &Fault::new(Code::Duplicate, "must be given only once"), &mut faults);
        faults.into_result().map_err(Rejection::Invalid)?;
        Ok(MergePatch { body, of: PhantomData })
    }
}

/// The algorithm of RFC 7396, section 2. A name stands once in every object.
fn merge<'a>(target: Node<'a>, patch: Node<'a>) -> Node<'a> {
    let Node::Object(changes) = patch else { return patch };
    let mut members: Vec<(Cow<'a, str>, Option<Node<'a>>)> = match target {
        Node::Object(members) => members.into_iter().map(|(name, value)| (name, Some(value))).collect(),
        _ => Vec::new(),
    };
    let places: HashMap<Cow<'a, str>, usize> =
        members.iter().enumerate().map(|(index, (name, _))| (name.clone(), index)).collect();
    for (name, change) in changes {
        match (places.get(&name), change) {
            (Some(&index), Node::Null) => members[index].1 = None,
            (Some(&index), change) => {
                let value = members[index].1.take().unwrap_or(Node::Null);
                members[index].1 = Some(merge(value, change));
            }
            (None, Node::Null) => {}
            (None, change) => members.push((name, Some(merge(Node::Null, change)))),
        }
    }
    Node::Object(members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

/// Names that an object has twice: which of them counts would be a guess.
fn find_duplicates(node: &Node<'_>, here: &Fault, faults: &mut Faults) {
    match node {
        Node::Object(members) => {
            let mut names = HashSet::new();
            for (name, value) in members {
                let there = here.clone().in_member(name);
                find_duplicates(value, &there, faults);
                if !names.insert(name) {
                    faults.push(there);
                }
            }
        }
        Node::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_duplicates(item, &here.clone().in_member(&index.to_string()), faults);
            }
        }
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
    }
}

/// Why a patch cannot be applied: the changed value would not keep to the rules (422).
#[derive(Debug)]
pub struct InvalidPatch(Repr);

#[derive(Debug)]
enum Repr {
    Invalid(Faults),
    /// The current value cannot be written, which is a fault of the server.
    Broken(crate::BoxError),
}

impl InvalidPatch {
    /// What is wrong with the changed value.
    pub fn faults(&self) -> &[Fault] {
        match &self.0 {
            Repr::Invalid(faults) => faults,
            Repr::Broken(_) => &[],
        }
    }

    fn broken(error: impl Into<crate::BoxError>) -> Self {
        InvalidPatch(Repr::Broken(error.into()))
    }
}

impl fmt::Display for InvalidPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Invalid(faults) => write!(f, "the changed value is not valid: {faults}"),
            Repr::Broken(_) => f.write_str("the current value cannot be patched"),
        }
    }
}

impl std::error::Error for InvalidPatch {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Repr::Invalid(_) => None,
            Repr::Broken(cause) => Some(cause.as_ref()),
        }
    }
}

impl Problem for InvalidPatch {
    fn describe(problems: &mut Problems) {
        problems.add(&INVALID_REQUEST);
    }

    fn into_details(self) -> ProblemDetails {
        match self.0 {
            Repr::Invalid(faults) => ProblemDetails::invalid(faults),
            Repr::Broken(cause) => ProblemDetails::new(&INTERNAL).cause(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7396, appendix A.
    #[test]
    fn patches_are_merged_as_the_standard_has_it() {
        let check = |target: &str, patch: &str, expected: &str| {
            let parse = |text: &'static str| parse_json(text.as_bytes()).unwrap();
            let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
            let merged = merge(parse(leak(target)), parse(leak(patch)));
            assert_eq!(merged, parse(leak(expected)), "{target} + {patch}");
        };
        check(r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
        check(r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#);
        check(r#"{"a":"b"}"#, r#"{"a":null}"#, "{}");
        check(r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#);
        check(r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
        check(r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#);
        check(r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#);
        check(r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#);
        check(r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#);
        check(r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#);
        check(r#"{"a":"foo"}"#, "null", "null");
        check(r#"{"a":"foo"}"#, "\"bar\"", "\"bar\"");
        check(r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#);
        check("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#);
        check("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#);
    }
}
