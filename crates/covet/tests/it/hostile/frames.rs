//! Frames of HTTP/2 (RFC 9113, section 4), made by hand as no library makes them.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const ACK: u8 = 1;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// A frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The headers of a GET, packed by HPACK (RFC 7541) without its table: method, scheme, path, authority.
pub(super) fn get(path: &str) -> Vec<u8> {
    let literal = |name: u8, text: &str| [&[name, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [&[0x82, 0x86][..], &literal(4, path), &literal(1, "x")].concat()
}

/// A request for a path, whole.
pub(super) fn request(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &get(path))
}

/// A connection that has begun, with the window that each of its streams has for answers.
pub(super) async fn connect(address: SocketAddr, window: u32) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let settings = [&[0, 4][..], &window.to_be_bytes()].concat();
    let begin = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(SETTINGS, 0, 0, &settings)].concat();
    stream.write_all(&begin).await.unwrap();
    stream
}

/// Writes until the server has closed the connection; the answer is how many bytes it took until then.
pub(super) async fn flood(mut stream: TcpStream, mut next: impl FnMut() -> Vec<u8>, most: usize) -> usize {
    let mut written = 0;
    let flood = async {
        while written < most {
            let bytes = next();
            if stream.write_all(&bytes).await.is_err() {
                return;
            }
            written += bytes.len();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), flood).await.expect("the server reads or closes");
    written
}

/// Reads until the server closes the connection.
pub(super) async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes));
    read.await.expect("the server closes the connection").ok();
    bytes
}
