//! From pieces and arguments to one text and one list of values.

use std::fmt::Write;
use std::sync::Arc;

use super::{Arg, Piece, Source, Sql, Text};
use crate::{Dialect, Error, ErrorKind, Param, Result};

/// The longest list that is bound value by value; SQLite takes longer ones as one JSON array.
const LONGEST_PADDED_LIST: usize = 1024;

/// A statement ready for a database.
#[derive(Debug)]
pub(crate) struct Rendered<'a> {
    pub(crate) text: Text,
    pub(crate) params: Vec<Param<'a>>,
    /// The call's own time-out.
    pub(crate) timeout: Option<std::time::Duration>,
}

impl<'a> Sql<'a> {
    /// The text for a dialect and the values in the order of their placeholders.
    pub(crate) fn render(&self, dialect: Dialect) -> Result<Rendered<'a>> {
        let text = match &self.source {
            Source::Static(text) => Text::Static(text),
            Source::Unchecked(text) => Text::Shared(Arc::clone(text)),
            Source::Template(template) if template.is_fixed() => {
                Text::Static(template.cached(dialect).get_or_init(|| {
                    let mut renderer = Renderer::new(dialect);
                    for piece in template.pieces() {
                        match piece {
                            Piece::Text(text) => renderer.text.push_str(text),
                            _ => renderer.placeholder(),
                        }
                    }
                    renderer.text.into()
                }))
            }
            Source::Template(_) => return Renderer::new(dialect).render(self),
        };
        let params = self.args.iter().filter_map(|arg| match arg {
            Arg::Value(param) => Some(param.clone()),
            _ => None,
        });
        Ok(Rendered { text, params: params.collect(), timeout: self.own_timeout() })
    }
}

/// A statement in the making.
struct Renderer<'a> {
    dialect: Dialect,
    text: String,
    placeholders: usize,
    params: Vec<Param<'a>>,
}

impl<'a> Renderer<'a> {
    fn new(dialect: Dialect) -> Self {
        Self { dialect, text: String::new(), placeholders: 0, params: Vec::new() }
    }

    fn render(mut self, sql: &Sql<'a>) -> Result<Rendered<'a>> {
        self.statement(sql)?;
        if self.placeholders > self.dialect.most_parameters() {
            return Err(Error::new(
                ErrorKind::Limit,
                format!(
                    "{} values are bound, {} takes at most {}",
                    self.placeholders,
                    self.dialect,
                    self.dialect.most_parameters()
                ),
            )
            .with_statement(&self.text));
        }
        Ok(Rendered { text: Text::Shared(Arc::from(self.text)), params: self.params, timeout: sql.own_timeout() })
    }

    fn statement(&mut self, sql: &Sql<'a>) -> Result<()> {
        match &sql.source {
            Source::Static(text) => self.text.push_str(text),
            Source::Unchecked(text) => self.text.push_str(text),
            Source::Template(template) => return self.pieces(template.pieces(), &sql.args),
        }
        for arg in &sql.args {
            if let Arg::Value(param) = arg {
                self.placeholders += 1;
                self.params.push(param.clone());
            }
        }
        Ok(())
    }

    fn pieces(&mut self, pieces: &'static [Piece], args: &[Arg<'a>]) -> Result<()> {
        let mut args = args.iter();
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.text.push_str(text),
                Piece::Value | Piece::Splice => self.argument(args.next())?,
                Piece::In => self.list(args.next(), Membership::In)?,
                Piece::NotIn => self.list(args.next(), Membership::NotIn)?,
            }
        }
        // A joined statement has arguments alone.
        args.try_for_each(|arg| self.argument(Some(arg)))
    }

    fn argument(&mut self, arg: Option<&Arg<'a>>) -> Result<()> {
        match arg {
            Some(Arg::Value(param)) => self.bind(param.clone()),
            Some(Arg::Fragment(sql)) => self.statement(sql)?,
            Some(Arg::Ident(ident)) => ident.quote_into(self.dialect, &mut self.text),
            Some(Arg::List(_) | Arg::Nothing) | None => {}
        }
        Ok(())
    }

    fn bind(&mut self, param: Param<'a>) {
        self.placeholder();
        self.params.push(param);
    }

    fn placeholder(&mut self) {
        self.placeholders += 1;
        match self.dialect {
            Dialect::Sqlite | Dialect::Mysql => self.text.push('?'),
            Dialect::Postgres => {
                let number = self.placeholders;
                // Writing to a String cannot fail.
                let _ = write!(self.text, "${number}");
            }
        }
    }

    /// PostgreSQL takes a list of any length as one array, so that there is one text for all.
    ///
    /// An empty list is in nothing: `IN` is false and `NOT IN` is true, also for NULL. A longer one is padded to a
    /// power of two with its last value, so that the statement cache sees eleven texts and not a thousand.
    fn list(&mut self, arg: Option<&Arg<'a>>, membership: Membership) -> Result<()> {
        let Some(Arg::List(values)) = arg else {
            return Ok(());
        };
        if self.dialect == Dialect::Postgres {
            self.text.push_str(membership.operator());
            self.text.push('(');
            self.bind(Param::Array(values.clone()));
            self.text.push(')');
            return Ok(());
        }
        let Some(last) = values.last() else {
            self.text.push_str(membership.of_nothing(self.dialect));
            return Ok(());
        };
        self.text.push_str(membership.keyword());
        if self.dialect == Dialect::Sqlite && values.len() > LONGEST_PADDED_LIST {
            self.text.push_str(" (SELECT value FROM json_each(");
            self.bind(Param::Text(json_array(values)?.into()));
            self.text.push_str("))");
            return Ok(());
        }
        let padded = if values.len() > LONGEST_PADDED_LIST { values.len() } else { values.len().next_power_of_two() };
        self.text.push_str(" (");
        for index in 0..padded {
            if index > 0 {
                self.text.push(',');
            }
            self.bind(values.get(index).unwrap_or(last).clone());
        }
        self.text.push(')');
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Membership {
    In,
    NotIn,
}

impl Membership {
    fn keyword(self) -> &'static str {
        match self {
            Self::In => "IN",
            Self::NotIn => "NOT IN",
        }
    }

    /// The same of an array.
    fn operator(self) -> &'static str {
        match self {
            Self::In => "= ANY",
            Self::NotIn => "<> ALL",
        }
    }

    /// A subquery without rows, which is not NULL for NULL. Older MySQL has no WHERE without a table.
    fn of_nothing(self, dialect: Dialect) -> &'static str {
        match (self, dialect) {
            (Self::In, Dialect::Mysql) => "IN (SELECT 1 FROM DUAL WHERE 1 = 0)",
            (Self::NotIn, Dialect::Mysql) => "NOT IN (SELECT 1 FROM DUAL WHERE 1 = 0)",
            (Self::In, _) => "IN (SELECT 1 WHERE 1 = 0)",
            (Self::NotIn, _) => "NOT IN (SELECT 1 WHERE 1 = 0)",
        }
    }
}

