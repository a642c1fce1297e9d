//! How values come: in binary, read into a batch's cells.
//!
//! Numbers, truth values, dates, times, UUIDs and decimals have cells of their own. Everything else is text: intervals in ISO
//! 8601, arrays as JSON, composites and ranges as PostgreSQL writes them, and so are dates and numbers beyond the usual.

use std::borrow::Cow;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Kind, Type};

use super::encode::ZERO;
use super::numeric;
use crate::row::Batch;
use crate::{Error, ErrorKind, Result, ValueRef};

/// The bytes alone; the column knows the type.
struct Bytes<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Adds a row to a batch.
pub(super) fn push(row: &Row, batch: &mut Batch) -> Result<()> {
    for (index, column) in row.columns().iter().enumerate() {
        let bytes: Bytes<'_> = row.try_get(index).map_err(|_| damaged(column.type_()))?;
        match bytes.0 {
            None => batch.push(ValueRef::Null)?,
            // Whether it is UTF-8 is asked when it is read.
            Some(bytes) if is_text(column.type_()) => batch.push_text(bytes)?,
            Some(bytes) => batch.push(read(column.type_(), bytes)?.as_ref())?,
        }
    }
    Ok(())
}

fn is_text(ty: &Type) -> bool {
    matches!(*ty, Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::JSON | Type::XML | Type::UNKNOWN)
}

/// A value that has been read.
enum Value<'a> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
    Date(Date),
    Time(Time),
    DateTime(DateTime),
    Timestamp(Timestamp),
    Uuid(uuid::Uuid),
    Decimal(rust_decimal::Decimal),
}

impl Value<'_> {
    fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Bool(value) => ValueRef::Bool(*value),
            Self::Int(value) => ValueRef::Int(*value),
            Self::Float(value) => ValueRef::Float(*value),
            Self::Text(text) => ValueRef::Text(text),
            Self::Bytes(bytes) => ValueRef::Bytes(bytes),
            Self::Date(value) => ValueRef::Date(*value),
            Self::Time(value) => ValueRef::Time(*value),
            Self::DateTime(value) => ValueRef::DateTime(*value),
            Self::Timestamp(value) => ValueRef::Timestamp(*value),
            Self::Uuid(value) => ValueRef::Uuid(*value),
            Self::Decimal(value) => ValueRef::Decimal(*value),
        }
    }
}

fn read<'a>(ty: &Type, bytes: &'a [u8]) -> Result<Value<'a>> {
    let value = match *ty {
        Type::BOOL => bytes.first().map(|byte| Value::Bool(*byte != 0)),
        Type::INT2 => fixed(bytes).map(|bytes| Value::Int(i16::from_be_bytes(bytes).into())),
        Type::INT4 => fixed(bytes).map(|bytes| Value::Int(i32::from_be_bytes(bytes).into())),
        Type::INT8 => fixed(bytes).map(|bytes| Value::Int(i64::from_be_bytes(bytes))),
        Type::OID => fixed(bytes).map(|bytes| Value::Int(u32::from_be_bytes(bytes).into())),
        Type::FLOAT4 => fixed(bytes).map(|bytes| Value::Float(f32::from_be_bytes(bytes).into())),
        Type::FLOAT8 => fixed(bytes).map(|bytes| Value::Float(f64::from_be_bytes(bytes))),
        Type::BYTEA => Some(Value::Bytes(bytes)),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::JSON | Type::XML | Type::UNKNOWN => {
            std::str::from_utf8(bytes).ok().map(|text| Value::Text(text.into()))
        }
        Type::JSONB => bytes
            .split_first()
            .and_then(|(_, text)| std::str::from_utf8(text).ok())
            .map(|text| Value::Text(text.into())),
        Type::NUMERIC => match numeric::decode_decimal(bytes) {
            Some(value) => Some(Value::Decimal(value)),
            None => numeric::decode(bytes).map(|text| Value::Text(text.into())),
        },
        Type::UUID => fixed(bytes).map(|bytes| Value::Uuid(uuid::Uuid::from_bytes(bytes))),
        Type::DATE => fixed(bytes).map(|bytes| date(i32::from_be_bytes(bytes))),
        Type::TIME => fixed(bytes).and_then(|bytes| time(i64::from_be_bytes(bytes))),
        Type::TIMESTAMP => fixed(bytes).map(|bytes| civil(i64::from_be_bytes(bytes))),
        Type::TIMESTAMPTZ => fixed(bytes).map(|bytes| instant(i64::from_be_bytes(bytes))),
        Type::INTERVAL => interval(bytes).map(text_of),
        Type::INET | Type::CIDR => address(bytes).map(text_of),
        Type::VOID => Some(Value::Text("".into())),
        _ => match ty.kind() {
            Kind::Domain(base) => return read(base, bytes),
            Kind::Enum(_) => std::str::from_utf8(bytes).ok().map(|text| Value::Text(text.into())),
            Kind::Array(element) => array(element, bytes)?.map(text_of),
            Kind::Range(element) => range(element, bytes)?.map(text_of),
            Kind::Composite(fields) => {
                let types: Vec<_> = fields.iter().map(|field| field.type_().clone()).collect();
                composite(&types, bytes)?.map(text_of)
            }
            _ if ty.name() == "citext" => std::str::from_utf8(bytes).ok().map(|text| Value::Text(text.into())),
            // What is not known stays as it is; `::text` in the statement makes text of it.
            _ => Some(Value::Bytes(bytes)),
        },
    };
    value.ok_or_else(|| damaged(ty))
}

