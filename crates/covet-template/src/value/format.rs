//! Python's two ways of formatting: `%` and `format`.

use super::{Arena, Object, Text, V, print, repr};
use crate::error::{Error, Result};
use crate::escape;

/// No number is printed with more digits than this.
const MAX_PRECISION: usize = 300;

/// How one value is to be written.
#[derive(Clone, Default)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    zero: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    /// Whether nothing was asked for.
    fn is_plain(&self) -> bool {
        self.kind.is_none() && self.width == 0 && self.precision.is_none() && self.align.is_none() && !self.zero
    }
}

/// The operator `%` on a text.
pub(crate) fn format_percent<'a>(arena: &'a Arena, format: V<'a>, arguments: V<'a>) -> Result<V<'a>> {
    let safe = matches!(format, V::Safe(_));
    let text = format.expect_str("the format")?;
    let single = [arguments];
    let positional: &[V<'a>] = match arguments {
        V::Tuple(items) => items,
        V::Object(Object::Group(pair)) => pair,
        _ => &single,
    };
    let mut next = positional.iter().copied();
    let mut out = Text::new(arena);
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at])?;
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push_str("%")?;
            rest = after;
            continue;
        }
        let mut named = None;
        if let Some(after) = rest.strip_prefix('(') {
            let Some((name, after)) = after.split_once(')') else { return Err(incomplete()) };
            let V::Dict(dict) = arguments else { return Err(Error::type_("the format requires a dict")) };
            named = Some(dict.get_str(arena, name)?.ok_or_else(|| Error::value(format!("no value for `{name}`")))?);
            rest = after;
        }
        let mut take = || next.next().ok_or_else(|| Error::type_("not enough arguments for the format"));
        let (spec, after) = percent_spec(rest, &mut take)?;
        rest = after;
        let value = match named {
            Some(value) => value,
            None => take()?,
        };
        write_percent(arena, value, &spec, safe, &mut out)?;
    }
    if next.next().is_some() && !matches!(arguments, V::Dict(_)) {
        return Err(Error::type_("not all arguments were used by the format"));
    }
    out.push_str(rest)?;
    out.finish(arena, safe)
}

fn incomplete() -> Error {
    Error::value("the format is incomplete")
}

fn percent_spec<'t, 'a>(text: &'t str, take: &mut dyn FnMut() -> Result<V<'a>>) -> Result<(Spec, &'t str)> {
    let mut spec = Spec::default();
    let mut rest = text;
    while let Some(flag @ ('#' | '0' | '-' | ' ' | '+')) = rest.chars().next() {
        match flag {
            '#' => spec.alternate = true,
            '0' => spec.zero = true,
            '-' => spec.align = Some('<'),
            sign => spec.sign = Some(sign).filter(|_| spec.sign != Some('+')),
        }
        rest = &rest[1..];
    }
    if let Some(after) = rest.strip_prefix('*') {
        let width = take()?.expect_int("a width")?;
        spec.align = if width < 0 { Some('<') } else { spec.align };
        spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
        rest = after;
    } else {
        spec.width = leading_number(&mut rest)?.unwrap_or(0);
    }
    if let Some(after) = rest.strip_prefix('.') {
        rest = after;
        if let Some(after) = rest.strip_prefix('*') {
            let precision = take()?.expect_int("a precision")?;
            spec.precision = Some(usize::try_from(precision).unwrap_or(0));
            rest = after;
        } else {
            spec.precision = Some(leading_number(&mut rest)?.unwrap_or(0));
        }
    }
    rest = rest.trim_start_matches(['h', 'l', 'L']);
    let kind = rest.chars().next().ok_or_else(incomplete)?;
    spec.kind = Some(kind);
    Ok((spec, &rest[kind.len_utf8()..]))
}

fn leading_number(rest: &mut &str) -> Result<Option<usize>> {
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    if digits == 0 {
        return Ok(None);
    }
    let number = rest[..digits].parse().map_err(|_| Error::budget("memory"))?;
    *rest = &rest[digits..];
    Ok(Some(number))
}

/// The text with escapes in the place of what is not ASCII.
fn ascii(arena: &Arena, text: &str) -> Result<Text> {
    let mut out = Text::new(arena);
    for c in text.chars() {
        match c as u32 {
            0..0x80 => out.push(c)?,
            code @ 0x80..0x100 => out.push_str(&format!("\\x{code:02x}"))?,
            code @ 0x100..0x10000 => out.push_str(&format!("\\u{code:04x}"))?,
            code => out.push_str(&format!("\\U{code:08x}"))?,
        }
    }
    Ok(out)
}

