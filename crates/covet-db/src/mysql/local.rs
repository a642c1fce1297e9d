//! Rows for `LOAD DATA LOCAL INFILE`: lines of fields, which the server asks for by the name of a file. What it gets is
//! these lines, whatever name it asks for, and it gets them once.

use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use mysql_async::consts::ColumnType;
use mysql_async::prelude::Queryable;
use mysql_async::{Column, DriverError, LocalInfileError, Row};

use super::connection::{Failure, Session, Wire};
use super::{encode, error, keyword};
use crate::{Error, ErrorKind, Param, Result};

/// How many bytes go out in one packet.
const PACKET: usize = 256 << 10;

/// The character set of a column that holds bytes.
const BINARY: u16 = 63;

/// Lines on their way.
pub(crate) struct Lines {
    /// The statement that loads them.
    pub(super) text: Arc<str>,
    columns: usize,
    buffer: String,
    rows: usize,
}

impl Lines {
    /// For an INSERT of this crate's own, where a line can hold all of its columns.
    pub(super) fn new(insertion: &str, columns: &[Column]) -> Option<Self> {
        if columns.iter().any(holds_bytes) {
            return None;
        }
        let (head, _) = keyword::row_of_values(insertion)?;
        let (table, names) = apart(head.strip_prefix("INSERT INTO ")?.strip_suffix(" VALUES")?)?;
        let text = format!(
            "LOAD DATA LOCAL INFILE 'rows' INTO TABLE {table} CHARACTER SET utf8mb4 FIELDS TERMINATED BY 0x09 ESCAPED BY 0x5C LINES TERMINATED BY 0x0A {names}"
        );
        Some(Self { text: text.into(), columns: columns.len(), buffer: String::new(), rows: 0 })
    }

