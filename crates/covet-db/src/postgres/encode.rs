//! How values are sent: in binary, in the type that the server asks for.
//!
//! A value that does not fit that type is refused before anything is sent. Instants and times have microseconds in
//! PostgreSQL, and finer digits are cut off.

use bytes::{BufMut, BytesMut};
use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, Unit};
use rust_decimal::Decimal;
use tokio_postgres::types::{IsNull, Kind, ToSql, Type};

use super::numeric;
use crate::{Error, ErrorKind, Param, Result};

/// Midnight of 1 January 2000 in microseconds of Unix time, PostgreSQL's zero.
pub(super) const ZERO: i64 = 946_684_800_000_000;

/// The room that a value has in the buffer at first: most need no more.
const ROOM: usize = 24;

/// The room that the driver's buffer gets whenever it has little left. By itself it grows in the smallest steps, several for
/// each statement.
const DRIVERS_ROOM: usize = 2 << 10;

/// What is left of that room is too little for the rest of a usual statement.
const LITTLE: usize = 128;

/// Why a text with U+0000 is not sent.
const NUL: &str = "the text has a NUL in it, which PostgreSQL stores in bytea only";

/// Encoded values in one buffer, each behind its length.
pub(crate) struct Encoded {
    buffer: BytesMut,
    count: usize,
}

impl Encoded {
    pub(super) fn new<'a>(params: impl IntoIterator<Item = &'a Param<'a>>, types: &[Type]) -> Result<Self> {
        let mut buffer = BytesMut::with_capacity(types.len() * ROOM);
        let mut bound = 0;
        for param in params {
            // More values than places are counted, and refused below.
            if let Some(ty) = types.get(bound) {
                sized(param, ty, &mut buffer).map_err(|reason| unfit(bound, &reason))?;
            }
            bound += 1;
        }
        if bound != types.len() {
            return Err(Error::unbound(types.len(), bound));
        }
        Ok(Self { buffer, count: bound })
    }

    pub(super) fn values(&self) -> impl ExactSizeIterator<Item = Raw<'_>> {
        let mut rest = &*self.buffer;
        (0..self.count)
            .map(move |_| {
                let (length, values) = rest.split_first_chunk()?;
                let length = usize::try_from(i32::from_be_bytes(*length)).ok();
                let (value, others) = values.split_at_checked(length.unwrap_or(0))?;
                rest = others;
                length.map(|_| value)
            })
            .map(Raw)
    }
}

/// A value that has been encoded. Its Debug shows nothing of it, because the driver logs what it sends.
pub(super) struct Raw<'a>(Option<&'a [u8]>);

impl std::fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

impl ToSql for Raw<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let Some(value) = self.0 else {
            return Ok(IsNull::Yes);
        };
        if out.capacity() - out.len() < value.len() + LITTLE {
            out.reserve(value.len() + DRIVERS_ROOM);
        }
        out.put_slice(value);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

/// The type that a value asks for where the server has no better idea than text: `SELECT {7}` is an integer.
pub(super) fn own_type(param: &Param<'_>, declared: &Type) -> Option<Type> {
    let own = |param: &Param<'_>| match param {
        Param::Bool(_) => Some((Type::BOOL, Type::BOOL_ARRAY)),
        Param::Int(_) => Some((Type::INT8, Type::INT8_ARRAY)),
        Param::Float(_) => Some((Type::FLOAT8, Type::FLOAT8_ARRAY)),
        Param::Bytes(_) => Some((Type::BYTEA, Type::BYTEA_ARRAY)),
        _ => None,
    };
    match (param, declared) {
        (Param::Array(values), &Type::TEXT_ARRAY | &Type::VARCHAR_ARRAY) => {
            values.iter().find_map(own).map(|(_, array)| array)
        }
        (_, &Type::TEXT | &Type::VARCHAR) => own(param).map(|(single, _)| single),
        _ => None,
    }
}

