//! One connection.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderValue, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::GRACE;
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
    let leaving = Arc::new(AtomicBool::new(false));
    let answer = service_fn(|mut request: http::Request<Incoming>| {
        begun.store(true, Ordering::Relaxed);
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        let (service, leaving) = (service.clone(), leaving.clone());
        async move {
            let version = request.version();
            let mut response = service.serve(request.map(Body::incoming)).await;
            if leaving.load(Ordering::Relaxed) && version < Version::HTTP_2 {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), answer));
    // hyper's own time-out for the head begins once it knows the version of HTTP.
    let mut timer = pin!(tokio::time::sleep(header_read));
    let mut timing = true;
    loop {
        tokio::select! {
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(error = %error, "a connection ended in an error");
                }
                return;
            }
            () = timer.as_mut(), if timing => {
                timing = false;
                if !begun.load(Ordering::Relaxed) {
                    tracing::debug!("a connection without a request was closed");
                    return;
                }
                if leaving.load(Ordering::Relaxed) {
                    connection.as_mut().graceful_shutdown();
                }
            }
            _ = stopping.wait_for(|stop| *stop), if !leaving.load(Ordering::Relaxed) => {
                // A request may be on its way already, so an idle connection is closed only a little later.
                leaving.store(true, Ordering::Relaxed);
                timing = true;
                timer.as_mut().reset(tokio::time::Instant::now() + GRACE.min(header_read));
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