fn write_percent<'a>(arena: &'a Arena, value: V<'a>, spec: &Spec, safe: bool, out: &mut Text) -> Result<()> {
    let mut spec = spec.clone();
    let kind = spec.kind.unwrap_or('s');
    match kind {
        's' | 'r' | 'a' => {
            let mut text = Text::new(arena);
            match value {
                V::Str(part) if safe && kind == 's' => escape::push(part, &mut text)?,
                value if kind == 's' => print(arena, value, &mut text)?,
                value => {
                    repr(arena, value, &mut text)?;
                    if kind == 'a' {
                        text = ascii(arena, text.as_str())?;
                    }
                }
            }
            spec.zero = false;
            spec.align = spec.align.or(Some('>'));
            write_text(text.as_str(), &spec, out)
        }
        'c' => {
            let mut text = Text::new(arena);
            match value {
                V::Int(code) => text.push(u32::try_from(code).ok().and_then(char::from_u32).ok_or_else(incomplete)?)?,
                value => print(arena, value, &mut text)?,
            }
            spec.align = spec.align.or(Some('>'));
            write_text(text.as_str(), &spec, out)
        }
        'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
            let number = match value {
                V::Float(number) if !matches!(kind, 'x' | 'X' | 'o') => number.trunc() as i128,
                value => value.as_wide().ok_or_else(|| value.mismatch("a number to format", "an integer"))?,
            };
            spec.kind = Some(if matches!(kind, 'i' | 'u') { 'd' } else { kind });
            write_integer(number, &spec, out)
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let number = value.as_float().ok_or_else(|| value.mismatch("a number to format", "a number"))?;
            write_float(number, &spec, out)
        }
        kind => Err(Error::value(format!("the format has no `%{kind}`"))),
    }
}

/// Where the method `format` takes its values from.
pub(crate) struct Fields<'x, 'a> {
    pub(crate) positional: &'x [V<'a>],
    pub(crate) named: &'x dyn Fn(&str) -> Result<Option<V<'a>>>,
}

/// The method `format` of a text. Items may be taken in the braces; attributes are not offered there.
pub(crate) fn format_fields<'a>(arena: &'a Arena, format: V<'a>, fields: &Fields<'_, 'a>) -> Result<V<'a>> {
    let safe = matches!(format, V::Safe(_));
    let mut rest = format.expect_str("the format")?;
    let mut out = Text::new(arena);
    let mut counter = 0;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at])?;
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            out.push_str(brace)?;
            rest = after;
            continue;
        }
        let Some(end) = closing_brace(rest).filter(|_| brace == "{") else {
            return Err(Error::value("a single brace in a format"));
        };
        let field = &rest[..end];
        rest = &rest[end + 1..];
        let (reference, spec) = field.split_once(':').unwrap_or((field, ""));
        let (name, conversion) = reference.split_once('!').unwrap_or((reference, ""));
        let value = field_value(arena, name, fields, &mut counter)?;
        if spec.contains('{') {
            let spec = nested_spec(arena, spec, fields, &mut counter)?;
            write_field(arena, value, conversion, field_spec(&spec)?, safe, &mut out)?;
        } else {
            write_field(arena, value, conversion, field_spec(spec)?, safe, &mut out)?;
        }
    }
    out.push_str(rest)?;
    out.finish(arena, safe)
}

/// The brace that closes a field, whose format may hold one level of fields.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn nested_spec<'a>(arena: &'a Arena, spec: &str, fields: &Fields<'_, 'a>, counter: &mut usize) -> Result<String> {
    let mut out = Text::new(arena);
    let mut rest = spec;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(incomplete)?;
        out.push_str(before)?;
        print(arena, field_value(arena, name, fields, counter)?, &mut out)?;
        rest = after;
    }
    out.push_str(rest)?;
    Ok(out.into_string())
}

