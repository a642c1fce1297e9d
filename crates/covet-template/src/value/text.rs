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

    #[inline]
    pub(crate) fn push_str(&mut self, text: &str) -> Result<()> {
        if text.len() > self.limit - self.buffer.len() {
            return Err(Error::budget(self.what));
        }
        self.buffer.push_str(text);
        Ok(())
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

    pub(crate) fn push_int(&mut self, number: i64) -> Result<()> {
        let mut digits = [0_u8; 20];
        let mut at = digits.len();
        let mut rest = number.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            self.push_str("-")?;
        }
        self.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default())
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

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text).map_err(|_| fmt::Error)
    }
}
