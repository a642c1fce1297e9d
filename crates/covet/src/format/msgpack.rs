//! MessagePack (github.com/msgpack/msgpack, spec.md).

use super::serializer::{Container, Notation};
use super::tokens::{Broken, Cursor, Token, Tokens, float, whole};

/// The notation of MessagePack, for writing.
pub(super) struct MessagePack;

impl Notation for MessagePack {
    fn null(out: &mut Vec<u8>) {
        out.push(0xc0);
    }

    fn bool(value: bool, out: &mut Vec<u8>) {
        out.push(0xc2 | u8::from(value));
    }

    fn unsigned(number: u64, out: &mut Vec<u8>) {
        match number {
            0..0x80 => out.push(number as u8),
            0x80..0x100 => out.extend([0xcc, number as u8]),
            0x100..0x1_0000 => with_u16(0xcd, number as u16, out),
            0x1_0000..0x1_0000_0000 => with_u32(0xce, number as u32, out),
            _ => {
                out.push(0xcf);
                out.extend(number.to_be_bytes());
            }
        }
    }

    fn negative(number: i64, out: &mut Vec<u8>) {
        match number {
            -0x20.. => out.push(number as u8),
            -0x80..-0x20 => out.extend([0xd0, number as u8]),
            -0x8000..-0x80 => with_u16(0xd1, number as u16, out),
            -0x8000_0000..-0x8000 => with_u32(0xd2, number as u32, out),
            _ => {
                out.push(0xd3);
                out.extend(number.to_be_bytes());
            }
        }
    }

    fn float32(number: f32, out: &mut Vec<u8>) {
        out.push(0xca);
        out.extend(number.to_be_bytes());
    }

    fn float64(number: f64, out: &mut Vec<u8>) {
        out.push(0xcb);
        out.extend(number.to_be_bytes());
    }

    fn text(text: &str, out: &mut Vec<u8>) {
        match text.len() {
            length @ 0..32 => out.push(0xa0 | length as u8),
            length @ 32..0x100 => out.extend([0xd9, length as u8]),
            length @ 0x100..0x1_0000 => with_u16(0xda, length as u16, out),
            length => with_u32(0xdb, u32::try_from(length).unwrap_or(u32::MAX), out),
        }
        // The format has no texts of more than 4 GiB.
        out.extend_from_slice(&text.as_bytes()[..text.len().min(u32::MAX as usize)]);
    }

    fn container(kind: Container, length: u32, out: &mut Vec<u8>) {
        let (fix, medium) = match kind {
            Container::List => (0x90, 0xdc),
            Container::Map => (0x80, 0xde),
        };
        match length {
            0..16 => out.push(fix | length as u8),
            16..0x1_0000 => with_u16(medium, length as u16, out),
            _ => with_u32(Self::wide_container(kind), length, out),
        }
    }

    fn wide_container(kind: Container) -> u8 {
        match kind {
            Container::List => 0xdd,
            Container::Map => 0xdf,
        }
    }
}

fn with_u16(marker: u8, number: u16, out: &mut Vec<u8>) {
    out.push(marker);
    out.extend(number.to_be_bytes());
}

fn with_u32(marker: u8, number: u32, out: &mut Vec<u8>) {
    out.push(marker);
    out.extend(number.to_be_bytes());
}

/// Reads the items of a MessagePack document.
pub(super) struct Reader<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { cursor: Cursor::new(bytes) }
    }

    fn text(&mut self, length: u64) -> Result<Token<'a>, Broken> {
        Ok(Token::Text(self.cursor.text(length)?.into()))
    }

    fn byte_string(&mut self, length: u64) -> Result<Token<'a>, Broken> {
        Ok(Token::Bytes(self.cursor.take(length)?.into()))
    }

    /// What is announced by a marker of its own, the length or the number behind it.
    fn marked(&mut self, marker: u8) -> Result<Token<'a>, Broken> {
        let cursor = &mut self.cursor;
        Ok(match marker {
            0xc0 => Token::Null,
            0xc2 | 0xc3 => Token::Bool(marker == 0xc3),
            0xc4..=0xc6 => {
                let length = cursor.unsigned(1 << (marker - 0xc4))?;
                self.byte_string(length)?
            }
            0xca => float(f32::from_be_bytes(cursor.array()?).into()),
            0xcb => float(f64::from_be_bytes(cursor.array()?)),
            0xcc..=0xcf => whole(cursor.unsigned(1 << (marker - 0xcc))?),
            0xd0 => whole(i8::from_be_bytes(cursor.array()?)),
            0xd1 => whole(i16::from_be_bytes(cursor.array()?)),
            0xd2 => whole(i32::from_be_bytes(cursor.array()?)),
            0xd3 => whole(i64::from_be_bytes(cursor.array()?)),
            0xd9..=0xdb => {
                let length = cursor.unsigned(1 << (marker - 0xd9))?;
                self.text(length)?
            }
            0xdc | 0xdd => Token::List(Some(cursor.unsigned(2 << (marker - 0xdc))?)),
            0xde | 0xdf => Token::Map(Some(cursor.unsigned(2 << (marker - 0xde))?)),
            0xc7..=0xc9 | 0xd4..=0xd8 => return Err(Broken::syntax("an extension type stands, which has no meaning")),
            _ => return Err(Broken::syntax("a byte stands that begins nothing")),
        })
    }
}

impl<'a> Tokens<'a> for Reader<'a> {
    const NAME: &'static str = "MessagePack";

    fn next(&mut self) -> Result<Token<'a>, Broken> {
        let marker = self.cursor.byte()?;
        match marker {
            0x00..=0x7f => Ok(whole(marker)),
            0x80..=0x8f => Ok(Token::Map(Some((marker & 0x0f).into()))),
            0x90..=0x9f => Ok(Token::List(Some((marker & 0x0f).into()))),
            0xa0..=0xbf => self.text((marker & 0x1f).into()),
            0xe0..=0xff => Ok(whole(marker as i8)),
            _ => self.marked(marker),
        }
    }

    fn bytes(&mut self) -> &mut Cursor<'a> {
        &mut self.cursor
    }
}