    /// The same without lines.
    pub(super) fn another(&self) -> Self {
        let buffer = String::with_capacity(self.buffer.len());
        Self { text: Arc::clone(&self.text), columns: self.columns, buffer, rows: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn size(&self) -> usize {
        self.buffer.len()
    }

    pub(super) fn push<'a>(&mut self, params: impl IntoIterator<Item = Param<'a>>) -> Result<()> {
        let mut bound = 0;
        for param in params {
            if bound > 0 {
                self.buffer.push('\t');
            }
            field(&param, &mut self.buffer).map_err(|reason| encode::unfit(bound, &reason))?;
            bound += 1;
        }
        if bound != self.columns {
            return Err(Error::unbound(self.columns, bound));
        }
        self.buffer.push('\n');
        self.rows += 1;
        Ok(())
    }
}

/// Whether a column takes other bytes than those of a text.
fn holds_bytes(column: &Column) -> bool {
    match column.column_type() {
        ColumnType::MYSQL_TYPE_BIT | ColumnType::MYSQL_TYPE_GEOMETRY => true,
        kind => kind.is_character_type() && column.character_set() == BINARY && kind != ColumnType::MYSQL_TYPE_JSON,
    }
}

/// The name of a table and the list of columns behind it, both quoted.
fn apart(head: &str) -> Option<(&str, &str)> {
    let mut is_quoted = false;
    let end = head.char_indices().find_map(|(index, character)| match character {
        '`' => {
            is_quoted = !is_quoted;
            None
        }
        ' ' if !is_quoted => Some(index),
        _ => None,
    })?;
    Some((head.get(..end)?, head.get(end + 1..)?))
}

fn field(param: &Param<'_>, line: &mut String) -> Result<(), String> {
    // Writing to a String cannot fail.
    let _ = match param {
        Param::Null => write!(line, "\\N"),
        Param::Bool(value) => write!(line, "{}", u8::from(*value)),
        Param::Int(value) => write!(line, "{value}"),
        Param::UInt(value) => write!(line, "{value}"),
        Param::Float(value) if value.is_finite() => write!(line, "{value:?}"),
        Param::Float(_) => return Err("the number is not a finite one, which MySQL cannot store".into()),
        Param::Text(text) | Param::Json(text) => {
            escaped(text, line);
            Ok(())
        }
        Param::Bytes(bytes) => {
            escaped(
                std::str::from_utf8(bytes).map_err(|_| "the column takes text, and the bytes are none".to_owned())?,
                line,
            );
            Ok(())
        }
        Param::Invalid(reason) => return Err(reason.to_string()),
        Param::Array(_) => return Err("MySQL has no arrays".into()),
        other => {
            line.push_str(&encode::text(other));
            Ok(())
        }
    };
    Ok(())
}

fn escaped(text: &str, line: &mut String) {
    let mut rest = text;
    while let Some(found) = rest.find(['\\', '\t', '\n', '\0']) {
        line.push_str(&rest[..found]);
        line.push_str(match rest.as_bytes()[found] {
            b'\\' => "\\\\",
            b'\t' => "\\t",
            b'\n' => "\\n",
            _ => "\\0",
        });
        rest = &rest[found + 1..];
    }
    line.push_str(rest);
}

impl Wire {
    /// Loads the lines. The server makes warnings of what are errors elsewhere, and passes over rows; here they are errors.
    pub(super) async fn load(&mut self, session: &Session, lines: Lines) -> Result<u64, Failure> {
        let rows = lines.rows as u64;
        let mut bytes = Bytes::from(lines.buffer);
        let packets: Vec<_> =
            std::iter::from_fn(|| (!bytes.is_empty()).then(|| Ok(bytes.split_to(bytes.len().min(PACKET))))).collect();
        self.conn.set_infile_handler(async move { Ok(stream::iter(packets).boxed()) });
        let loaded = self.conn.query_drop(&*lines.text).await;
        // Whoever asks again gets nothing.
        self.conn.set_infile_handler(async { Err(DriverError::from(LocalInfileError::NoHandler).into()) });
        if loaded.as_ref().is_err_and(error::forbids_loading) {
            session.shared.set_loads(false);
        }
        loaded?;
        let touched = self.conn.affected_rows();
        if self.conn.get_warnings() == 0 && touched == rows {
            return Ok(rows);
        }
        let warnings: Vec<Row> = self.conn.query("SHOW WARNINGS").await?;
        for warning in warnings {
            let (level, code, message): (String, u16, String) = mysql_async::from_row_opt(warning)
                .map_err(|_| Failure::Answered(Error::decode("the server's warnings cannot be read")))?;
            if level != "Note" {
                return Err(Failure::Answered(error::told_by_server(code, &message, "22000")));
            }
        }
        if touched == rows {
            return Ok(rows);
        }
        let message = format!("the server stored {touched} of {rows} rows and does not say why");
        Err(Failure::Answered(Error::new(ErrorKind::Other, message)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a line as the server does.
    fn read(line: &str) -> Vec<Option<String>> {
        let mut fields = vec![Some(String::new())];
        let mut characters = line.chars();
        while let Some(character) = characters.next() {
            let put = match character {
                '\t' => {
                    fields.push(Some(String::new()));
                    continue;
                }
                '\\' => match characters.next() {
                    Some('N') => {
                        *fields.last_mut().unwrap() = None;
                        continue;
                    }
                    Some('t') => '\t',
                    Some('n') => '\n',
                    Some('0') => '\0',
                    Some(other) => other,
                    None => panic!("a line ends in an escape"),
                },
                other => other,
            };
            fields.last_mut().unwrap().as_mut().unwrap().push(put);
        }
        fields
    }

    proptest! {
        #[test]
        fn a_line_is_read_back(texts in prop::collection::vec(prop::option::of("[\\PC\t\n\r\0\\\\]{0,9}"), 1..5)) {
            let mut line = String::new();
            for (index, text) in texts.iter().enumerate() {
                if index > 0 {
                    line.push('\t');
                }
                field(&crate::IntoParam::into_param(text), &mut line).unwrap();
            }
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(read(&line), texts);
        }
    }

    #[test]
    fn names_with_quotes_and_spaces_are_kept_apart() {
        assert_eq!(apart("`a``b c` (`d e`, `f`)"), Some(("`a``b c`", "(`d e`, `f`)")));
        assert_eq!(apart("`s`.`a` (`d`)"), Some(("`s`.`a`", "(`d`)")));
    }
}