fn text_of<'a>(text: String) -> Value<'a> {
    Value::Text(text.into())
}

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

/// In a day.
const MICROSECONDS: i64 = 86_400_000_000;

fn date<'a>(days: i32) -> Value<'a> {
    match days {
        i32::MAX => return text_of("infinity".into()),
        i32::MIN => return text_of("-infinity".into()),
        _ => {}
    }
    // PostgreSQL's dates go further than anybody's; the ones beyond are told as days.
    day(days).map_or_else(|| text_of(format!("2000-01-01 and {days} days")), Value::Date)
}

/// The date so many days after 1 January 2000, in the proleptic Gregorian calendar. Years that begin in March have their leap
/// day at the end, and 400 of them are as long as any other 400.
fn day(days: i32) -> Option<Date> {
    const YEARS_400: i64 = 146_097;
    /// From 1 March of the year 0 to 1 January 2000.
    const ZERO_DAY: i64 = 730_425;
    let since = i64::from(days) + ZERO_DAY;
    let (cycle, rest) = (since.div_euclid(YEARS_400), since.rem_euclid(YEARS_400));
    let year = (rest - rest / 1460 + rest / 36_524 - rest / 146_096) / 365;
    let rest = rest - (365 * year + year / 4 - year / 100);
    let month = (5 * rest + 2) / 153;
    let day = rest - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = i16::try_from(cycle * 400 + year + later).ok()?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn time<'a>(microseconds: i64) -> Option<Value<'a>> {
    // 24:00:00 is a time in PostgreSQL, and nowhere else.
    if microseconds == MICROSECONDS {
        return Some(Value::Text("24:00:00".into()));
    }
    time_of_day(microseconds).map(Value::Time)
}

fn time_of_day(microseconds: i64) -> Option<Time> {
    let seconds = microseconds.div_euclid(1_000_000);
    let part = |value: i64| i8::try_from(value).ok();
    let nanoseconds = i32::try_from(microseconds.rem_euclid(1_000_000) * 1000).ok()?;
    Time::new(part(seconds / 3600)?, part(seconds / 60 % 60)?, part(seconds % 60)?, nanoseconds).ok()
}

fn civil<'a>(microseconds: i64) -> Value<'a> {
    match microseconds {
        i64::MAX => return text_of("infinity".into()),
        i64::MIN => return text_of("-infinity".into()),
        _ => {}
    }
    let days = i32::try_from(microseconds.div_euclid(MICROSECONDS)).ok();
    let day = days.and_then(day);
    let civil = day.zip(time_of_day(microseconds.rem_euclid(MICROSECONDS)));
    civil.map_or_else(
        || text_of(format!("2000-01-01T00:00:00 and {microseconds} microseconds")),
        |(date, time)| Value::DateTime(date.to_datetime(time)),
    )
}

fn instant<'a>(microseconds: i64) -> Value<'a> {
    match microseconds {
        i64::MAX => return text_of("infinity".into()),
        i64::MIN => return text_of("-infinity".into()),
        _ => {}
    }
    let instant =
        microseconds.checked_add(ZERO).and_then(|microseconds| Timestamp::from_microsecond(microseconds).ok());
    instant.map_or_else(|| text_of(format!("2000-01-01T00:00:00Z and {microseconds} microseconds")), Value::Timestamp)
}

/// Months, days and microseconds, each with its own sign.
fn interval(bytes: &[u8]) -> Option<String> {
    let microseconds = i64::from_be_bytes(fixed(bytes.get(..8)?)?);
    let days = i32::from_be_bytes(fixed(bytes.get(8..12)?)?);
    let months = i32::from_be_bytes(fixed(bytes.get(12..16)?)?);
    let mut text = String::from("P");
    // Writing to a String cannot fail, here and below.
    for (amount, unit) in [(months / 12, 'Y'), (months % 12, 'M'), (days, 'D')] {
        if amount != 0 {
            let _ = write!(text, "{amount}{unit}");
        }
    }
    let (seconds, fraction) = (microseconds / 1_000_000, (microseconds % 1_000_000).unsigned_abs());
    if microseconds != 0 {
        let _ = write!(text, "T");
        for (amount, unit) in [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M')] {
            if amount != 0 {
                let _ = write!(text, "{amount}{unit}");
            }
        }
        let sign = if microseconds < 0 { "-" } else { "" };
        match (seconds % 60, fraction) {
            (0, 0) => {}
            (rest, 0) => drop(write!(text, "{rest}S")),
            (rest, fraction) => {
                let digits = format!("{fraction:06}");
                let _ = write!(text, "{sign}{}.{}S", rest.unsigned_abs(), digits.trim_end_matches('0'));
            }
        }
    }
    if text.len() == 1 {
        text.push_str("T0S");
    }
    Some(text)
}

/// Family, bits, whether it is a network, length, address.
fn address(bytes: &[u8]) -> Option<String> {
    let [_, bits, is_network, _, address @ ..] = bytes else {
        return None;
    };
    let (address, all) = match address.len() {
        4 => (IpAddr::from(Ipv4Addr::from(fixed::<4>(address)?)), 32),
        16 => (IpAddr::from(Ipv6Addr::from(fixed::<16>(address)?)), 128),
        _ => return None,
    };
    Some(if *bits == all && *is_network == 0 { address.to_string() } else { format!("{address}/{bits}") })
}

/// What is left of a value's bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn int(&mut self) -> Option<i32> {
        self.take(4).and_then(fixed).map(i32::from_be_bytes)
    }

    /// A value behind its length; none for NULL.
    fn sized(&mut self) -> Option<Option<&'a [u8]>> {
        match usize::try_from(self.int()?) {
            Ok(length) => self.take(length).map(Some),
            Err(_) => Some(None),
        }
    }
}

