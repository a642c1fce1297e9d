//! One connection.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use http::{HeaderValue, header};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::Instant;

use super::GRACE;
use super::activity::{Activity, Verdict, Watchdog, Work};
use super::answer::Answer;
use super::stop::{Stage, Stopping};
use super::wire::{Protocol, Transport, Wire};
use crate::app::Limits;
use crate::security_headers::Encrypted;
use crate::service::Service;
use crate::{Body, Response};

/// How long a connection beyond the limit has to take its refusal.
const REFUSAL: Duration = Duration::from_secs(5);

/// What is waited for instead of a time that no clock can tell.
const A_LONG_TIME: Duration = Duration::from_secs(86_400 * 365);

/// How many headers hyper takes without being told.
const PARSED_HEADERS: usize = 100;

/// Bytes of one stream's answer that HTTP/2 holds while its peer has no window for them.
const SEND_BUFFER: usize = 64 << 10;

/// Bytes of a body that a peer may send on a stream of HTTP/2, and on all of its connection, before a handler has taken
/// them: what such a connection can make us hold.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;

/// Whether a connection's requests are answered, or only told that there are too many connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Welcome {
    Served,
    Refused,
}

/// What the requests of a connection share.
#[derive(Debug)]
struct Shared {
    service: Service,
    activity: Arc<Activity>,
    peer: Option<SocketAddr>,
    is_encrypted: bool,
    welcome: Welcome,
    /// Whether each answer is the last one.
    leaving: AtomicBool,
}

/// Answers the requests of a connection until it ends. When the server stops, the request at work is answered and the
/// connection is closed after it.
pub(super) async fn serve(transport: Transport, service: Service, stopping: Stopping, welcome: Welcome) {
    let activity = Arc::<Activity>::default();
    let shared = Shared {
        activity: activity.clone(),
        peer: transport.peer(),
        is_encrypted: transport.is_encrypted(),
        welcome,
        leaving: AtomicBool::new(welcome == Welcome::Refused),
        service,
    };
    let limits = shared.service.limits().clone();
    let mut wire = Wire::new(transport, activity);
    let protocol = tokio::select! {
        protocol = wire.protocol() => protocol,
        () = tokio::time::sleep(limits.header_read.min(shared.patience())) => {
            return tracing::debug!(peer = ?shared.peer, "{}", Verdict::Idle.reason());
        }
        // Whoever has said nothing yet when the server stops has a little longer.
        () = silent(stopping.clone()) => return,
    };
    let protocol = match protocol {
        Ok(Some(protocol)) => protocol,
        Ok(None) => return,
        Err(error) => return tracing::debug!(%error, "a connection was lost before its first request"),
    };
    let shared = Arc::new(shared);
    let io = TokioIo::new(wire);
    match protocol {
        Protocol::Http1 => {
            let answer = service_fn(|request| shared.clone().answer(request, Work::begin(&shared.activity), false));
            let connection = pin!(http1(&limits).serve_connection(io, answer));
            drive(connection, http1::Connection::graceful_shutdown, &shared, &limits, stopping).await;
        }
        Protocol::Http2 => {
            let answer = service_fn(|request| shared.clone().answer(request, Work::begin(&shared.activity), true));
            let connection = pin!(http2(&limits).serve_connection(io, answer));
            drive(connection, http2::Connection::graceful_shutdown, &shared, &limits, stopping).await;
        }
    }
}

impl Shared {
    /// How long the connection may last in which nothing happens, whatever the limits say.
    fn patience(&self) -> Duration {
        if self.welcome == Welcome::Refused { REFUSAL } else { Duration::MAX }
    }

    /// Takes the request into its box before anything is awaited, so that the future has no more than a pointer to it.
    fn answer(
        self: Arc<Self>,
        request: http::Request<Incoming>,
        mut work: Work,
        is_http2: bool,
    ) -> impl Future<Output = Result<http::Response<Answer>, Infallible>> {
        let (mut head, body) = request.into_parts();
        if self.is_encrypted {
            head.extensions.insert(Encrypted);
        }
        let request = self.service.receive(head, Body::incoming(body), self.peer);
        async move {
            let mut response: Response = match self.welcome {
                Welcome::Served => self.service.serve(request, self.peer).await,
                Welcome::Refused => self.service.refuse_connection(request.headers()),
            };
            work.answered();
            let is_last = self.leaving.load(Relaxed) || self.activity.half_closed.load(Relaxed);
            if is_last && !is_http2 {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response.map(|body| Answer::new(body, work, is_http2)))
        }
    }
}

