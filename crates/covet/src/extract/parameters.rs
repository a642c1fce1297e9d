//! Parameters as text, whatever part of the request they stand in.

use std::borrow::Cow;

use crate::Rejection;
use crate::validation::{Code, Fault, In, Input, text};

/// Names and values, decoded.
pub(super) type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Reads a query string or a form.
pub(crate) fn read_encoded<T: Input>(bytes: &[u8], location: In, name: Option<&'static str>) -> Result<T, Rejection> {
    let malformed = |fault: Fault| Rejection::Malformed(fault.located(location).into());
    let encoded = std::str::from_utf8(bytes).map_err(|error| {
        malformed(Fault::new(Code::Encoding, format!("is not UTF-8 from byte {} on", error.valid_up_to())))
    })?;
    let pairs = text::pairs(encoded, location).map_err(Rejection::Malformed)?;
    match name {
        Some(name) => read(pairs, location, name),
        None => read_all(pairs, location),
    }
}

/// Reads the members of a model from all pairs, and any other type from the pairs of this name.
pub(super) fn read<T: Input>(pairs: Pairs<'_>, location: In, name: &'static str) -> Result<T, Rejection> {
    if T::FIELDS.is_some() {
        return read_all(pairs, location);
    }
    text::read_named(name, pairs, location).map_err(Rejection::Invalid)
}

/// Reads the members of a model.
pub(super) fn read_all<T: Input>(pairs: Pairs<'_>, location: In) -> Result<T, Rejection> {
    text::read(pairs, location).map_err(Rejection::Invalid)
}
