//! Servers that lie: nothing is read from this machine for them, and what they say ends in an error.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use covet_db::{Db, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How much of the packet without an end was taken, in frames of 16 MB.
static FRAMES: AtomicU32 = AtomicU32::new(0);

/// What a server does once a client has said who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// It asks for a file in answer to any statement.
    AsksForFile,
    /// It ends in the middle of a packet.
    Truncated,
    /// It says that a packet is longer than what it sends, and waits.
    Longer,
    /// It sends one packet of 16 MB of nothing, and more of it, without an end.
    Nothing,
    /// It asks for a way to log in that nobody knows.
    UnknownPlugin,
    /// It asks for a way to log in, with no data, and sends an empty packet in place of a key.
    NoKey,
    /// It sends noise in place of its greeting.
    Noise,
}

const HANDSHAKE: &[u8] = b"\x0a8.0.0-lie\0\x07\0\0\0abcdefgh\0\xff\xf7\xff\x02\0\xff\xc1\x15\0\0\0\0\0\0\0\0\0\0ijklmnopqrst\0caching_sha2_password\0";
const OK: &[u8] = b"\0\0\0\x02\0\0\0";

async fn send(socket: &mut TcpStream, number: u8, payload: &[u8]) -> std::io::Result<()> {
    let mut packet = u32::try_from(payload.len()).unwrap().to_le_bytes();
    packet[3] = number;
    socket.write_all(&packet).await?;
    socket.write_all(payload).await
}

async fn receive(socket: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = [0; 4];
    socket.read_exact(&mut head).await?;
    let mut payload = vec![0; usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16];
    socket.read_exact(&mut payload).await?;
    Ok(payload)
}

/// What the client sent after it was asked for a file.
async fn serve(mut socket: TcpStream, lie: Lie) -> std::io::Result<Vec<u8>> {
    if lie == Lie::Noise {
        send(&mut socket, 0, &[0xA5; 300]).await?;
        return Ok(Vec::new());
    }
    send(&mut socket, 0, HANDSHAKE).await?;
    receive(&mut socket).await?;
    match lie {
        Lie::UnknownPlugin => send(&mut socket, 2, b"\xfeno_such_plugin\0data\0").await?,
        Lie::NoKey => {
            send(&mut socket, 2, b"\xfecaching_sha2_password\0").await?;
            receive(&mut socket).await?;
            send(&mut socket, 4, b"\x01\x04").await?;
            receive(&mut socket).await?;
            send(&mut socket, 6, b"").await?;
        }
        _ => {
            send(&mut socket, 2, OK).await?;
            // What begins a session is answered as it should be.
            receive(&mut socket).await?;
            send(&mut socket, 1, OK).await?;
            receive(&mut socket).await?;
        }
    }
    match lie {
        Lie::AsksForFile => {
            send(&mut socket, 1, b"\xfb/etc/passwd").await?;
            let mut sent = Vec::new();
            socket.read_to_end(&mut sent).await?;
            return Ok(sent);
        }
        Lie::Truncated => socket.write_all(b"\x40\0\0\x01\x02\x03").await?,
        Lie::Longer => {
            socket.write_all(b"\xff\xff\x7f\x01\x02\x03").await?;
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        Lie::Nothing => {
            let nothing = vec![0; 0xFF_FFFF];
            for number in 1..=200_u8 {
                send(&mut socket, number, &nothing).await?;
                FRAMES.fetch_max(number.into(), Ordering::Relaxed);
            }
        }
        _ => {}
    }
    Ok(Vec::new())
}

fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

async fn check(lie: Lie) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let mut sent = Vec::new();
        while let Ok(Ok((socket, _))) = tokio::time::timeout(Duration::from_secs(2), listener.accept()).await {
            if let Ok(Ok(more)) = tokio::time::timeout(Duration::from_secs(4), serve(socket, lie)).await {
                sent.extend(more);
            }
        }
        sent
    });
    let options = "attempts=1&pool_min=0&query_timeout=1s&connect_timeout=1s&acquire_timeout=2s&sslmode=disable";
    let asked = async {
        let db = Db::connect(&format!("mysql://me:hunter2@127.0.0.1:{port}/d?{options}")).await?;
        db.fetch_value::<i64>("SELECT 1").await
    };
    let error = tokio::time::timeout(Duration::from_secs(6), asked).await.unwrap().unwrap_err();
    let expected = [ErrorKind::ConnectionLost, ErrorKind::Connect, ErrorKind::Timeout, ErrorKind::PoolTimeout];
    assert!(expected.contains(&error.kind()), "{lie:?}: {error:?}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    let sent = server.await.unwrap();
    assert!(!String::from_utf8_lossy(&sent).contains("root:"), "{lie:?}: a file was sent");
}

#[tokio::test]
async fn lies_end_in_errors() {
    for lie in [Lie::AsksForFile, Lie::Truncated, Lie::Longer, Lie::UnknownPlugin, Lie::NoKey, Lie::Noise] {
        check(lie).await;
    }
}

#[tokio::test]
async fn nothing_without_end_takes_no_memory_without_end() {
    let before = peak();
    check(Lie::Nothing).await;
    let grown = peak().saturating_sub(before);
    let frames = FRAMES.load(Ordering::Relaxed);
    // 64 MiB are taken unless told otherwise, and some more are on their way.
    assert!((1..8).contains(&frames), "{frames} frames of 16 MB were taken");
    assert!(grown < 256 << 20, "memory grew by {grown} bytes");
}