/// The value of a reference such as `0`, `name` or `name.attribute[key][1]`. An attribute is an entry, or nothing is
/// defined, as in Jinja2's sandbox; a key that is not there is an error.
fn field_value<'a>(arena: &'a Arena, reference: &str, fields: &Fields<'_, 'a>, counter: &mut usize) -> Result<V<'a>> {
    let (name, mut steps) = reference.split_at(reference.find(['.', '[']).unwrap_or(reference.len()));
    let value = if name.is_empty() {
        *counter += 1;
        fields.positional.get(*counter - 1).copied()
    } else if let Ok(index) = name.parse::<usize>() {
        fields.positional.get(index).copied()
    } else {
        (fields.named)(name)?
    };
    let missing = || Error::value(format!("no value for `{reference}` in the format"));
    let mut value = value.ok_or_else(missing)?;
    while !steps.is_empty() {
        if let Some(after) = steps.strip_prefix('.') {
            let (attribute, after) = after.split_at(after.find(['.', '[']).unwrap_or(after.len()));
            let attribute = arena.str(attribute)?;
            let found = match value {
                V::Dict(_) | V::Record(_) => super::item(arena, value, V::Str(attribute))?,
                V::Undefined(name) => return Err(Error::undefined(name)),
                _ => None,
            };
            value = found.unwrap_or(V::Undefined(attribute));
            steps = after;
        } else {
            let inside = steps.strip_prefix('[').ok_or_else(missing)?;
            let (key, after) = inside.split_once(']').ok_or_else(incomplete)?;
            let key = match key.parse() {
                Ok(index) => V::Int(index),
                Err(_) => V::Str(arena.str(key)?),
            };
            value = super::item(arena, value, key)?.ok_or_else(missing)?;
            steps = after;
        }
    }
    Ok(value)
}

fn field_spec(text: &str) -> Result<Spec> {
    let mut spec = Spec::default();
    let mut chars = text.chars();
    let (first, second) = (chars.next(), chars.next());
    let mut rest = text;
    if let (Some(fill), Some(align @ ('<' | '>' | '^' | '='))) = (first, second) {
        spec.fill = Some(fill);
        spec.align = Some(align);
        rest = &rest[fill.len_utf8() + 1..];
    } else if let Some(align @ ('<' | '>' | '^' | '=')) = first {
        spec.align = Some(align);
        rest = &rest[1..];
    }
    if let Some(sign @ ('+' | '-' | ' ')) = rest.chars().next() {
        spec.sign = Some(sign);
        rest = &rest[1..];
    }
    if let Some(after) = rest.strip_prefix('#') {
        spec.alternate = true;
        rest = after;
    }
    if let Some(after) = rest.strip_prefix('0') {
        spec.zero = true;
        rest = after;
    }
    spec.width = leading_number(&mut rest)?.unwrap_or(0);
    if let Some(grouping @ (',' | '_')) = rest.chars().next() {
        spec.grouping = Some(grouping);
        rest = &rest[1..];
    }
    if let Some(after) = rest.strip_prefix('.') {
        rest = after;
        spec.precision = Some(leading_number(&mut rest)?.ok_or_else(incomplete)?);
    }
    let mut kinds = rest.chars();
    spec.kind = kinds.next();
    if kinds.next().is_some() {
        return Err(Error::value("the format specification is invalid"));
    }
    Ok(spec)
}

