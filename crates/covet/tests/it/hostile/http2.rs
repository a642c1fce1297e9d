//! HTTP/2 as it should not be.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::child::Server;
use super::frames::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE, connect,
    flood, frame, get, read_to_end, request,
};

#[tokio::test(flavor = "multi_thread")]
async fn streams_without_a_window_are_cut_off_and_their_memory_is_free() {
    let server = Server::start("hostile");
    let (before, _) = server.memory();
    for window in [0, 1] {
        let mut connections = Vec::new();
        for _ in 0..10 {
            let mut connection = connect(server.address, window).await;
            let requests: Vec<u8> = (0..200).flat_map(|index| request(index * 2 + 1, "/big")).collect();
            connection.write_all(&requests).await.unwrap();
            connections.push(connection);
        }
        for mut connection in connections {
            read_to_end(&mut connection).await;
        }
        server.serves_the_next().await;
    }
    // 1,000 streams at a time with 100 KB each, and never more than those.
    let (now, most) = server.memory();
    assert!(most < before + 200, "{before}, {most} MB");
    assert!(now < before + 150, "{before}, {now} MB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_grows_by_single_bytes_does_not_help() {
    let server = Server::start("hostile");
    let mut connection = connect(server.address, 1).await;
    connection.write_all(&request(1, "/big")).await.unwrap();
    let (mut reading, mut writing) = connection.into_split();
    let dribble = tokio::spawn(async move {
        let more = [frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]), frame(PING, 0, 0, &[7; 8])].concat();
        while writing.write_all(&more).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut sink = tokio::io::sink();
    let closed = tokio::io::copy(&mut reading, &mut sink);
    // An end and a reset are both one.
    let _ = tokio::time::timeout(Duration::from_secs(10), closed).await.expect("the connection is cut off");
    dribble.await.unwrap();
    server.serves_the_next().await;
}

/// Slow is not hostile: who takes 4 KB five times a second gets all of an answer that takes several times as long as a peer
/// may take nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_gets_all() {
    let server = Server::start("hostile");
    let window = 4096_u32;
    let mut connection = connect(server.address, window).await;
    connection.write_all(&request(1, "/big")).await.unwrap();
    let (mut taken, mut ended) = (0, false);
    while !ended {
        let mut head = [0; 9];
        connection.read_exact(&mut head).await.unwrap_or_else(|error| panic!("cut off after {taken} bytes: {error}"));
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        connection.read_exact(&mut payload).await.unwrap();
        // Who does not answer a PING is taken for gone.
        if head[3] == PING && head[4] & ACK == 0 {
            connection.write_all(&frame(PING, ACK, 0, &payload)).await.unwrap();
        }
        if head[3] == DATA {
            taken += length;
            ended = head[4] & END_STREAM != 0;
            tokio::time::sleep(Duration::from_millis(200)).await;
            let more = |stream| frame(WINDOW_UPDATE, 0, stream, &length.to_be_bytes());
            if length > 0 && !ended {
                connection.write_all(&[more(0), more(1)].concat()).await.unwrap();
            }
        }
    }
    assert_eq!(taken, 100_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_do_not_keep_a_connection() {
    let server = Server::start("hostile");
    let mut connection = connect(server.address, 65_535).await;
    connection.write_all(&request(1, "/ping")).await.unwrap();
    let (mut reading, mut writing) = connection.into_split();
    let pings = tokio::spawn(async move {
        while writing.write_all(&frame(PING, 0, 0, &[7; 8])).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut sink = tokio::io::sink();
    let closed = tokio::io::copy(&mut reading, &mut sink);
    let _ = tokio::time::timeout(Duration::from_secs(10), closed).await.expect("the connection is closed");
    pings.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_taken_back_at_once_end_the_connection() {
    let server = Server::start("hostile");
    let connection = connect(server.address, 65_535).await;
    let mut stream = 1_u32;
    let next = || {
        let pair = [request(stream, "/never"), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat();
        stream += 2;
        pair
    };
    let most = 10 << 20;
    assert!(flood(connection, next, most).await < most);
    server.serves_the_next().await;
    assert!(server.memory().1 < 100, "{:?} MB", server.memory());
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_end_end_the_connection() {
    let server = Server::start("hostile");
    let mut connection = connect(server.address, 65_535).await;
    connection.write_all(&frame(HEADERS, END_STREAM, 1, &get("/ping"))).await.unwrap();
    let most = 20 << 20;
    let header = [&[0, 1, b'a', 100][..], &[b'b'; 100]].concat().repeat(150);
    let taken = flood(connection, || frame(CONTINUATION, 0, 1, &header), most).await;
    assert!(taken < most, "{taken}");
    // The same of frames without content.
    let mut connection = connect(server.address, 65_535).await;
    connection.write_all(&frame(HEADERS, END_STREAM, 1, &get("/ping"))).await.unwrap();
    let taken = flood(connection, || frame(CONTINUATION, 0, 1, b"").repeat(1000), most).await;
    assert!(taken < most, "{taken}");
    server.serves_the_next().await;
    assert!(server.memory().1 < 100, "{:?} MB", server.memory());
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_settings_and_pings_end_the_connection() {
    let server = Server::start("hostile");
    for one in [frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 255, 255]), frame(PING, 0, 0, &[7; 8]), frame(SETTINGS, 0, 0, b"")]
    {
        // The peer does not read what it is answered.
        let connection = connect(server.address, 65_535).await;
        let (many, most) = (one.repeat(1000), 40 << 20);
        let taken = flood(connection, || many.clone(), most).await;
        assert!(taken < most, "{taken}");
        server.serves_the_next().await;
    }
    assert!(server.memory().1 < 100, "{:?} MB", server.memory());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_has_no_more_streams_than_it_may() {
    let server = Server::start("hostile");
    let mut connection = connect(server.address, 65_535).await;
    let requests: Vec<u8> =
        (0..150).flat_map(|index| frame(HEADERS, END_STREAM | END_HEADERS, index * 2 + 1, &get("/never"))).collect();
    connection.write_all(&requests).await.unwrap();
    let bytes = read_to_end(&mut connection).await;
    // RST_STREAM with REFUSED_STREAM (RFC 9113, section 7), for those beyond a hundred.
    let refused =
        bytes.windows(13).filter(|bytes| bytes[..5] == [0, 0, 4, RST_STREAM, 0] && bytes[9..] == [0, 0, 0, 7]);
    assert_eq!(refused.count(), 50);
}