/// Appends a value and says whether it is NULL, which has no bytes.
pub(super) fn encode(param: &Param<'_>, ty: &Type, out: &mut BytesMut) -> std::result::Result<bool, String> {
    if let Kind::Domain(base) = ty.kind() {
        return encode(param, base, out);
    }
    match param {
        Param::Null => return Ok(true),
        Param::Invalid(reason) => return Err(reason.to_string()),
        _ => {}
    }
    if let Kind::Array(element) = ty.kind() {
        return array(param, element, out).map(|()| false);
    }
    match *ty {
        Type::BOOL => match param {
            Param::Bool(value) => out.put_u8(u8::from(*value)),
            _ => return Err(misfit(param, ty)),
        },
        Type::INT2 => out.put_i16(integer(param, ty)?),
        Type::INT4 => out.put_i32(integer(param, ty)?),
        Type::INT8 => out.put_i64(integer(param, ty)?),
        Type::OID => out.put_u32(integer(param, ty)?),
        Type::FLOAT4 => out.put_f32(narrow(float(param, ty)?)?),
        Type::FLOAT8 => out.put_f64(float(param, ty)?),
        Type::NUMERIC => numeric::encode(decimal(param, ty)?, out),
        Type::BYTEA => match param {
            Param::Bytes(bytes) => out.put_slice(bytes),
            _ => return Err(misfit(param, ty)),
        },
        Type::UUID => match param {
            Param::Uuid(value) => out.put_slice(value.as_bytes()),
            Param::Text(text) => out.put_slice(uuid::Uuid::parse_str(text).map_err(|_| unreadable(ty))?.as_bytes()),
            _ => return Err(misfit(param, ty)),
        },
        Type::DATE => out.put_i32(days(parsed(param, ty)?)?),
        Type::TIME => out.put_i64(time_of_day(parsed(param, ty)?)),
        Type::TIMESTAMP => out.put_i64(civil(parsed(param, ty)?)?),
        Type::TIMESTAMPTZ => out.put_i64(instant(parsed(param, ty)?)),
        Type::JSONB => {
            out.put_u8(1);
            out.put_slice(json(param)?.as_bytes());
        }
        Type::JSON => out.put_slice(json(param)?.as_bytes()),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::XML => {
            out.put_slice(text(param)?.as_bytes());
        }
        _ if matches!(ty.kind(), Kind::Enum(_)) || ty.name() == "citext" => out.put_slice(text(param)?.as_bytes()),
        _ => {
            return Err(format!(
                "values of the type {ty} are sent as text; write the place as `CAST({{value}} AS text)::{ty}`"
            ));
        }
    }
    Ok(false)
}

fn integer<T: TryFrom<i64>>(param: &Param<'_>, ty: &Type) -> std::result::Result<T, String> {
    match param {
        Param::Int(value) => T::try_from(*value).map_err(|_| format!("the integer does not fit {ty}")),
        Param::UInt(_) => Err(format!("the integer does not fit {ty}")),
        _ => Err(misfit(param, ty)),
    }
}

fn float(param: &Param<'_>, ty: &Type) -> std::result::Result<f64, String> {
    match param {
        Param::Float(value) => Ok(*value),
        Param::Int(value) if value.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS => Ok(*value as f64),
        _ => Err(misfit(param, ty)),
    }
}

fn narrow(wide: f64) -> std::result::Result<f32, String> {
    let narrow = wide as f32;
    if narrow.is_infinite() && wide.is_finite() { Err("the number does not fit float4".into()) } else { Ok(narrow) }
}

fn decimal(param: &Param<'_>, ty: &Type) -> std::result::Result<Decimal, String> {
    match param {
        Param::Decimal(value) => Ok(*value),
        Param::Int(value) => Ok(Decimal::from(*value)),
        Param::UInt(value) => Ok(Decimal::from(*value)),
        Param::Text(text) => Decimal::from_str_exact(text).map_err(|_| unreadable(ty)),
        _ => Err(misfit(param, ty)),
    }
}

