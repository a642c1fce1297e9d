//! Reading text parameters: query strings, forms, path segments, headers and cookies.
//!
//! Text has no types, so the schema says what each text is meant to be; the result is the same tree that JSON gives, and the
//! same walk explains what is wrong with it.
//!
//! | text | becomes |
//! |---|---|
//! | `limit=20` | a number or a boolean where the schema allows one and the text is written like one, else a string |
//! | `limit=` | null where the schema allows null and no string, so that an empty input of a form is none |
//! | `tag=a&tag=b`, `tag[]=a&tag[]=b` | a list where the schema has a list |
//! | `filter[author]=x` | an object where the schema has an object (OpenAPI's `deepObject`) |
//! | `limit=1&limit=2` | a `duplicate` fault where the schema has neither |

mod encoding;
mod groups;
mod plant;
#[cfg(feature = "csv")]
mod table;

use super::checker;
use super::code::Code;
use super::fault::{Fault, In};
use super::faults::Faults;
use super::model::Input;
use super::schema::{Kinds, Shapes};
use super::strict::Strict;
use super::tree::{DUPLICATE, MISSING, Node};
use super::walk;

pub use encoding::{Pair, pairs};
#[cfg(feature = "csv")]
pub(crate) use table::{Columns, CsvCell, is_flat};

/// Reads an object from names and texts that are decoded already.
///
/// Names of headers are compared without regard to case, and `-` stands for the `_` of Rust's names. Names that the type does not declare are passed over, unless it
/// denies them.
///
/// ```
/// use covet::validation::{In, text};
///
/// #[covet::model]
/// struct Search {
///     #[serde(default)]
///     tag: Vec<String>,
///     #[check(range(min = 1, max = 100))]
///     limit: u32,
/// }
///
/// let pairs = text::pairs("tag=a&limit=20&tag=b", In::Query).unwrap();
/// let search: Search = text::read(pairs, In::Query).unwrap();
/// assert_eq!((search.tag.len(), search.limit), (2, 20));
///
/// let pairs = vec![("limit".into(), "0".into())];
/// let faults = text::read::<Search>(pairs, In::Query).err().unwrap();
/// assert_eq!(faults[0].to_string(), "query `limit`: must be at least 1");
/// ```
///
/// # Errors
///
/// Every fault, each with its parameter; in a form ([`In::Body`]) with a pointer instead.
pub fn read<T: Input>(pairs: Vec<Pair<'_>>, location: In) -> Result<T, Faults> {
    let shapes = Shapes::of::<T>();
    let tree = plant::object(pairs, shapes, location == In::Header);
    let place = |fault: Fault| {
        if location == In::Body { fault } else { fault.named_by_pointer(location) }
    };
    value_of(&tree, shapes).map_err(|faults| faults.map(place))
}

/// Reads one value, such as the only parameter of a path.
///
/// ```
/// use covet::validation::{In, text};
///
/// assert_eq!(text::read_value::<i64>("id", "17", In::Path).unwrap(), 17);
///
/// let faults = text::read_value::<i64>("id", "seventeen", In::Path).unwrap_err();
/// assert_eq!(faults[0].to_string(), "path `id`: must be a whole number");
/// ```
///
/// # Errors
///
/// Every fault, with the parameter's name.
pub fn read_value<T: Input>(name: &str, text: &str, location: In) -> Result<T, Faults> {
    let shapes = Shapes::of::<T>();
    let tree = plant::scalar(text.into(), shapes);
    value_of(&tree, shapes).map_err(|faults| faults.map(|fault| fault.in_parameter(location, name.to_owned())))
}

/// Reads the value that stands under one name among others: a list from every text of that name, any other type from the
/// only one. Where there is none, the value is that of a type which may be left out.
///
/// ```
/// use covet::validation::{In, text};
///
/// let pairs = || vec![("tag".into(), "a".into()), ("page".into(), "2".into()), ("tag".into(), "b".into())];
/// let tags: Vec<String> = text::read_named("tag", pairs(), In::Query).unwrap();
/// assert_eq!(tags, ["a", "b"]);
/// let limit: Option<u32> = text::read_named("limit", pairs(), In::Query).unwrap();
/// assert_eq!(limit, None);
///
/// let faults = text::read_named::<u32>("limit", pairs(), In::Query).unwrap_err();
/// assert_eq!(faults[0].to_string(), "query `limit`: must be given");
/// ```
///
/// # Errors
///
/// Every fault, with the parameter's name.
pub fn read_named<T: Input>(name: &str, pairs: Vec<Pair<'_>>, location: In) -> Result<T, Faults> {
    let shapes = Shapes::of::<T>();
    let kinds = shapes.get(shapes.root()).all_kinds;
    let mut texts = pairs.into_iter().filter(|(known, _)| is_named(known, name, location)).map(|(_, text)| text);
    let misplaced = |code, message| Err(Fault::new(code, message).in_parameter(location, name.to_owned()).into());
    let tree = if kinds != Kinds::ALL && kinds.meets(Kinds::ARRAY) {
        plant::list(texts, shapes)
    } else {
        match (texts.next(), texts.next()) {
            (Some(text), None) => plant::scalar(text, shapes),
            (Some(_), Some(_)) => return misplaced(Code::Duplicate, DUPLICATE),
            (None, _) if kinds.meets(Kinds::NULL) => Node::Null,
            (None, _) => return misplaced(Code::Missing, MISSING),
        }
    };
    value_of(&tree, shapes).map_err(|faults| faults.map(|fault| fault.in_parameter(location, name.to_owned())))
}

/// Whether a pair belongs to a name. In a header `-` stands for the `_` of Rust's names, and case does not count.
fn is_named(known: &str, name: &str, location: In) -> bool {
    match location {
        In::Header => encoding::is_same_header(known, name),
        _ => known == name || known.strip_suffix("[]") == Some(name),
    }
}

fn value_of<T: Input>(tree: &Node<'_>, shapes: &Shapes) -> Result<T, Faults> {
    match T::deserialize(Strict(tree)) {
        Ok(value) => checker::check(&value).map(|()| value),
        Err(error) => {
            let faults = walk::walk_text(tree, shapes);
            Err(if faults.is_empty() { error.into_fault().into() } else { faults })
        }
    }
}
