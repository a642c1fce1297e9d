//! Cutting a body at its boundary (RFC 2046, section 5.1).

use bytes::{Buf, Bytes, BytesMut};

use super::MultipartError;
use crate::Body;

/// How many bytes the headers of a part may have.
const MAX_HEADERS: usize = 8 << 10;

/// How many spaces may stand behind a boundary.
const MAX_PADDING: usize = 64;

#[derive(Debug)]
pub(super) struct Parser {
    body: Body,
    buffer: BytesMut,
    /// A line break, two hyphens, and the boundary.
    delimiter: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In a part, or in what stands before the first one.
    Content,
    /// Behind a boundary.
    Boundary,
    /// Behind the last boundary, or behind an error.
    End,
}

impl Parser {
    pub(super) fn new(body: Body, boundary: &str) -> Self {
        // As if a line break stood before the first boundary, which then is like every other.
        Parser {
            body,
            buffer: BytesMut::from("\r\n"),
            delimiter: [b"\r\n--", boundary.as_bytes()].concat(),
            state: State::Content,
        }
    }

    /// The next piece of the part, or `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, MultipartError> {
        while self.state == State::Content {
            match find(&self.buffer, &self.delimiter) {
                Ok(0) => {
                    self.buffer.advance(self.delimiter.len());
                    self.state = State::Boundary;
                }
                Ok(at) => return Ok(Some(self.buffer.split_to(at).freeze())),
                Err(0) => self.fill("it ends inside of a part").await?,
                Err(safe) => return Ok(Some(self.buffer.split_to(safe).freeze())),
            }
        }
        Ok(None)
    }

    /// The headers of the part that begins behind the boundary, or `None` behind the last one.
    pub(super) async fn headers(&mut self) -> Result<Option<Bytes>, MultipartError> {
        if self.state == State::End || self.is_last().await? {
            self.state = State::End;
            return Ok(None);
        }
        let mut searched = 0;
        // The break of the boundary's line is still there, so a part without headers begins with the empty line too.
        loop {
            if let Some(at) = position(&self.buffer[searched..], b"\r\n\r\n") {
                let headers = self.buffer.split_to(searched + at).freeze();
                self.buffer.advance(4);
                self.state = State::Content;
                // The next boundary may follow at once, with the line break that ends the headers.
                if self.begins_with_boundary().await? {
                    self.buffer = [b"\r\n", &self.buffer[..]].concat().as_slice().into();
                }
                return Ok(Some(headers));
            }
            searched = self.buffer.len().saturating_sub(3);
            if searched > MAX_HEADERS {
                return Err(self.fail(MultipartError::TooLong { what: "the headers of a part", limit: MAX_HEADERS }));
            }
            self.fill("it ends inside of the headers of a part").await?;
        }
    }

    /// Whether the boundary that was read is the last; if not, the line break behind it is next.
    async fn is_last(&mut self) -> Result<bool, MultipartError> {
        for _ in 0..MAX_PADDING {
            while self.buffer.len() < 2 {
                self.fill("it ends inside of a boundary").await?;
            }
            match &self.buffer[..2] {
                b"--" => return Ok(true),
                b"\r\n" => return Ok(false),
                [b' ' | b'\t', _] => self.buffer.advance(1),
                _ => break,
            }
        }
        Err(self.fail(MultipartError::Malformed("something else than a line break follows a boundary".into())))
    }

    /// Whether a part has no content, not even an empty line.
    async fn begins_with_boundary(&mut self) -> Result<bool, MultipartError> {
        let boundary = self.delimiter.len() - 2;
        loop {
            let length = boundary.min(self.buffer.len());
            if self.buffer[..length] != self.delimiter[2..2 + length] {
                return Ok(false);
            }
            if length == boundary {
                return Ok(true);
            }
            self.fill("it ends inside of a part").await?;
        }
    }

    async fn fill(&mut self, otherwise: &'static str) -> Result<(), MultipartError> {
        match self.body.chunk().await {
            Ok(Some(chunk)) => {
                self.buffer.extend_from_slice(&chunk);
                Ok(())
            }
            Ok(None) => Err(self.fail(MultipartError::Malformed(otherwise.into()))),
            Err(error) => Err(self.fail(error.into())),
        }
    }

    /// Nothing is read behind an error.
    pub(super) fn fail(&mut self, error: MultipartError) -> MultipartError {
        self.state = State::End;
        self.buffer.clear();
        self.body = Body::empty();
        error
    }
}

fn position(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}

/// The place of the delimiter, or else how many bytes cannot be a part of it, whatever follows.
fn find(bytes: &[u8], delimiter: &[u8]) -> Result<usize, usize> {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == b'\r') {
        let rest = &bytes[from + at..];
        if rest.starts_with(delimiter) {
            return Ok(from + at);
        }
        if delimiter.starts_with(rest) {
            return Err(from + at);
        }
        from += at + 1;
    }
    Err(bytes.len())
}
