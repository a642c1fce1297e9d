//! Fifty people log in at once, and somebody asks whether the server lives: one thread serves all of them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use covet::auth::{Account, Accounts, Password, Server};
use covet::{App, Db, ProxyHeader};
use covet_auth::password::{PasswordOptions, Passwords};

const PEOPLE: usize = 50;
const PASSWORD: &str = "correct horse battery";

/// Prints how long `/health/live` took, while nothing else was asked and during so many storms.
pub fn table(storms: usize) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (address, stop) = serve(&runtime);
    let calm = probe(address, || thread::sleep(Duration::from_millis(500)));
    let mut logins = Vec::new();
    let stormy = probe(address, || (0..storms).for_each(|_| logins.extend(storm(address))));
    drop(stop);
    let threads = PasswordOptions::default().threads;
    println!("One worker thread, {threads} hashing, {storms} × {PEOPLE} logins at once:\n");
    println!("| `/health/live` | asked | p50 ms | p99 ms | longest ms | wanted p99 |");
    println!("|---|---|---|---|---|---|");
    row("alone", calm, "");
    row("during the storm", stormy, "< 5");
    println!("\n| login | answered | p50 ms | p99 ms | longest ms | |");
    println!("|---|---|---|---|---|---|");
    row("in the storm", logins, "");
}

fn row(name: &str, mut times: Vec<Duration>, wanted: &str) {
    times.sort_unstable();
    let of = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!("| {name} | {} | {:.2} | {:.2} | {:.2} | {wanted} |", times.len(), of(50), of(99), of(100));
}

/// The app, until what comes back is dropped.
fn serve(runtime: &tokio::runtime::Runtime) -> (SocketAddr, tokio::sync::oneshot::Sender<()>) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (tell, address) = mpsc::channel();
    runtime.spawn(async move {
        let folder = std::env::temp_dir().join(format!("bench-jose-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let db = Db::connect(&format!("sqlite:{}", folder.join("people.db").display())).await.expect("a database");
        // One hash for all of them: each is verified by itself.
        let passwords = Passwords::new(PasswordOptions::default()).expect("threads");
        let hash = passwords.hash(Password::new(PASSWORD).expect("a password")).await.expect("a hash");
        drop(passwords);
        let accounts = (0..PEOPLE).fold(Accounts::new().expect("threads"), |accounts, number| {
            accounts.account(Account::new(format!("person{number}")).hash(&hash))
        });
        let server = Server::new("http://127.0.0.1:8000").expect("an issuer").people(accounts);
        let app = App::new("Storm", "1.0.0")
            .database(db)
            .auth(server)
            .trusted_proxies(["127.0.0.0/8"], ProxyHeader::XForwardedFor);
        let app = app.prepare().await.expect("an app that starts");
        let server = covet::test::Server::start(app).await.expect("a server");
        tell.send(server.address()).expect("somebody waits");
        stopped.await.ok();
        server.stop().await.ok();
        std::fs::remove_dir_all(folder).ok();
    });
    (address.recv().expect("an address"), stop)
}

/// Asks whether the server lives, every millisecond, while something else is done.
fn probe(address: SocketAddr, meanwhile: impl FnOnce()) -> Vec<Duration> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let probing = scope.spawn(|| {
            let mut stream = connect(address);
            let mut times = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let start = Instant::now();
                stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").expect("it is sent");
                assert_eq!(status(&mut stream), 200);
                times.push(start.elapsed());
                thread::sleep(Duration::from_millis(1));
            }
            times
        });
        meanwhile();
        is_over.store(true, Ordering::Relaxed);
        probing.join().expect("all were answered")
    })
}

/// Everybody logs in at once, each from an address of their own.
fn storm(address: SocketAddr) -> Vec<Duration> {
    let mut streams: Vec<TcpStream> = (0..PEOPLE).map(|_| connect(address)).collect();
    let start = Instant::now();
    for (number, stream) in streams.iter_mut().enumerate() {
        let body = format!("login=person{number}&password={}&return_to=/", PASSWORD.replace(' ', "+"));
        let request = format!(
            "POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\nx-forwarded-for: 203.0.113.{number}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("it is sent");
    }
    let readers: Vec<_> = streams
        .into_iter()
        .map(|mut stream| {
            thread::spawn(move || {
                assert_eq!(status(&mut stream), 303, "the login is right");
                start.elapsed()
            })
        })
        .collect();
    readers.into_iter().map(|reader| reader.join().expect("each is answered")).collect()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
    stream
}

/// The status of an answer that is read to its end.
fn status(stream: &mut TcpStream) -> u16 {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut piece).expect("an answer");
        assert!(count > 0, "the server closed the connection");
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            return head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        }
    }
}
