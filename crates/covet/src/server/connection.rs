//! One connection.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::Body;
use crate::app::Limits;
use crate::service::Service;

/// Answers the requests of a connection until it ends. When the server stops, the request at work is answered and the
/// connection is closed after it.
pub(super) async fn serve(stream: TcpStream, service: Service, mut stopping: watch::Receiver<bool>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was lost before its first request");
        return;
    }
    let peer = stream.peer_addr().ok();
    let builder = builder(service.limits());
    let header_read = service.limits().header_read;
    let begun = AtomicBool::new(false);
    let answer = service_fn(|mut request: http::Request<Incoming>| {
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        begun.store(true, Ordering::Relaxed);
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.call(request.map(Body::incoming)).await) }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), answer));
    let mut silence = pin!(tokio::time::sleep(header_read));
    let mut watching = true;
    let mut graceful = false;
    loop {
        tokio::select! {
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(error = %error, "a connection ended in an error");
                }
                return;
            }
            // hyper's own time-out for the head begins once it knows the version of HTTP.
            () = silence.as_mut(), if watching => {
                watching = false;
                if !begun.load(Ordering::Relaxed) {
                    tracing::debug!("a connection without a request was closed");
                    return;
                }
            }
            _ = stopping.wait_for(|stop| *stop), if !graceful => {
                graceful = true;
                connection.as_mut().graceful_shutdown();
                if !begun.load(Ordering::Relaxed) {
                    watching = true;
                    silence.as_mut().reset(tokio::time::Instant::now() + Duration::from_millis(200).min(header_read));
                }
            }
        }
    }
}

/// Caps for what hyper parses itself. They are above our own limits, so that a client which is only a little over
/// gets a problem that says so, and finite, so that one which is far over is cut off.
fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    let head = limits.head.saturating_add(limits.uri);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_buf_size(head.saturating_mul(2).max(64 << 10))
        .max_headers(limits.headers.saturating_mul(2))
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(head.saturating_mul(2)).unwrap_or(u32::MAX))
        .max_concurrent_streams(200)
        .keep_alive_interval(limits.header_read)
        .keep_alive_timeout(limits.header_read);
    builder
}
