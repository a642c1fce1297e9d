//! Reading JSON.

use super::checker;
use super::fault::Fault;
use super::faults::Faults;
use super::model::Input;
use super::schema::Shapes;
use super::strict::Strict;
use super::{tree, walk};

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes are not JSON at all: status 400.
    Malformed(Box<Fault>),
    /// They are JSON, but not a value of the type: status 422.
    Invalid(Faults),
}

impl ReadError {
    /// All faults, whatever their kind.
    #[must_use]
    pub fn into_faults(self) -> Faults {
        match self {
            Self::Malformed(fault) => Faults::from(*fault),
            Self::Invalid(faults) => faults,
        }
    }
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(fault) => fault.fmt(f),
            Self::Invalid(faults) => faults.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}

/// Reads a value from JSON and checks it.
///
/// ```
/// use covet::validation::json;
///
/// #[covet::model]
/// #[derive(Debug)]
/// struct NewBook {
///     #[check(length(min = 1, max = 200))]
///     title: String,
///     #[check(range(min = 0))]
///     price: i64,
/// }
///
/// let book: NewBook = json::read(br#"{"title": "Emma", "price": 999}"#).unwrap();
/// assert_eq!(book.price, 999);
///
/// let faults = json::read::<NewBook>(br#"{"title": "", "price": "free"}"#).unwrap_err().into_faults();
/// assert_eq!(faults[0].to_string(), "body /title: must be 1 to 200 characters long");
/// assert_eq!(faults[1].to_string(), "body /price: must be a whole number, not a string");
/// ```
///
/// # Errors
///
/// [`ReadError::Malformed`] if the bytes are empty, not UTF-8, not JSON, nested deeper than 128 levels, followed by something
/// else, or hold half of a surrogate pair; [`ReadError::Invalid`] with every fault if the value is not one of `T`.
pub fn read<T: Input>(bytes: &[u8]) -> Result<T, ReadError> {
    match parse(bytes) {
        Ok(value) => checked(value),
        Err(_) => explain(bytes),
    }
}

fn parse<T: Input>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = T::deserialize(Strict(&mut deserializer))?;
    deserializer.end().map(|()| value)
}

fn checked<T: Input>(value: T) -> Result<T, ReadError> {
    match checker::check(&value) {
        Ok(()) => Ok(value),
        Err(faults) => Err(ReadError::Invalid(faults)),
    }
}

/// Says why the bytes are not a `T`. Where the schema has no objection, serde's own decides.
#[cold]
fn explain<T: Input>(bytes: &[u8]) -> Result<T, ReadError> {
    let tree = tree::parse(bytes).map_err(ReadError::Malformed)?;
    walk::walk(&tree, Shapes::of::<T>()).into_result().map_err(ReadError::Invalid)?;
    match T::deserialize(Strict(&tree)) {
        Ok(value) => checked(value),
        Err(error) => Err(ReadError::Invalid(error.into_fault().into())),
    }
}

/// Reads a value from a tree, such as one of another format, and checks it.
pub(crate) fn read_tree<T: Input>(tree: &tree::Node<'_>) -> Result<T, Faults> {
    match T::deserialize(Strict(tree)) {
        Ok(value) => checker::check(&value).map(|()| value),
        Err(error) => {
            walk::walk(tree, Shapes::of::<T>()).into_result()?;
            Err(error.into_fault().into())
        }
    }
}

/// Compares a tree with a schema, as [`conforms`] does.
#[cfg(feature = "_binary")]
pub(crate) fn conforms_tree(tree: &tree::Node<'_>, schema: &serde_json::Value) -> Faults {
    walk::walk(tree, &Shapes::compile(schema))
}

/// Compares a JSON text with a schema that has its definitions in `$defs`, for tests of responses.
pub(crate) fn conforms(bytes: &[u8], schema: &serde_json::Value) -> Result<super::Faults, String> {
    let node = tree::parse(bytes).map_err(|fault| format!("the value is not JSON: {fault}"))?;
    Ok(walk::walk(&node, &Shapes::compile(schema)))
}