/// A list as SQLite's `json_each` reads it back with the same types; JSON has none for bytes.
fn json_array(values: &[Param<'_>]) -> Result<String> {
    let mut array = String::from("[");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            array.push(',');
        }
        json_value(value, &mut array)?;
    }
    array.push(']');
    Ok(array)
}

fn json_value(value: &Param<'_>, array: &mut String) -> Result<()> {
    // Writing to a String cannot fail, here and below.
    let _ = match value {
        Param::Null => write!(array, "null"),
        Param::Bool(value) => write!(array, "{}", i64::from(*value)),
        Param::Int(value) => write!(array, "{value}"),
        Param::Float(value) if value.is_finite() => write!(array, "{value:?}"),
        Param::Text(text) | Param::Json(text) => {
            write!(array, "{}", serde_json::Value::from(text.as_ref()))
        }
        Param::Uuid(value) => write!(array, "\"{value}\""),
        Param::Decimal(value) => write!(array, "\"{value}\""),
        Param::Date(value) => write!(array, "\"{value}\""),
        Param::Time(value) => write!(array, "\"{value}\""),
        Param::DateTime(value) => write!(array, "\"{value}\""),
        Param::Timestamp(value) => write!(array, "\"{value}\""),
        Param::Float(_) | Param::UInt(_) | Param::Bytes(_) | Param::Array(_) | Param::Invalid(_) => {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("a list of more than {LONGEST_PADDED_LIST} values takes text and signed, finite numbers only"),
            ));
        }
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sql::Template;

    fn check(sql: &Sql<'_>, expected: [&str; 3]) {
        for (dialect, expected) in Dialect::ALL.into_iter().zip(expected) {
            let rendered = sql.render(dialect).unwrap();
            assert_eq!(rendered.text.as_str(), expected, "{dialect}");
        }
    }

    #[test]
    fn each_dialect_has_its_placeholders() {
        let (low, high) = (1, 2);
        check(
            &crate::sql!("SELECT * FROM t WHERE a > {low} AND a < {high}"),
            [
                "SELECT * FROM t WHERE a > ? AND a < ?",
                "SELECT * FROM t WHERE a > $1 AND a < $2",
                "SELECT * FROM t WHERE a > ? AND a < ?",
            ],
        );
    }

    #[test]
    fn parts_are_numbered_where_they_stand() {
        let part = crate::sql!("AND b = {2}");
        let none: Option<Sql<'_>> = None;
        check(
            &crate::sql!("a = {1} {..part} {..none} AND c = {3}"),
            ["a = ? AND b = ?  AND c = ?", "a = $1 AND b = $2  AND c = $3", "a = ? AND b = ?  AND c = ?"],
        );
    }

    #[test]
    fn lists_are_padded_with_their_last_value() {
        let list = [1, 2, 3];
        let sql = crate::sql!("x NOT IN ({list*})");
        let rendered = sql.render(Dialect::Sqlite).unwrap();
        assert_eq!(rendered.text.as_str(), "x NOT IN (?,?,?,?)");
        assert_eq!(rendered.params.last(), Some(&Param::Int(3)));
    }

    proptest! {
        #[test]
        fn every_value_has_its_placeholder(
            kinds in prop::collection::vec(0_usize..4, 0..12),
            lengths in prop::collection::vec(0_usize..9, 12),
        ) {
            static VALUE: Template = Template::new(&[Piece::Text("a = "), Piece::Value]);
            static LIST: Template = Template::new(&[Piece::Text("a "), Piece::In]);
            let parts = kinds.iter().zip(&lengths).map(|(kind, length)| match kind {
                0 => Sql::from_template(&VALUE, vec![Arg::Value(Param::Int(1))]),
                1 => Sql::from_template(&LIST, vec![Arg::List(vec![Param::Int(1); *length])]),
                2 => Sql::from("b = 'x'"),
                _ => Sql::join([Sql::from_template(&VALUE, vec![Arg::Value(Param::Null)])], ","),
            });
            let sql = Sql::join(parts, " OR ");
            for dialect in Dialect::ALL {
                let rendered = sql.render(dialect)?;
                let mark = if dialect == Dialect::Postgres { '$' } else { '?' };
                prop_assert_eq!(rendered.text.as_str().matches(mark).count(), rendered.params.len());
                if dialect == Dialect::Postgres {
                    for number in 1..=rendered.params.len() {
                        let placeholder = format!("${number}");
                        prop_assert!(rendered.text.as_str().contains(&placeholder));
                    }
                }
            }
        }
    }
}
