//! A text that grows up to a limit.

use std::fmt;

use super::{Arena, V};
use crate::error::{Error, Result};

/// The output of a rendering, or a temporary text in it.
#[derive(Debug)]
pub(crate) struct Text {
    buffer: String,
    limit: usize,
    what: &'static str,
}

impl Text {
    /// A temporary text, which may not grow beyond the memory that is left.
    pub(crate) fn new(arena: &Arena) -> Self {
        Self { buffer: String::new(), limit: arena.largest(), what: "memory" }
    }

    pub(crate) fn output(limit: usize) -> Self {
        Self { buffer: String::new(), limit, what: "output" }
    }

    /// A text in memory that an earlier one may have used.
    pub(crate) fn within(buffer: String, limit: usize) -> Self {
        Self { buffer, limit, what: "memory" }
    }

    #[inline(always)]
    pub(crate) fn push_str(&mut self, text: &str) -> Result<()> {
        if text.len() > self.limit - self.buffer.len() {
            return Err(Error::budget(self.what));
        }
        self.buffer.push_str(text);
        Ok(())
    }

    /// Appends bytes that are text.
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.push_str(text),
            Err(error) => Err(Error::value("the text is not UTF-8").with_source(error)),
        }
    }

    pub(crate) fn push(&mut self, c: char) -> Result<()> {
        self.push_str(c.encode_utf8(&mut [0; 4]))
    }

    pub(crate) fn repeat(&mut self, c: char, count: usize) -> Result<()> {
        if count.saturating_mul(c.len_utf8()) > self.limit - self.buffer.len() {
            return Err(Error::budget(self.what));
        }
        self.buffer.extend(std::iter::repeat_n(c, count));
        Ok(())
    }

    #[inline]
    pub(crate) fn push_int(&mut self, number: i64) -> Result<()> {
        match number {
            0..1000 => self.push_small(number as usize),
            1000..1_000_000 => {
                self.push_small(number as usize / 1000)?;
                self.push_str(three(number as usize % 1000))
            }
            number => self.push_str(&number.to_string()),
        }
    }

    /// A number below a thousand. Each length is a case of its own, which is moved and not copied by a call.
    #[inline(always)]
    fn push_small(&mut self, number: usize) -> Result<()> {
        let digits = three(number);
        match number {
            0..10 => self.push_str(&digits[2..3]),
            10..100 => self.push_str(&digits[1..3]),
            _ => self.push_str(digits),
        }
    }

    /// Allocates room in advance, at most the limit.
    pub(crate) fn make_room(&mut self, length: usize) {
        self.buffer.reserve(length.min(self.limit));
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.buffer
    }

    pub(crate) fn len(&self) -> usize {
        self.buffer.len()
    }

    pub(crate) fn clear(&mut self) {
        self.buffer.clear();
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        self.buffer.truncate(length);
    }

    pub(crate) fn into_string(self) -> String {
        self.buffer
    }

    /// The text as a value, marked as HTML or not.
    pub(crate) fn finish<'a>(self, arena: &'a Arena, safe: bool) -> Result<V<'a>> {
        let text = arena.str(&self.buffer)?;
        Ok(if safe { V::Safe(text) } else { V::Str(text) })
    }
}

/// All numbers of three digits.
static THREE: [u8; 3000] = {
    let mut digits = [b'0'; 3000];
    let mut number = 0;
    while number < 1000 {
        digits[3 * number] = b'0' + (number / 100) as u8;
        digits[3 * number + 1] = b'0' + (number / 10 % 10) as u8;
        digits[3 * number + 2] = b'0' + (number % 10) as u8;
        number += 1;
    }
    digits
};

static THREE_TEXT: &str = match std::str::from_utf8(&THREE) {
    Ok(text) => text,
    Err(_) => "",
};

/// The three digits of a number below a thousand.
#[inline]
fn three(number: usize) -> &'static str {
    &THREE_TEXT[3 * number..3 * number + 3]
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text).map_err(|_| fmt::Error)
    }
}
