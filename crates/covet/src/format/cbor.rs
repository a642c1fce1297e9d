//! CBOR (RFC 8949).

use std::borrow::Cow;

use super::serializer::{Container, Notation};
use super::tokens::{Broken, Cursor, Token, Tokens, float, utf8, whole};

/// How many tags may stand in front of one value.
const MAX_TAGS: usize = 16;

/// The notation of CBOR, for writing.
pub(super) struct Cbor;

fn head(major: u8, number: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    match number {
        0..24 => out.push(major | number as u8),
        24..0x100 => out.extend([major | 24, number as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend((number as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend((number as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(number.to_be_bytes());
        }
    }
}

impl Notation for Cbor {
    fn null(out: &mut Vec<u8>) {
        out.push(0xf6);
    }

    fn bool(value: bool, out: &mut Vec<u8>) {
        out.push(0xf4 | u8::from(value));
    }

    fn unsigned(number: u64, out: &mut Vec<u8>) {
        head(0, number, out);
    }

    fn negative(number: i64, out: &mut Vec<u8>) {
        // -1 - n, which is what the bits of n turned around are.
        head(1, !number as u64, out);
    }

    fn float32(number: f32, out: &mut Vec<u8>) {
        out.push(0xfa);
        out.extend(number.to_be_bytes());
    }

    fn float64(number: f64, out: &mut Vec<u8>) {
        out.push(0xfb);
        out.extend(number.to_be_bytes());
    }

    fn text(text: &str, out: &mut Vec<u8>) {
        head(3, text.len() as u64, out);
        out.extend(text.as_bytes());
    }

    fn container(kind: Container, length: u32, out: &mut Vec<u8>) {
        head(major(kind), length.into(), out);
    }

    fn wide_container(kind: Container) -> u8 {
        major(kind) << 5 | 26
    }
}

fn major(kind: Container) -> u8 {
    match kind {
        Container::List => 4,
        Container::Map => 5,
    }
}

/// Reads the items of a CBOR document.
pub(super) struct Reader<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { cursor: Cursor::new(bytes) }
    }

    /// The number behind an initial byte; `None` for an indefinite length.
    fn argument(&mut self, info: u8) -> Result<Option<u64>, Broken> {
        match info {
            0..24 => Ok(Some(info.into())),
            24..28 => self.cursor.unsigned(1 << (info - 24)).map(Some),
            31 => Ok(None),
            _ => Err(Broken::syntax("a reserved length stands")),
        }
    }

    fn definite(&mut self, info: u8) -> Result<u64, Broken> {
        self.argument(info)?.ok_or_else(|| Broken::syntax("an indefinite length stands where none can be"))
    }

    fn text(&mut self, info: u8) -> Result<Cow<'a, str>, Broken> {
        match self.argument(info)? {
            Some(length) => self.cursor.text(length).map(Cow::Borrowed),
            None => {
                let mut text = String::new();
                while let Some(chunk) = self.chunk(3)? {
                    // Every chunk is valid UTF-8 of its own (section 3.2.3).
                    text.push_str(utf8(chunk)?);
                }
                Ok(text.into())
            }
        }
    }

    fn byte_string(&mut self, info: u8) -> Result<Cow<'a, [u8]>, Broken> {
        match self.argument(info)? {
            Some(length) => self.cursor.take(length).map(Cow::Borrowed),
            None => {
                let mut bytes = Vec::new();
                while let Some(chunk) = self.chunk(2)? {
                    bytes.extend(chunk);
                }
                Ok(bytes.into())
            }
        }
    }

    /// A piece of a string of indefinite length.
    fn chunk(&mut self, major: u8) -> Result<Option<&'a [u8]>, Broken> {
        let initial = self.cursor.byte()?;
        if initial == 0xff {
            return Ok(None);
        }
        if initial >> 5 != major {
            return Err(Broken::syntax("a piece of a string is not one"));
        }
        let length = self.definite(initial & 31)?;
        self.cursor.take(length).map(Some)
    }

    fn simple(&mut self, info: u8) -> Result<Token<'a>, Broken> {
        Ok(match info {
            20 | 21 => Token::Bool(info == 21),
            // What is undefined is not there.
            22 | 23 => Token::Null,
            25 => float(half(u16::from_be_bytes(self.cursor.array()?))),
            26 => float(f32::from_be_bytes(self.cursor.array()?).into()),
            27 => float(f64::from_be_bytes(self.cursor.array()?)),
            31 => Token::Break,
            _ => return Err(Broken::syntax("a simple value stands that has no meaning")),
        })
    }
}

impl<'a> Tokens<'a> for Reader<'a> {
    const NAME: &'static str = "CBOR";

    fn next(&mut self) -> Result<Token<'a>, Broken> {
        for _ in 0..=MAX_TAGS {
            let initial = self.cursor.byte()?;
            let info = initial & 31;
            return Ok(match initial >> 5 {
                0 => whole(self.definite(info)?),
                1 => whole(-1 - i128::from(self.definite(info)?)),
                2 => Token::Bytes(self.byte_string(info)?),
                3 => Token::Text(self.text(info)?),
                4 => Token::List(self.argument(info)?),
                5 => Token::Map(self.argument(info)?),
                6 => {
                    // A tag says more about the value behind it, which the schema says better.
                    self.definite(info)?;
                    continue;
                }
                _ => self.simple(info)?,
            });
        }
        Err(Broken::syntax("too many tags stand in front of a value"))
    }

    fn bytes(&mut self) -> &mut Cursor<'a> {
        &mut self.cursor
    }
}

/// A float of 16 bits (appendix D).
fn half(bits: u16) -> f64 {
    let (exponent, mantissa) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let value = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) * 2f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { value } else { -value }
}
