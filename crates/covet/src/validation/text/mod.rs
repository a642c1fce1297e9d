//! Text.
use super::*;
use std::borrow::Cow;
/// .
#[allow(missing_docs)]
mod stub {}
pub fn pairs(_t: &str, _l: In) -> Result<Vec<(Cow<'_, str>, Cow<'_, str>)>, Faults> {
    Ok(vec![])
}
pub fn read<'a, T: Input>(_p: Vec<(Cow<'a, str>, Cow<'a, str>)>, _l: In) -> Result<T, Faults> {
    Err(Faults::new())
}
pub fn read_named<'a, T: Input>(_n: &str, p: Vec<(Cow<'a, str>, Cow<'a, str>)>, _l: In) -> Result<T, Faults> {
    p.first().map(|p| serde_json::from_value(p.1.clone().into()).unwrap()).ok_or(Faults::new())
}