/// Ready when the server has stopped for long enough that nothing is on its way any more.
async fn silent(mut stopping: Stopping) {
    stopping.reached(Stage::Draining).await;
    tokio::time::sleep(GRACE).await;
}

/// What a connection is waiting for.
enum Event {
    Ended(hyper::Result<()>),
    Flooded(Verdict),
    Stopping,
    Alarm,
}

/// Drives a connection to its end, or until the watchdog gives it up.
async fn drive<C>(
    mut connection: Pin<&mut C>,
    shut_down: fn(Pin<&mut C>),
    shared: &Shared,
    limits: &Limits,
    stopping: Stopping,
) where
    C: Future<Output = hyper::Result<()>>,
{
    let activity = &shared.activity;
    let mut watchdog = Watchdog::new(limits.header_read.min(shared.patience()), limits.send);
    let mut heard = stopping.clone();
    let mut stopped = pin!(heard.reached(Stage::Draining));
    let mut alarm = pin!(tokio::time::sleep(watchdog.tick));
    let mut leaves_at = None;
    let mut closing = false;
    // The alarm and the stop wake this task once they have been polled, so they are polled again only when they have
    // something to tell; requests wake it far more often.
    let mut armed = false;
    loop {
        let event = poll_fn(|cx| {
            if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                return Poll::Ready(Event::Ended(result));
            }
            if let Some(verdict) = activity.flood() {
                return Poll::Ready(Event::Flooded(verdict));
            }
            if (!armed || alarm.is_elapsed()) && alarm.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Event::Alarm);
            }
            if leaves_at.is_none() && (!armed || stopping.has_changed()) && stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Event::Stopping);
            }
            armed = true;
            Poll::Pending
        });
        let event = event.await;
        armed = false;
        let verdict = match event {
            Event::Ended(Ok(())) => return,
            Event::Ended(Err(error)) => return tracing::debug!(%error, "a connection ended in an error"),
            Event::Flooded(verdict) => Some(verdict),
            Event::Stopping => {
                // A request may be on its way already, so an idle connection is closed only a little later.
                shared.leaving.store(true, Relaxed);
                let grace = Instant::now() + GRACE.min(limits.header_read);
                leaves_at = Some(grace);
                alarm.as_mut().reset(grace);
                None
            }
            Event::Alarm => {
                let now = Instant::now();
                alarm.as_mut().reset(now.checked_add(watchdog.tick).unwrap_or(now + A_LONG_TIME));
                if leaves_at.is_some_and(|at| at <= now) && !closing {
                    if !activity.has_begun() {
                        return;
                    }
                    closing = true;
                    shut_down(connection.as_mut());
                }
                watchdog.look(activity)
            }
        };
        match verdict {
            None => {}
            // A peer that has made requests before is told, and has until the next tick to see it.
            Some(Verdict::Idle) if activity.has_begun() && !closing => {
                closing = true;
                shut_down(connection.as_mut());
            }
            Some(verdict) => return tracing::debug!(peer = ?shared.peer, "{}", verdict.reason()),
        }
    }
}

fn http1(limits: &Limits) -> http1::Builder {
    let head = head(limits);
    let mut builder = http1::Builder::new();
    // The watchdog has the time-out of the head.
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(head.saturating_mul(2).max(64 << 10))
        .half_close(false);
    // Beyond the parser's own number it needs memory of the heap for each request.
    if limits.headers >= PARSED_HEADERS {
        builder.max_headers(limits.headers.saturating_mul(2));
    }
    builder
}

fn http2(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(head(limits).saturating_mul(2)).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.streams)
        .max_send_buf_size(SEND_BUFFER)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(limits.header_read)
        .keep_alive_timeout(limits.header_read);
    builder
}

/// Caps for what hyper parses itself are above our own limits, so that a client which is only a little over gets a
/// problem that says so, and finite, so that one which is far over is cut off.
fn head(limits: &Limits) -> usize {
    limits.head.saturating_add(limits.uri)
}