/// Values of time that a parameter can stand for, itself or as text.
trait Civil: std::str::FromStr {
    fn of(param: &Param<'_>) -> Option<Self>;
}

impl Civil for Date {
    fn of(param: &Param<'_>) -> Option<Self> {
        if let Param::Date(value) = param { Some(*value) } else { None }
    }
}

impl Civil for Time {
    fn of(param: &Param<'_>) -> Option<Self> {
        if let Param::Time(value) = param { Some(*value) } else { None }
    }
}

impl Civil for DateTime {
    fn of(param: &Param<'_>) -> Option<Self> {
        match param {
            Param::DateTime(value) => Some(*value),
            Param::Date(value) => Some(value.to_datetime(Time::midnight())),
            _ => None,
        }
    }
}

impl Civil for Timestamp {
    fn of(param: &Param<'_>) -> Option<Self> {
        if let Param::Timestamp(value) = param { Some(*value) } else { None }
    }
}

fn parsed<T: Civil>(param: &Param<'_>, ty: &Type) -> std::result::Result<T, String> {
    match param {
        Param::Text(text) => text.parse().map_err(|_| unreadable(ty)),
        other => T::of(other).ok_or_else(|| misfit(param, ty)),
    }
}

fn days(date: Date) -> std::result::Result<i32, String> {
    if date < Date::constant(-4712, 1, 1) {
        return Err("the date is before 4713 BC, PostgreSQL's first".into());
    }
    let span =
        date.since((Unit::Day, Date::constant(2000, 1, 1))).map_err(|_| "the date is out of range".to_owned())?;
    Ok(span.get_days())
}

fn time_of_day(time: Time) -> i64 {
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    seconds * 1_000_000 + i64::from(time.subsec_nanosecond() / 1000)
}

fn civil(value: DateTime) -> std::result::Result<i64, String> {
    Ok(i64::from(days(value.date())?) * 86_400_000_000 + time_of_day(value.time()))
}

fn instant(value: Timestamp) -> i64 {
    value.as_microsecond() - ZERO
}

fn json<'a>(param: &'a Param<'_>) -> std::result::Result<std::borrow::Cow<'a, str>, String> {
    match param {
        Param::Json(text) | Param::Text(text) => Ok(text.as_ref().into()),
        Param::Bool(value) => Ok(value.to_string().into()),
        Param::Int(value) => Ok(value.to_string().into()),
        Param::Float(value) if value.is_finite() => Ok(value.to_string().into()),
        _ => Err(misfit(param, &Type::JSON)),
    }
}

/// The text of a value, as the server's own text of it would be read.
pub(super) fn text(param: &Param<'_>) -> std::result::Result<String, String> {
    Ok(match param {
        Param::Text(text) | Param::Json(text) => {
            if text.contains('\0') {
                return Err(NUL.into());
            }
            text.as_ref().to_owned()
        }
        Param::Bool(value) => value.to_string(),
        Param::Int(value) => value.to_string(),
        Param::Float(value) => value.to_string(),
        Param::Uuid(value) => value.to_string(),
        Param::Decimal(value) => value.to_string(),
        Param::Date(value) => value.to_string(),
        Param::Time(value) => value.to_string(),
        Param::DateTime(value) => value.to_string(),
        Param::Timestamp(value) => value.to_string(),
        Param::UInt(_) => return Err("an integer above 9223372036854775807, the largest of int8".into()),
        Param::Invalid(reason) => return Err(reason.to_string()),
        Param::Null | Param::Bytes(_) | Param::Array(_) => return Err(misfit(param, &Type::TEXT)),
    })
}

/// A list, or a JSON array: `Json(vec![1, 2])` fits a column of `int4[]`.
fn array(param: &Param<'_>, element: &Type, out: &mut BytesMut) -> std::result::Result<(), String> {
    let from_json;
    let values = match param {
        Param::Array(values) => values,
        Param::Json(text) => {
            let values: Vec<serde_json::Value> =
                serde_json::from_str(text).map_err(|_| "the JSON is not an array".to_owned())?;
            from_json = values.into_iter().map(from_json_value).collect();
            &from_json
        }
        _ => return Err("a single value is not an array".into()),
    };
    let length = i32::try_from(values.len()).map_err(|_| "the list is too long".to_owned())?;
    out.put_i32(i32::from(length > 0));
    out.put_i32(i32::from(values.contains(&Param::Null)));
    out.put_u32(element.oid());
    if length == 0 {
        out.truncate(out.len() - 12);
        out.put_i32(0);
        out.put_i32(0);
        out.put_u32(element.oid());
        return Ok(());
    }
    out.put_i32(length);
    out.put_i32(1);
    values.iter().try_for_each(|value| sized(value, element, out))
}

/// A value behind its length, as arrays and COPY have it: -1 for NULL.
pub(super) fn sized(value: &Param<'_>, ty: &Type, out: &mut BytesMut) -> std::result::Result<(), String> {
    let start = out.len();
    out.put_i32(-1);
    if !encode(value, ty, out)? {
        let length = i32::try_from(out.len() - start - 4).map_err(|_| "the value is larger than 2 GiB".to_owned())?;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

fn from_json_value(value: serde_json::Value) -> Param<'static> {
    match value {
        serde_json::Value::Null => Param::Null,
        serde_json::Value::Bool(value) => Param::Bool(value),
        serde_json::Value::String(text) => Param::Text(text.into()),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Param::Int(value),
            (None, Some(value)) => Param::Float(value),
            (None, None) => Param::Invalid("the number of a JSON array is out of range".into()),
        },
        nested => Param::Json(nested.to_string().into()),
    }
}

fn misfit(param: &Param<'_>, ty: &Type) -> String {
    let what = match param {
        Param::Null => "NULL",
        Param::Bool(_) => "a boolean",
        Param::Int(_) | Param::UInt(_) => "an integer",
        Param::Float(_) => "a floating-point number",
        Param::Text(_) => "text",
        Param::Bytes(_) => "bytes",
        Param::Uuid(_) => "a UUID",
        Param::Decimal(_) => "a decimal",
        Param::Date(_) => "a date",
        Param::Time(_) => "a time of day",
        Param::DateTime(_) => "a date and time",
        Param::Timestamp(_) => "an instant",
        Param::Json(_) => "JSON",
        Param::Array(_) => "a list",
        Param::Invalid(_) => "no value",
    };
    format!("it is {what}, and the place takes {ty}")
}

fn unreadable(ty: &Type) -> String {
    format!("its text cannot be read as {ty}")
}

pub(super) fn unfit(index: usize, reason: &str) -> Error {
    let error = Error::new(ErrorKind::Encode, format!("value {} cannot be bound: {reason}", index + 1));
    // The code that the server itself would answer with.
    if reason == NUL { error.with_code("22021") } else { error }
}
