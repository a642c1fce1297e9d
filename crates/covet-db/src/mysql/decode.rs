//! Values on their way from the server.
//!
//! What prepared statements give has its type; what plain ones give is text, which is read as the type of its column.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::{Column, Row, Value};
use rust_decimal::Decimal;

use crate::row::Batch;
use crate::{Error, Result, ValueRef};

/// The character set of a column that holds bytes.
const BINARY: u16 = 63;

/// Adds a row.
pub(super) fn push(columns: &[Column], row: Row, batch: &mut Batch) -> Result<()> {
    let mut values = row.unwrap_raw().into_iter();
    columns.iter().try_for_each(|column| cell(column, values.next().flatten().unwrap_or(Value::NULL), batch))
}

fn cell(column: &Column, value: Value, batch: &mut Batch) -> Result<()> {
    match value {
        Value::NULL => batch.push(ValueRef::Null),
        Value::Int(value) => batch.push(ValueRef::Int(value)),
        Value::UInt(value) => batch.push(unsigned(value)),
        Value::Float(value) => batch.push(ValueRef::Float(value.into())),
        Value::Double(value) => batch.push(ValueRef::Float(value)),
        Value::Date(year, month, day, hour, minute, second, micros) => {
            let Some(civil) = civil([year, month.into(), day.into()], [hour, minute, second], micros) else {
                return batch.push_text(zero_date(column, year, month, day).as_bytes());
            };
            batch.push(match column.column_type() {
                ColumnType::MYSQL_TYPE_DATE | ColumnType::MYSQL_TYPE_NEWDATE => ValueRef::Date(civil.date()),
                kind => moment(kind, civil),
            })
        }
        Value::Time(negative, days, hours, minutes, seconds, micros) => {
            let time = Time::new(
                i8::try_from(hours).unwrap_or(-1),
                i8::try_from(minutes).unwrap_or(-1),
                i8::try_from(seconds).unwrap_or(-1),
                i32::try_from(u64::from(micros) * 1000).unwrap_or(-1),
            );
            match time {
                Ok(time) if !negative && days == 0 => batch.push(ValueRef::Time(time)),
                _ => {
                    let hours = u64::from(days) * 24 + u64::from(hours);
                    let sign = if negative { "-" } else { "" };
                    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
                    batch.push_text(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{fraction}").as_bytes())
                }
            }
        }
        Value::Bytes(bytes) => bytes_of(column, &bytes, batch),
    }
}

/// What came as bytes: text, bytes, and what has no other form.
fn bytes_of(column: &Column, bytes: &[u8], batch: &mut Batch) -> Result<()> {
    let text = || std::str::from_utf8(bytes).map_err(|_| broken());
    match column.column_type() {
        ColumnType::MYSQL_TYPE_DECIMAL | ColumnType::MYSQL_TYPE_NEWDECIMAL => match Decimal::from_str_exact(text()?) {
            Ok(decimal) => batch.push(ValueRef::Decimal(decimal)),
            Err(_) => batch.push_text(bytes),
        },
        ColumnType::MYSQL_TYPE_BIT => {
            let number = bytes.iter().try_fold(0_u64, |number, byte| Some(number.checked_mul(256)? + u64::from(*byte)));
            match number {
                Some(number) => batch.push(unsigned(number)),
                None => batch.push(ValueRef::Bytes(bytes)),
            }
        }
        ColumnType::MYSQL_TYPE_JSON | ColumnType::MYSQL_TYPE_ENUM | ColumnType::MYSQL_TYPE_SET => {
            batch.push_text(bytes)
        }
        ColumnType::MYSQL_TYPE_TINY
        | ColumnType::MYSQL_TYPE_SHORT
        | ColumnType::MYSQL_TYPE_INT24
        | ColumnType::MYSQL_TYPE_LONG
        | ColumnType::MYSQL_TYPE_LONGLONG
        | ColumnType::MYSQL_TYPE_YEAR => match column.flags().contains(ColumnFlags::UNSIGNED_FLAG) {
            true => batch.push(unsigned(parsed(text()?)?)),
            false => batch.push(ValueRef::Int(parsed(text()?)?)),
        },
        ColumnType::MYSQL_TYPE_FLOAT | ColumnType::MYSQL_TYPE_DOUBLE => batch.push(ValueRef::Float(parsed(text()?)?)),
        ColumnType::MYSQL_TYPE_DATE | ColumnType::MYSQL_TYPE_NEWDATE => match text()?.parse::<Date>() {
            Ok(date) if date.year() > 0 => batch.push(ValueRef::Date(date)),
            _ => batch.push_text(bytes),
        },
        ColumnType::MYSQL_TYPE_TIME => match text()?.parse::<Time>() {
            Ok(time) => batch.push(ValueRef::Time(time)),
            Err(_) => batch.push_text(bytes),
        },
        kind @ (ColumnType::MYSQL_TYPE_DATETIME | ColumnType::MYSQL_TYPE_TIMESTAMP) => match text()?.parse() {
            Ok(civil) => batch.push(moment(kind, civil)),
            Err(_) => batch.push_text(bytes),
        },
        _ if column.character_set() == BINARY => batch.push(ValueRef::Bytes(bytes)),
        _ => batch.push_text(bytes),
    }
}

fn unsigned(value: u64) -> ValueRef<'static> {
    i64::try_from(value).map_or(ValueRef::UInt(value), ValueRef::Int)
}

fn parsed<T: FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| broken())
}

fn moment(kind: ColumnType, civil: DateTime) -> ValueRef<'static> {
    match kind {
        // The session's zone is UTC.
        ColumnType::MYSQL_TYPE_TIMESTAMP => {
            let instant = jiff::tz::Offset::UTC.to_timestamp(civil);
            instant.map_or(ValueRef::DateTime(civil), ValueRef::Timestamp)
        }
        _ => ValueRef::DateTime(civil),
    }
}

fn civil([year, month, day]: [u16; 3], [hour, minute, second]: [u8; 3], micros: u32) -> Option<DateTime> {
    DateTime::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        i32::try_from(u64::from(micros) * 1000).ok()?,
    )
    .ok()
}

/// A date that is none stays text, so that only who asks for a date fails.
fn zero_date(column: &Column, year: u16, month: u8, day: u8) -> String {
    match column.column_type() {
        ColumnType::MYSQL_TYPE_DATE => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} 00:00:00"),
    }
}

fn broken() -> Error {
    Error::decode("the server sent a value that is not of its column's type")
}