/// An array as JSON, nested as it has dimensions.
fn array(element: &Type, bytes: &[u8]) -> Result<Option<String>> {
    let mut reader = Reader(bytes);
    let Some((dimensions, _, _)) = reader.int().zip(reader.int()).zip(reader.int()).map(|((a, b), c)| (a, b, c)) else {
        return Ok(None);
    };
    let mut lengths = Vec::new();
    // No array of PostgreSQL has more than six.
    for _ in 0..dimensions.clamp(0, 6) {
        let Some((length, _)) = reader.int().zip(reader.int()) else {
            return Ok(None);
        };
        lengths.push(usize::try_from(length).unwrap_or(0));
    }
    let mut json = String::new();
    Ok(dimension(element, &lengths, &mut reader, &mut json)?.map(|()| json))
}

fn dimension(element: &Type, lengths: &[usize], reader: &mut Reader<'_>, json: &mut String) -> Result<Option<()>> {
    json.push('[');
    if let Some((length, inner)) = lengths.split_first() {
        for index in 0..*length {
            if index > 0 {
                json.push(',');
            }
            if !inner.is_empty() {
                if dimension(element, inner, reader, json)?.is_none() {
                    return Ok(None);
                }
                continue;
            }
            match reader.sized() {
                None => return Ok(None),
                Some(None) => json.push_str("null"),
                Some(Some(bytes)) => json_value(element, bytes, json)?,
            }
        }
    }
    json.push(']');
    Ok(Some(()))
}

