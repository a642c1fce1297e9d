//! A bound: what the HTTP/1 stack itself costs, one runtime per core and nothing around it.
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use socket2::{Domain, Protocol, Socket, Type};
use std::convert::Infallible;

#[derive(serde::Serialize)]
struct Message {
    message: &'static str,
}

async fn handle(r: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (ct, b) = match r.uri().path() {
        "/plaintext" => (HeaderValue::from_static("text/plain"), Bytes::from_static(b"Hello, World!")),
        "/json" => (
            HeaderValue::from_static("application/json"),
            Bytes::from(serde_json::to_vec(&Message { message: "Hello, World!" }).unwrap()),
        ),
        _ => {
            let mut r = Response::new(Full::new(Bytes::new()));
            *r.status_mut() = StatusCode::NOT_FOUND;
            return Ok(r);
        }
    };
    let mut r = Response::new(Full::new(b));
    r.headers_mut().insert(CONTENT_TYPE, ct);
    Ok(r)
}
fn worker(port: u16) {
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&rt, async move {
        let s = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
        s.set_reuse_port(true).unwrap();
        s.set_nonblocking(true).unwrap();
        s.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], port)).into()).unwrap();
        s.listen(1024).unwrap();
        let l = tokio::net::TcpListener::from_std(s.into()).unwrap();
        loop {
            let Ok((c, _)) = l.accept().await else { continue };
            let _ = c.set_nodelay(true);
            tokio::task::spawn_local(async move {
                let _ = http1::Builder::new()
                    .pipeline_flush(true)
                    .serve_connection(TokioIo::new(c), service_fn(handle))
                    .await;
            });
        }
    });
}
fn main() {
    let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
    let n = std::thread::available_parallelism().unwrap().get();
    let t: Vec<_> = (0..n).map(|_| std::thread::spawn(move || worker(port))).collect();
    for x in t {
        x.join().unwrap();
    }
}
