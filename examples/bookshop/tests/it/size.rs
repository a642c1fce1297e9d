//! Files of any size in bounded memory: what is imported and exported is as large as it is told to be, and the program's
//! memory is not.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::program::{Program, get, start_on};

/// How much memory the program may ever have used.
const MEMORY: u64 = 64 << 20;

/// What the connection to MySQL may take more, whose packets are larger.
const PACKETS: u64 = 16 << 20;

/// How many bytes are imported: with `COVET_TEST_FULL` a gigabyte.
fn size() -> u64 {
    let full = std::env::var_os("COVET_TEST_FULL").is_some();
    if full { 1 << 30 } else { 50 << 20 }
}

/// The most memory that the program has used so far, in bytes.
fn peak(program: &Program) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix("kB").unwrap().trim().parse::<u64>().unwrap() << 10
}

fn send(program: &Program, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&program.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(600))).unwrap();
    write!(stream, "{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{}", program.authorization).unwrap();
    stream
}

/// Sends a table of at least this many bytes; the answer is how many rows it had.
fn import(program: &Program, size: u64) -> u64 {
    let mut stream = send(program, "POST /api/books/import");
    write!(stream, "content-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
    let (mut sent, mut rows) = (0, 0_u64);
    let mut chunk = "title,author,published,price,stock\n".to_owned();
    while sent < size {
        while chunk.len() < 64 << 10 {
            let place = "of the books that nobody has read and everybody has heard of";
            chunk += &format!("\"Volume {rows} {place}\",Anonymous,2000,{},{}\n", rows % 10_000, rows % 100);
            rows += 1;
        }
        write!(stream, "{:x}\r\n{chunk}\r\n", chunk.len()).unwrap();
        sent += chunk.len() as u64;
        chunk.clear();
    }
    write!(stream, "0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(&format!("\"imported\":{rows}")), "{answer}");
    rows
}

/// Reads all that there is, as NDJSON; the answer is how many lines it had.
fn export(program: &Program) -> u64 {
    let mut stream = send(program, "GET /api/books/export");
    write!(stream, "accept: application/x-ndjson\r\n\r\n").unwrap();
    let lines = BufReader::new(stream).split(b'\n');
    lines.map(Result::unwrap).filter(|line| line.starts_with(b"{\"id\":") || line.contains(&b'{')).count() as u64
}

/// A client that hangs up in the middle has its query ended.
fn give_up(program: &Program) {
    let mut stream = send(program, "GET /api/books/export");
    write!(stream, "\r\n").unwrap();
    stream.read_exact(&mut [0; 10_000]).unwrap();
    drop(stream);
    let began = Instant::now();
    let is_idle =
        || get(&program.address, "/metrics").lines().any(|line| line.contains("used") && line.ends_with(" 0"));
    while !is_idle() {
        assert!(began.elapsed() < Duration::from_secs(20), "{}", get(&program.address, "/metrics"));
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn memory_is_bounded(url: &str, limit: u64) {
    let folder = tempfile::tempdir().unwrap();
    let program = start_on(folder.path(), url);
    let idle = peak(&program);
    let began = Instant::now();
    let rows = import(&program, size());
    let (imported, at_import) = (began.elapsed(), peak(&program));
    let began = Instant::now();
    assert!(export(&program) >= rows + 206);
    let (exported, at_export) = (began.elapsed(), peak(&program));
    eprintln!(
        "{rows} rows: idle {} MiB; import {imported:.1?}, {} MiB; export {exported:.1?}, {} MiB",
        idle >> 20,
        at_import >> 20,
        at_export >> 20
    );
    assert!(at_export < limit, "{at_export} bytes; {at_import} after the import, {idle} before");
    give_up(&program);
}

#[test]
fn memory_is_bounded_on_sqlite() {
    memory_is_bounded("sqlite:bookshop.db", MEMORY);
}

#[test]
fn memory_is_bounded_on_postgres() {
    if let Some(url) = covet_testsuite::servers::fresh_postgres() {
        memory_is_bounded(&url, MEMORY);
    }
}

#[test]
fn memory_is_bounded_on_mysql() {
    if let Some(url) = covet_testsuite::servers::fresh_mysql() {
        memory_is_bounded(&url, MEMORY + PACKETS);
    }
}
