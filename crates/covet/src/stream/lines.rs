//! A body cut into lines.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use crate::{Body, BodyError};

/// The lines of a body, of which one at a time is in memory.
#[derive(Debug)]
pub(super) struct Lines {
    body: Body,
    buffer: BytesMut,
    /// How much of the buffer is known to hold no line break.
    searched: usize,
    number: u64,
    limit: usize,
    ended: bool,
}

/// Why there is no next line.
#[derive(Debug)]
pub(super) enum Failure {
    TooLong { line: u64, limit: usize },
    Body(BodyError),
}

impl Lines {
    pub(super) fn new(body: Body, limit: usize) -> Self {
        Lines { body, buffer: BytesMut::new(), searched: 0, number: 0, limit, ended: false }
    }

    /// The body that has not been read.
    pub(super) fn into_body(self) -> Body {
        self.body
    }

    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// The next line that is not blank, with its number, counted from 1. After a failure there is none.
    pub(super) fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(u64, Bytes), Failure>>> {
        loop {
            if let Some(line) = self.take_line() {
                self.number += 1;
                if line.len() > self.limit {
                    return Poll::Ready(Some(Err(self.too_long())));
                }
                if !line.trim_ascii().is_empty() {
                    return Poll::Ready(Some(Ok((self.number, line))));
                }
                continue;
            }
            if self.ended {
                return Poll::Ready(None);
            }
            if self.buffer.len() > self.limit {
                self.number += 1;
                return Poll::Ready(Some(Err(self.too_long())));
            }
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(chunk)) => self.buffer.extend_from_slice(&chunk),
                Some(Err(error)) => {
                    self.end();
                    return Poll::Ready(Some(Err(Failure::Body(error))));
                }
                None => self.ended = true,
            }
        }
    }

    fn take_line(&mut self) -> Option<Bytes> {
        if let Some(at) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
            let mut line = self.buffer.split_to(self.searched + at + 1);
            line.truncate(line.len() - 1);
            self.searched = 0;
            return Some(line.freeze());
        }
        self.searched = self.buffer.len();
        // The last line needs no break.
        if self.ended && !self.buffer.is_empty() {
            self.searched = 0;
            return Some(self.buffer.split().freeze());
        }
        None
    }

    fn too_long(&mut self) -> Failure {
        self.end();
        Failure::TooLong { line: self.number, limit: self.limit }
    }

    fn end(&mut self) {
        self.ended = true;
        self.buffer.clear();
        self.searched = 0;
        self.body = Body::empty();
    }
}
