//! One request over a connection of its own.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Answer;

/// Sends a request to an address and reads the whole answer.
pub(super) async fn exchange(address: SocketAddr, request: http::Request<Bytes>) -> Answer {
    let stream = TcpStream::connect(address).await.expect("the server of the test takes connections");
    let (mut sender, connection) =
        http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.expect("a connection begins");
    let exchange = async {
        let answer = sender.send_request(request.map(Full::new)).await.expect("the server answers");
        let (head, body) = answer.into_parts();
        let body = body.collect().await.expect("the body of the answer can be read").to_bytes();
        Answer::new(head, body)
    };
    tokio::pin!(exchange, connection);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        ended = &mut connection => {
            // The answer may already lie in the exchange's channel when the server has closed the connection.
            let answer = exchange.await;
            drop(ended);
            answer
        }
    }
}
