//! The body of a request or of a response.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use tokio::time::Sleep;

use crate::overload::{Budget, KeptSlot, Share, Slot};

/// An error of the code that produces a streamed body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body: nothing, bytes, or a stream of bytes.
///
/// As an argument of a handler it is the request's body, not yet read, held to the route's size limit and to the
/// read time-out. As a part of a [`Response`](crate::Response) it is what is sent.
///
/// ```
/// use covet::{post, Body, Result};
///
/// /// Count the bytes of a body of any length.
/// #[post("/count")]
/// async fn count(mut body: Body) -> Result<String> {
///     let mut total = 0;
///     while let Some(chunk) = body.chunk().await? {
///         total += chunk.len();
///     }
///     Ok(total.to_string())
/// }
/// # let _ = covet::routes![count];
/// ```
pub struct Body(Inner);

enum Inner {
    Full(Option<Bytes>),
    Stream(Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>),
    Incoming(Incoming),
    Limited(Box<Limited>),
    Kept(Box<(Body, KeptSlot)>),
    Foreign(UnsyncBoxBody<Bytes, BoxError>),
}

/// A request's body under the route's limits.
struct Limited {
    body: Body,
    left: u64,
    limit: u64,
    wait: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Body {
    /// A body without bytes.
    pub fn empty() -> Self {
        Body(Inner::Full(None))
    }

    /// A body that sends what `stream` yields, as it comes. An error of the stream cuts the connection off, so that
    /// the client sees that the answer is not whole.
    ///
    /// ```
    /// use covet::{Body, Bytes, get};
    /// use futures_util::stream;
    ///
    /// /// Count.
    /// #[get("/count")]
    /// async fn count() -> Body {
    ///     Body::stream(stream::iter((1..=3).map(|number| Ok(Bytes::from(format!("{number}\n"))))))
    /// }
    /// # let _ = covet::routes![count];
    /// ```
    pub fn stream<S>(stream: S) -> Self
    where
        S: Stream<Item = Result<Bytes, BoxError>> + Send + 'static,
    {
        Body(Inner::Stream(Box::pin(stream)))
    }

    /// A body of another library, such as one that a layer of tower has made.
    ///
    /// ```
    /// # #[covet::main]
    /// # async fn main() -> covet::Result<()> {
    /// let body = covet::Body::from_http(http_body_util::Full::from("hello"));
    /// assert_eq!(body.bytes().await?, "hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_http<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        // A body of ours is not wrapped again.
        let mut body = Some(body);
        if let Some(own) = (&mut body as &mut dyn Any).downcast_mut::<Option<Body>>() {
            return own.take().unwrap_or_default();
        }
        body.map_or_else(Body::empty, |body| {
            Body(Inner::Foreign(http_body_util::BodyExt::map_err(body, Into::into).boxed_unsync()))
        })
    }

    /// The next piece of the body, or `None` at its end.
    ///
    /// # Errors
    /// [`BodyError`] when the body is longer than the route allows, when the peer is silent for longer than the
    /// read time-out, or when the connection breaks.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            let frame = std::future::poll_fn(|cx| Pin::new(&mut *self).poll_frame(cx)).await;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => return Err(BodyError::from_box(error)),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// The whole body.
    ///
    /// ```
    /// # #[covet::main]
    /// # async fn main() -> covet::Result<()> {
    /// assert_eq!(covet::Body::from("hello").bytes().await?, "hello");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk).
    pub async fn bytes(self) -> Result<Bytes, BodyError> {
        self.bytes_within(&mut Budget::new(u64::MAX).share()).await
    }

    /// The bytes that are still to come, as far as the peer's announcement can be believed: memory is not reserved
    /// for more than a mebibyte that has only been promised.
    fn announced(&self) -> usize {
        usize::try_from(http_body::Body::size_hint(self).lower()).unwrap_or(usize::MAX).min(1 << 20)
    }

    /// The bytes of a body that is there as a whole.
    #[cfg(feature = "_compression")]
    pub(crate) fn take_full(&mut self) -> Option<Bytes> {
        match &mut self.0 {
            Inner::Full(bytes) => Some(bytes.take().unwrap_or_default()),
            _ => None,
        }
    }

    pub(crate) fn incoming(body: Incoming) -> Self {
        if body.is_end_stream() { Body::empty() } else { Body(Inner::Incoming(body)) }
    }

