//! A body cut into the records of a table (RFC 4180).

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use futures_core::Stream;

use crate::Body;
use crate::stream::lines::Failure;

/// The records of a body, of which one at a time is in memory.
#[derive(Debug)]
pub(super) struct Records {
    body: Body,
    buffer: BytesMut,
    scan: Scan,
    /// The line on which the record begins, counted from 1.
    line: u64,
    limit: usize,
    ended: bool,
    has_begun: bool,
}

/// One record: its bytes, and where its cells are in them.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) bytes: Bytes,
    pub(super) cells: Vec<Cell>,
    /// What is wrong with its quotes: a byte of the record, and the reason.
    pub(super) fault: Option<(usize, &'static str)>,
}

/// A cell, without the quotes around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_quoted: bool,
    /// Whether quotes in it are doubled.
    pub(super) has_doubled: bool,
}

/// How far a record was looked through.
#[derive(Debug, Default)]
struct Scan {
    at: usize,
    state: State,
    cell: Option<Cell>,
    cells: Vec<Cell>,
    line_breaks: u64,
    fault: Option<(usize, &'static str)>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    CellStart,
    Plain,
    Quoted,
    /// Behind a quote in quotes: the end of the cell, or the first of two.
    Quote,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const STRAY: &str =
    "a quote stands in a cell that does not begin with one; put the cell in quotes and double the quote";
const BEHIND: &str =
    "something stands between the closing quote of a cell and the comma; a quote inside of quotes is doubled";
const OPEN: &str = "the quotes of a cell are not closed";

impl Records {
    pub(super) fn new(body: Body, limit: usize) -> Self {
        Records { body, buffer: BytesMut::new(), scan: Scan::default(), line: 1, limit, ended: false, has_begun: false }
    }

    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// The next record that is not a blank line. After a failure there is none.
    pub(super) fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Record, Failure>>> {
        loop {
            if let Some(record) = self.take_record() {
                if record.bytes.len() > self.limit {
                    return Poll::Ready(Some(Err(self.too_long(record.line))));
                }
                if !(record.cells.len() == 1 && record.bytes.trim_ascii().is_empty()) {
                    return Poll::Ready(Some(Ok(record)));
                }
                continue;
            }
            if self.ended {
                return Poll::Ready(None);
            }
            if self.buffer.len() > self.limit {
                return Poll::Ready(Some(Err(self.too_long(self.line))));
            }
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(chunk)) => self.take_chunk(&chunk),
                Some(Err(error)) => {
                    self.end();
                    return Poll::Ready(Some(Err(Failure::Body(error))));
                }
                None => self.ended = true,
            }
        }
    }

    fn take_chunk(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
        if !self.has_begun && self.buffer.len() >= BYTE_ORDER_MARK.len() {
            self.has_begun = true;
            if self.buffer.starts_with(BYTE_ORDER_MARK) {
                self.buffer.advance(BYTE_ORDER_MARK.len());
            }
        }
    }

    fn take_record(&mut self) -> Option<Record> {
        if !self.has_begun && !self.ended {
            return None;
        }
        let end = match self.scan.run(&self.buffer) {
            Some(end) => end,
            None if self.ended && !self.buffer.is_empty() => self.scan.finish(self.buffer.len()),
            None => return None,
        };
        let scan = std::mem::take(&mut self.scan);
        let line = self.line;
        self.line += scan.line_breaks;
        let bytes = self.buffer.split_to(end).freeze();
        Some(Record { line, bytes, cells: scan.cells, fault: scan.fault })
    }

    fn too_long(&mut self, line: u64) -> Failure {
        self.end();
        Failure::TooLong { line, limit: self.limit }
    }

    fn end(&mut self) {
        self.ended = true;
        self.buffer.clear();
        self.scan = Scan::default();
        self.body = Body::empty();
    }
}

