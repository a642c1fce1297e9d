//! Values as text, for connections without prepared statements: the server infers what they are.

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{Format, IsNull, ToSql, Type};

use super::encode::{text, unfit};
use crate::{Param, Result};

/// A value as text of a type that the server infers, for connections without prepared statements.
pub(super) struct Untyped(Option<String>);

impl Untyped {
    pub(super) fn new(index: usize, param: &Param<'_>) -> Result<Self> {
        if matches!(param, Param::Null) {
            return Ok(Self(None));
        }
        let text = match param {
            Param::Bytes(bytes) => Ok(bytes.iter().fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}"))),
            Param::Array(values) => array_text(values),
            other => text(other),
        };
        text.map(|text| Self(Some(text))).map_err(|reason| unfit(index, &reason))
    }
}

impl std::fmt::Debug for Untyped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

impl ToSql for Untyped {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let Some(text) = &self.0 else {
            return Ok(IsNull::Yes);
        };
        out.put_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    tokio_postgres::types::to_sql_checked!();
}

/// `{1,NULL,"a"}`
fn array_text(values: &[Param<'_>]) -> std::result::Result<String, String> {
    let mut array = String::from("{");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            array.push(',');
        }
        if *value == Param::Null {
            array.push_str("NULL");
            continue;
        }
        array.push('"');
        for character in text(value)?.chars() {
            if matches!(character, '"' | '\\') {
                array.push('\\');
            }
            array.push(character);
        }
        array.push('"');
    }
    array.push('}');
    Ok(array)
}