    /// The same body, which fails once it is longer than `limit` bytes or silent for `wait`.
    pub(crate) fn limited(self, limit: u64, wait: Duration) -> Self {
        if matches!(&self.0, Inner::Full(None)) {
            return self;
        }
        Body(Inner::Limited(Box::new(Limited { body: self, left: limit, limit, wait, sleep: None })))
    }
}

impl Body {
    /// The same body, which keeps its request's place until it is sent.
    pub(crate) fn keeping(self, slot: Slot<'_>) -> Self {
        Body(Inner::Kept(Box::new((self, slot.keep()))))
    }

    /// Whether the body is there, and nothing has to come.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(&self.0, Inner::Full(_))
    }

    /// The whole body, of which each piece is added to a share of the memory that there is for bodies.
    pub(crate) async fn bytes_within(mut self, share: &mut Share) -> Result<Bytes, BodyError> {
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        share.add(first.len())?;
        let Some(second) = self.chunk().await? else {
            return Ok(first);
        };
        share.add(second.len())?;
        let mut whole = Vec::with_capacity(first.len() + second.len() + self.announced());
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second);
        while let Some(chunk) = self.chunk().await? {
            share.add(chunk.len())?;
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.into())
    }
}

impl Limited {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.sleep = None;
                let length = frame.data_ref().map_or(0, Bytes::len) as u64;
                match self.left.checked_sub(length) {
                    Some(left) => self.left = left,
                    None => return Poll::Ready(Some(Err(BodyError::TooLong { limit: self.limit }.into()))),
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(other) => Poll::Ready(other),
            Poll::Pending => {
                let wait = self.wait;
                let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(wait)));
                ready!(sleep.as_mut().poll(cx));
                Poll::Ready(Some(Err(BodyError::TimedOut.into())))
            }
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Inner::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Inner::Stream(stream) => stream.as_mut().poll_next(cx).map(|item| item.map(|bytes| bytes.map(Frame::data))),
            Inner::Incoming(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Inner::Limited(limited) => limited.poll(cx),
            Inner::Kept(kept) => Pin::new(&mut kept.0).poll_frame(cx),
            Inner::Foreign(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Full(bytes) => bytes.is_none(),
            Inner::Stream(_) => false,
            Inner::Incoming(body) => body.is_end_stream(),
            Inner::Limited(limited) => limited.body.is_end_stream(),
            Inner::Kept(kept) => kept.0.is_end_stream(),
            Inner::Foreign(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Inner::Stream(_) => SizeHint::default(),
            Inner::Incoming(body) => body.size_hint(),
            Inner::Limited(limited) => http_body::Body::size_hint(&limited.body),
            Inner::Kept(kept) => http_body::Body::size_hint(&kept.0),
            Inner::Foreign(body) => body.size_hint(),
        }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.as_mut().poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(BodyError::from_box(error)))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("size_hint", &http_body::Body::size_hint(self)).finish_non_exhaustive()
    }
}

impl Default for Body {
    fn default() -> Self {
        Body::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Body(Inner::Full((!bytes.is_empty()).then_some(bytes)))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

/// Why a request's body could not be read. As an answer it is the problem 413, 408, 503 or 400.
#[derive(Debug)]
#[non_exhaustive]
pub enum BodyError {
    /// The body is longer than the route allows.
    TooLong {
        /// The route's limit in bytes.
        limit: u64,
    },
    /// The peer sent nothing for longer than the read time-out.
    TimedOut,
    /// The bodies of all requests at work are together as large as they may be.
    Overloaded,
    /// The connection broke, or the body's framing was wrong.
    Broken(BoxError),
}

impl BodyError {
    fn from_box(error: BoxError) -> Self {
        match error.downcast::<BodyError>() {
            Ok(error) => *error,
            Err(error) => BodyError::Broken(error),
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BodyError::TooLong { limit } => write!(f, "the body is longer than {limit} bytes"),
            BodyError::TimedOut => f.write_str("the body did not arrive in time"),
            BodyError::Overloaded => f.write_str("there is no memory for the body at the moment"),
            BodyError::Broken(_) => f.write_str("the body ended before it was whole"),
        }
    }
}

impl std::error::Error for BodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BodyError::Broken(error) => Some(error.as_ref()),
            BodyError::TooLong { .. } | BodyError::TimedOut | BodyError::Overloaded => None,
        }
    }
}