fn write_field<'a>(
    arena: &'a Arena,
    value: V<'a>,
    conversion: &str,
    spec: Spec,
    safe: bool,
    out: &mut Text,
) -> Result<()> {
    let converted = matches!(conversion, "r" | "s" | "a");
    match (value, spec.kind) {
        (V::Int(code), Some('c')) if !converted => {
            let c = u32::try_from(code).ok().and_then(char::from_u32).ok_or_else(incomplete)?;
            write_text(c.encode_utf8(&mut [0; 4]), &Spec { align: spec.align.or(Some('<')), ..spec }, out)
        }
        (V::Int(_) | V::Big(_), None | Some('d' | 'x' | 'X' | 'o' | 'b' | 'n')) if !converted => {
            write_integer(value.as_wide().unwrap_or(0), &spec, out)
        }
        // A truth value is a number wherever there is more to it than printing it.
        (V::Bool(number), Some('d' | 'x' | 'X' | 'o' | 'b' | 'n')) if !converted => {
            write_integer(number.into(), &spec, out)
        }
        (V::Bool(number), None) if !converted && !spec.is_plain() => write_integer(number.into(), &spec, out),
        (V::Int(_) | V::Big(_) | V::Bool(_) | V::Float(_), Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%'))
            if !converted =>
        {
            write_float(value.as_float().unwrap_or(0.0), &spec, out)
        }
        (V::Float(number), None) if spec.precision.is_some() && !converted => {
            write_float(number, &Spec { kind: Some('g'), ..spec }, out)
        }
        (V::Int(_) | V::Big(_) | V::Bool(_) | V::Float(_), Some('s')) if !converted => {
            Err(Error::value(format!("the format `s` does not take {}", value.type_name())))
        }
        (value, None | Some('s'))
            if !converted
                && !spec.is_plain()
                && value.as_str().is_none()
                && value.as_float().is_none()
                && !value.is_undefined() =>
        {
            Err(Error::type_(format!("a format with a width does not take {}", value.type_name())))
        }
        (_, None | Some('s')) => {
            let mut text = Text::new(arena);
            match value {
                value if matches!(conversion, "r" | "a") => {
                    repr(arena, value, &mut text)?;
                    if conversion == "a" {
                        text = ascii(arena, text.as_str())?;
                    }
                }
                V::Str(part) if safe => escape::push(part, &mut text)?,
                value => print(arena, value, &mut text)?,
            }
            let align = if matches!(value, V::Float(_) | V::Int(_)) && !converted { '>' } else { '<' };
            write_text(text.as_str(), &Spec { align: spec.align.or(Some(align)), ..spec }, out)
        }
        (value, Some(kind)) => Err(Error::value(format!("the format `{kind}` does not take {}", value.type_name()))),
    }
}

fn write_text(text: &str, spec: &Spec, out: &mut Text) -> Result<()> {
    let text = match spec.precision {
        Some(length) => text.char_indices().nth(length).map_or(text, |(end, _)| &text[..end]),
        None => text,
    };
    padded("", text, spec, out)
}

/// Writes a sign and a body, filled up to the width.
fn padded(sign: &str, body: &str, spec: &Spec, out: &mut Text) -> Result<()> {
    let length = sign.chars().count() + body.chars().count();
    let missing = spec.width.saturating_sub(length);
    let zero = spec.zero && spec.align.is_none();
    let fill = spec.fill.unwrap_or(if zero { '0' } else { ' ' });
    let align = spec.align.unwrap_or(if zero { '=' } else { '>' });
    let (before, inside, after) = match align {
        '<' => (0, 0, missing),
        '^' => (missing / 2, 0, missing - missing / 2),
        '=' => (0, missing, 0),
        _ => (missing, 0, 0),
    };
    out.repeat(fill, before)?;
    out.push_str(sign)?;
    out.repeat(fill, inside)?;
    out.push_str(body)?;
    out.repeat(fill, after)
}

fn sign_of(negative: bool, spec: &Spec) -> &'static str {
    match spec.sign {
        _ if negative => "-",
        Some('+') => "+",
        Some(' ') => " ",
        _ => "",
    }
}

fn write_integer(number: i128, spec: &Spec, out: &mut Text) -> Result<()> {
    let magnitude = number.unsigned_abs();
    let (prefix, digits) = match spec.kind {
        Some('x') => ("0x", format!("{magnitude:x}")),
        Some('X') => ("0X", format!("{magnitude:X}")),
        Some('o') => ("0o", format!("{magnitude:o}")),
        Some('b') => ("0b", format!("{magnitude:b}")),
        _ => ("", magnitude.to_string()),
    };
    let sign = format!("{}{}", sign_of(number < 0, spec), if spec.alternate { prefix } else { "" });
    padded(&sign, &grouped(&digits, spec), spec, out)
}

fn grouped(digits: &str, spec: &Spec) -> String {
    let Some(separator) = spec.grouping else { return digits.to_owned() };
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text + fraction
}

fn write_float(number: f64, spec: &Spec, out: &mut Text) -> Result<()> {
    let precision = spec.precision.unwrap_or(6);
    if precision > MAX_PRECISION {
        return Err(Error::value(format!("a number has at most {MAX_PRECISION} digits after the point")));
    }
    let magnitude = number.abs();
    let kind = spec.kind.unwrap_or('g');
    let digits = match kind {
        _ if !magnitude.is_finite() => format!("{magnitude}").to_lowercase(),
        'f' | 'F' => format!("{magnitude:.precision$}"),
        '%' => format!("{:.precision$}%", magnitude * 100.0),
        'e' | 'E' => exponential(magnitude, precision),
        _ => general(magnitude, precision.max(1), spec.alternate),
    };
    let digits = if kind.is_ascii_uppercase() { digits.to_uppercase() } else { digits };
    padded(sign_of(number.is_sign_negative(), spec), &grouped(&digits, spec), spec, out)
}

fn exponential(magnitude: f64, precision: usize) -> String {
    let text = format!("{magnitude:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn general(magnitude: f64, precision: usize, keep_zeros: bool) -> String {
    let scientific = exponential(magnitude, precision - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
    let power: i32 = exponent.parse().unwrap_or(0);
    let strip = |text: &str| {
        if keep_zeros || !text.contains('.') {
            return text.to_owned();
        }
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if power < -4 || power >= precision as i32 {
        return format!("{}e{exponent}", strip(mantissa));
    }
    let decimals = usize::try_from(precision as i32 - 1 - power).unwrap_or(0);
    strip(&format!("{magnitude:.decimals$}"))
}
