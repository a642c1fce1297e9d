//! The bytes of a connection, whatever carries them.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::time::Sleep;

use super::activity::Activity;

/// The first bytes of a connection of HTTP/2 (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long a request is still worked on after its client has said that it sends nothing more. A client that is gone
/// says the same as one that waits for its answer, so this is what an abandoned request can cost.
const HALF_CLOSED: Duration = Duration::from_secs(1);

/// Up to this many bytes, head and body are copied together, since the system takes one piece for less than it takes two.
const SMALL_ANSWER: usize = 1024;

/// What carries the bytes.
#[derive(Debug)]
pub(super) enum Transport {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "tls")]
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>),
}

/// The version that a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// A transport that tells what happens on it.
#[derive(Debug)]
pub(super) struct Wire {
    transport: Transport,
    activity: Arc<Activity>,
    /// What was read to learn the version, and how much of it has been given on.
    first: Vec<u8>,
    half_closed: Option<Pin<Box<Sleep>>>,
}

impl Transport {
    /// The address of the peer, where it has one.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        match self {
            Transport::Tcp(stream) => stream.peer_addr().ok(),
            #[cfg(unix)]
            Transport::Unix(_) => None,
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => stream.get_ref().0.peer_addr().ok(),
        }
    }

    /// Whether nobody on the way can read along.
    pub(super) fn is_encrypted(&self) -> bool {
        match self {
            Transport::Tcp(_) => false,
            #[cfg(unix)]
            Transport::Unix(_) => false,
            #[cfg(feature = "tls")]
            Transport::Tls(_) => true,
        }
    }
}

impl Wire {
    pub(super) fn new(transport: Transport, activity: Arc<Activity>) -> Self {
        Wire { transport, activity, first: Vec::new(), half_closed: None }
    }

    /// Learns the version: from TLS where that has agreed on one, else from the first bytes. `None` when the peer has
    /// closed the connection instead.
    pub(super) async fn protocol(&mut self) -> io::Result<Option<Protocol>> {
        #[cfg(feature = "tls")]
        if let Transport::Tls(stream) = &self.transport {
            let is_2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            return Ok(Some(if is_2 { Protocol::Http2 } else { Protocol::Http1 }));
        }
        let mut first = [0; PREFACE.len()];
        let mut length = 0;
        while length < first.len() {
            let read = self.transport.read(&mut first[length..]).await?;
            if read == 0 && length == 0 {
                return Ok(None);
            }
            length += read;
            if read == 0 || first[..length] != PREFACE[..length] {
                self.first = first[..length].to_vec();
                return Ok(Some(Protocol::Http1));
            }
        }
        self.first = first.to_vec();
        Ok(Some(Protocol::Http2))
    }

    /// The end of what the peer sends comes later while it waits for an answer.
    fn poll_half_closed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.activity.is_at_work() {
            return Poll::Ready(Ok(()));
        }
        self.activity.half_closed.store(true, Relaxed);
        let sleep = self.half_closed.get_or_insert_with(|| Box::pin(tokio::time::sleep(HALF_CLOSED)));
        sleep.as_mut().poll(cx).map(Ok)
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let length = self.first.len().min(buffer.remaining());
            buffer.put_slice(&self.first[..length]);
            self.first.drain(..length);
            if self.first.is_empty() {
                self.first = Vec::new();
            }
            return Poll::Ready(Ok(()));
        }
        if self.half_closed.is_some() {
            return self.poll_half_closed(cx);
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.transport).poll_read(cx, buffer))?;
        let read = buffer.filled().len() - before;
        if read == 0 && buffer.remaining() > 0 {
            return self.poll_half_closed(cx);
        }
        self.activity.read(read as u64);
        Poll::Ready(Ok(()))
    }
}

impl Wire {
    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.activity.sending.set_waiting(written.is_pending());
        if let Poll::Ready(Ok(bytes)) = &written {
            self.activity.sending.took(*bytes as u64);
        }
        written
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.transport).poll_write(cx, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut joined = [0; SMALL_ANSWER];
        let written = match join(slices, &mut joined) {
            Some(bytes) => Pin::new(&mut self.transport).poll_write(cx, bytes),
            None => Pin::new(&mut self.transport).poll_write_vectored(cx, slices),
        };
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}

/// The slices one behind the other, where there is room for all of them.
fn join<'a>(slices: &[io::IoSlice<'_>], room: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut length = 0;
    for slice in slices {
        room.get_mut(length..length + slice.len())?.copy_from_slice(slice);
        length += slice.len();
    }
    room.get(..length)
}

/// The same call on whatever the transport is.
macro_rules! on {
    ($transport:expr, $stream:ident => $call:expr) => {
        match $transport {
            Transport::Tcp($stream) => $call,
            #[cfg(unix)]
            Transport::Unix($stream) => $call,
            #[cfg(feature = "tls")]
            Transport::Tls($stream) => $call,
        }
    };
}

impl AsyncRead for Transport {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        on!(&mut *self, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        on!(&mut *self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on!(&mut *self, stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        on!(self, stream => stream.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on!(&mut *self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on!(&mut *self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
