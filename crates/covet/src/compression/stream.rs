//! A body that is compressed as it goes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http_body::Body as _;

use super::coding::{Coding, Encoder};
use crate::{Body, BoxError};

/// How much is compressed at once, so that other requests have their turn.
const PIECE: usize = 32 << 10;

/// How much must have come out to be sent on.
const CHUNK: usize = 8 << 10;

pub(super) struct Compressed {
    body: Body,
    /// `None` at the end.
    encoder: Option<Encoder>,
    /// Why there is no encoder from the beginning.
    fault: Option<io::Error>,
    /// What the body has given and the encoder has not been given.
    rest: Bytes,
    is_flushed: bool,
}

impl Compressed {
    pub(super) fn new(body: Body, coding: Coding) -> Self {
        let (encoder, fault) = match Encoder::new(coding) {
            Ok(encoder) => (Some(encoder), None),
            Err(fault) => (None, Some(fault)),
        };
        Compressed { body, encoder, fault, rest: Bytes::new(), is_flushed: true }
    }

    /// What is to be sent next; an error or the end lets go of the encoder.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BoxError>> {
        if let Some(fault) = self.fault.take() {
            return Poll::Ready(Err(fault.into()));
        }
        loop {
            let Some(encoder) = &mut self.encoder else { return Poll::Ready(Ok(None)) };
            if !self.rest.is_empty() {
                let piece = self.rest.split_to(self.rest.len().min(PIECE));
                encoder.write(&piece)?;
                self.is_flushed = false;
                if encoder.ready() >= CHUNK {
                    return Poll::Ready(Ok(Some(encoder.take().into())));
                }
                continue;
            }
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(frame)) => {
                    if let Ok(data) = frame?.into_data() {
                        self.rest = data;
                    }
                }
                Poll::Ready(None) => {
                    let end = self.encoder.take().map(Encoder::finish).transpose()?.unwrap_or_default();
                    return Poll::Ready(Ok((!end.is_empty()).then(|| end.into())));
                }
                Poll::Pending if self.is_flushed => return Poll::Pending,
                // Whoever waits for more has what there is.
                Poll::Pending => {
                    encoder.flush()?;
                    self.is_flushed = true;
                    return Poll::Ready(Ok(Some(encoder.take().into())));
                }
            }
        }
    }
}

impl Stream for Compressed {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx).map(|result| {
            if result.is_err() {
                self.encoder = None;
            }
            result.transpose()
        })
    }
}