impl Scan {
    /// Goes on to the end of the record; the answer is the place behind its line break.
    fn run(&mut self, bytes: &[u8]) -> Option<usize> {
        while let Some(byte) = bytes.get(self.at) {
            let at = self.at;
            self.at += 1;
            match (self.state, byte) {
                (State::Quoted, b'"') => self.state = State::Quote,
                (State::Quoted, b'\n') => self.line_breaks += 1,
                (State::Quoted, _) => {}
                (State::Quote, b'"') => {
                    self.state = State::Quoted;
                    self.open(at).has_doubled = true;
                }
                (State::CellStart, b'"') => {
                    self.state = State::Quoted;
                    self.cell = Some(Cell { start: at + 1, end: at + 1, is_quoted: true, has_doubled: false });
                }
                (State::CellStart | State::Plain | State::Quote, b',') => self.close(at),
                (State::CellStart | State::Plain | State::Quote, b'\n') => {
                    let has_return = at > 0 && bytes[at - 1] == b'\r';
                    self.line_breaks += 1;
                    self.close(at - usize::from(has_return));
                    return Some(self.at);
                }
                (State::Quote, b'\r') => {}
                (State::Quote, _) => {
                    self.wrong(at, BEHIND);
                    self.state = State::Plain;
                }
                (State::Plain, b'"') => self.wrong(at, STRAY),
                (State::CellStart | State::Plain, _) => {
                    self.open(at);
                    self.state = State::Plain;
                }
            }
        }
        None
    }

    /// Ends the last record, which needs no line break.
    fn finish(&mut self, length: usize) -> usize {
        if self.state == State::Quoted {
            self.wrong(length, OPEN);
        }
        self.close(length);
        length
    }

    fn open(&mut self, at: usize) -> &mut Cell {
        self.cell.get_or_insert(Cell { start: at, end: at, is_quoted: false, has_doubled: false })
    }

    fn close(&mut self, at: usize) {
        let mut cell = *self.open(at);
        // The closing quote is not a part of the cell.
        let quote = usize::from(cell.is_quoted && self.state == State::Quote);
        cell.end = at.saturating_sub(quote).max(cell.start);
        self.cell = None;
        self.cells.push(cell);
        self.state = State::CellStart;
    }

    fn wrong(&mut self, at: usize, what: &'static str) {
        self.fault.get_or_insert((at, what));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use proptest::prelude::*;

    use super::*;

    /// The records of a body that comes in pieces of this length: line, cells (none for an empty one), and a fault.
    async fn records(body: &[u8], piece: usize) -> Vec<(u64, Vec<Option<String>>, bool)> {
        let pieces: Vec<_> = body.chunks(piece.max(1)).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let mut records = Records::new(Body::stream(stream::iter(pieces)), 1000);
        let mut found = Vec::new();
        while let Some(record) = std::future::poll_fn(|cx| records.poll_record(cx)).await {
            let record = record.unwrap();
            let cell = |cell: &Cell| {
                let text = String::from_utf8_lossy(&record.bytes[cell.start..cell.end]);
                (cell.is_quoted || !text.is_empty()).then(|| text.replace("\"\"", "\""))
            };
            found.push((record.line, record.cells.iter().map(cell).collect(), record.fault.is_some()));
        }
        found
    }

    #[tokio::test]
    async fn records_are_found_whatever_the_pieces() {
        let body = b"\xef\xbb\xbfa,b\r\n\n1,\"x\"\"y\nz\"\r\n,\"\"\n\"c\r\n\",d";
        let some = |text: &str| Some(text.to_owned());
        let expected = vec![
            (1, vec![some("a"), some("b")], false),
            (3, vec![some("1"), some("x\"y\nz")], false),
            (5, vec![None, some("")], false),
            (6, vec![some("c\r\n"), some("d")], false),
        ];
        for piece in 1..=body.len() {
            assert_eq!(records(body, piece).await, expected, "{piece}");
        }
    }

    #[tokio::test]
    async fn wrong_quotes_are_told_and_the_next_line_is_read() {
        let found = records(b"a\n5\" disk,x\n\"a\"b,c\nok\n\"open\nto the end", 4).await;
        let faults: Vec<_> = found.iter().map(|(line, _, is_wrong)| (*line, *is_wrong)).collect();
        assert_eq!(faults, [(1, false), (2, true), (3, true), (4, false), (5, true)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_cut_in_the_same_way_whatever_the_pieces(
            body in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), any::<u8>()], 0..60),
            piece in 1_usize..8,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (whole, pieces) = runtime.block_on(async { (records(&body, 100).await, records(&body, piece).await) });
            prop_assert_eq!(whole, pieces);
        }
    }
}
