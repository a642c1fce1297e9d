//! The body of an answer on its way out.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};

use super::activity::{Flow, Work};
use crate::{Body, BoxError};

/// A body that tells when its request is not at work any more.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    work: Work,
    /// Whether each piece is followed on its way to the peer; a stream of HTTP/2 can stall while its connection moves.
    followed: bool,
    flow: Option<Arc<Flow>>,
}

impl Answer {
    pub(super) fn new(body: Body, work: Work, followed: bool) -> Self {
        Answer { body, work, followed, flow: None }
    }

    fn piece(&mut self, bytes: Bytes) -> Piece {
        if !self.followed || bytes.is_empty() {
            return Piece { bytes, followed: None };
        }
        let flow = self.flow.get_or_insert_with(|| self.work.activity().stream()).clone();
        flow.wait(bytes.len() as u64);
        Piece { followed: Some((flow, bytes.len() as u64)), bytes }
    }
}

impl http_body::Body for Answer {
    type Data = Piece;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, BoxError>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| Ok(frame?.map_data(|bytes| self.piece(bytes)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.body)
    }
}

/// A piece of a body, which is dropped when the peer has taken all of it or nobody sends it any more.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Bytes,
    followed: Option<(Arc<Flow>, u64)>,
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        if let Some((flow, _)) = &self.followed {
            flow.took(count as u64);
        }
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        if let Some((flow, _)) = &self.followed {
            flow.took(length as u64);
        }
        self.bytes.copy_to_bytes(length)
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if let Some((flow, length)) = &self.followed {
            flow.done(*length);
        }
    }
}