fn json_value(ty: &Type, bytes: &[u8], json: &mut String) -> Result<()> {
    let value = read(ty, bytes)?;
    let is_json = matches!(*ty, Type::JSON | Type::JSONB) || matches!(ty.kind(), Kind::Array(_));
    // Writing to a String cannot fail.
    let _ = match value {
        Value::Bool(value) => write!(json, "{value}"),
        Value::Int(value) => write!(json, "{value}"),
        Value::Float(value) if value.is_finite() => write!(json, "{}", serde_json::Value::from(value)),
        Value::Float(value) => write!(json, "\"{value}\""),
        Value::Text(text) if is_json => write!(json, "{text}"),
        Value::Text(text) => write!(json, "{}", serde_json::Value::from(text.as_ref())),
        Value::Bytes(bytes) => write!(json, "{}", serde_json::Value::from(crate::row::hexadecimal(bytes))),
        other => write!(json, "\"{}\"", other.as_ref().to_text().unwrap_or_default()),
    };
    Ok(())
}

/// `[1,10)`
fn range(element: &Type, bytes: &[u8]) -> Result<Option<String>> {
    let mut reader = Reader(bytes);
    let Some(flags) = reader.take(1).and_then(|flags| flags.first().copied()) else {
        return Ok(None);
    };
    if flags & 1 != 0 {
        return Ok(Some("empty".into()));
    }
    let mut text = String::from(if flags & 2 != 0 { "[" } else { "(" });
    for (infinite, separator) in [(8, ","), (16, if flags & 4 != 0 { "]" } else { ")" })] {
        if flags & infinite == 0 {
            let Some(Some(bound)) = reader.sized() else {
                return Ok(None);
            };
            field(element, bound, &mut text)?;
        }
        text.push_str(separator);
    }
    Ok(Some(text))
}

/// `(1,"a b",)`
fn composite(types: &[Type], bytes: &[u8]) -> Result<Option<String>> {
    let mut reader = Reader(bytes);
    let count = reader.int();
    let mut text = String::from("(");
    for (index, ty) in types.iter().enumerate().take(count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0)) {
        if index > 0 {
            text.push(',');
        }
        let Some((_, value)) = reader.int().zip(reader.sized()) else {
            return Ok(None);
        };
        if let Some(value) = value {
            field(ty, value, &mut text)?;
        }
    }
    text.push(')');
    Ok(Some(text))
}

/// A value within a composite or a range, quoted where its text needs it.
fn field(ty: &Type, bytes: &[u8], text: &mut String) -> Result<()> {
    let value = match read(ty, bytes)? {
        Value::Bool(value) => if value { "t" } else { "f" }.to_owned(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => text.into_owned(),
        Value::Bytes(bytes) => format!("\\x{}", crate::row::hexadecimal(bytes)),
        other => other.as_ref().to_text().unwrap_or_default(),
    };
    if !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || "\"\\(),[]".contains(c)) {
        text.push_str(&value);
        return Ok(());
    }
    text.push('"');
    for character in value.chars() {
        if matches!(character, '"' | '\\') {
            text.push(character);
        }
        text.push(character);
    }
    text.push('"');
    Ok(())
}

fn damaged(ty: &Type) -> Error {
    Error::new(ErrorKind::Decode, format!("a value of type {ty} is not as PostgreSQL writes it"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn days_are_counted_as_the_calendar_does(days in -2_451_545_i32..2_921_940) {
            let zero = Date::constant(2000, 1, 1);
            let counted = zero.checked_add(jiff::SignedDuration::from_hours(24 * i64::from(days)));
            prop_assert_eq!(day(days), counted.ok());
            prop_assert_eq!(day(days.saturating_add(10_000_000)), None);
        }

        #[test]
        fn no_bytes_are_too_broken(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            for ty in [
                Type::BOOL, Type::INT4, Type::JSONB, Type::NUMERIC, Type::DATE, Type::TIME, Type::TIMESTAMP,
                Type::TIMESTAMPTZ, Type::INTERVAL, Type::INET, Type::INT4_ARRAY, Type::TEXT_ARRAY, Type::INT4_RANGE,
                Type::TS_RANGE, Type::UUID, Type::TEXT,
            ] {
                let _ = read(&ty, &bytes);
            }
            let _ = composite(&[Type::INT4, Type::TEXT], &bytes);
        }
    }
}
