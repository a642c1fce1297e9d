//! The server under TLS, with certificates that are made here.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use covet::test::Server;
use covet::{App, Tls, get, routes};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Say pong.
#[get("/ping")]
async fn ping() -> &'static str {
    "pong"
}

/// A certificate that signs itself, and its key, in PEM.
struct Pair {
    certificate: String,
    key: String,
}

fn pair() -> Pair {
    pair_with(|_| ())
}

fn pair_with(change: impl FnOnce(&mut CertificateParams)) -> Pair {
    let mut parameters = CertificateParams::new(["localhost".to_owned()]).unwrap();
    change(&mut parameters);
    let key = KeyPair::generate().unwrap();
    Pair { certificate: parameters.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

impl Pair {
    fn tls(&self) -> covet::Result<Tls> {
        Tls::pem(self.certificate.as_bytes(), self.key.as_bytes())
    }

    fn write(&self, folder: &Path) {
        std::fs::write(folder.join("cert.pem"), &self.certificate).unwrap();
        std::fs::write(folder.join("key.pem"), &self.key).unwrap();
    }

    /// A connection of a client that trusts this certificate alone.
    async fn connect(
        &self,
        address: SocketAddr,
        alpn: &[&[u8]],
    ) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()).unwrap();
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        let stream = TcpStream::connect(address).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    /// The answer to a GET over HTTP/1.1.
    async fn get(&self, address: SocketAddr) -> std::io::Result<String> {
        let mut stream = self.connect(address, &[]).await?;
        stream.write_all(b"GET /ping HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

fn app(tls: Tls) -> App {
    App::new("Secret", "1.0.0").routes(routes![ping]).tls(tls).limits(|limits| {
        limits.handshake = Duration::from_millis(300);
        limits.handshakes = 3;
        limits.drain = Duration::from_secs(2);
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_http_are_agreed_on() {
    let pair = pair();
    let server = Server::start(app(pair.tls().unwrap())).await.unwrap();
    let answer = pair.get(server.address()).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("pong"), "{answer}");
    assert!(answer.contains("\r\nstrict-transport-security: max-age=31536000\r\n"), "{answer}");

    let stream = pair.connect(server.address(), &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://localhost/ping").body(String::new()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!((response.status().as_u16(), response.version()), (200, http::Version::HTTP_2));
    assert!(response.headers().contains_key("strict-transport-security"));
    drop(sender);

    let stream = pair.connect(server.address(), &[b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert!(pair.connect(server.address(), &[b"smtp"]).await.is_err());
    drop(stream);
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_that_do_not_shake_hands_are_cut_off() {
    let pair = pair();
    let server = Server::start(app(pair.tls().unwrap())).await.unwrap();
    let read = async |bytes: &[u8]| {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer));
        read.await.expect("the server closes").ok();
        answer
    };
    // Silence, plain HTTP, and half of a hello.
    assert!(read(b"").await.is_empty());
    assert!(!String::from_utf8_lossy(&read(b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n").await).contains("pong"));
    assert!(read(&[0x16, 3, 1, 2, 0, 1]).await.is_empty());
    // More at a time than there may be: the last is closed at once, and later all is well.
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(TcpStream::connect(server.address()).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(pair.get(server.address()).await.is_err());
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(pair.get(server.address()).await.unwrap().ends_with("pong"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_needs_no_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second, third) = (pair(), pair(), pair());
    first.write(folder.path());
    let tls = Tls::files(folder.path().join("cert.pem"), folder.path().join("key.pem")).unwrap();
    let server = Server::start(app(tls.clone())).await.unwrap();
    assert!(first.get(server.address()).await.unwrap().ends_with("pong"));

    second.write(folder.path());
    tls.reload().unwrap();
    assert!(first.get(server.address()).await.is_err());
    assert!(second.get(server.address()).await.unwrap().ends_with("pong"));

    // What is wrong does not replace what is right.
    std::fs::write(folder.path().join("cert.pem"), "nonsense").unwrap();
    assert!(tls.reload().unwrap_err().to_string().contains("holds no certificate"));
    assert!(second.get(server.address()).await.unwrap().ends_with("pong"));

    // And without being told, the server sees the change.
    third.write(folder.path());
    let mut answer = third.get(server.address()).await;
    for _ in 0..100 {
        if answer.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer = third.get(server.address()).await;
    }
    assert!(answer.unwrap().ends_with("pong"));

    tls.replace(first.certificate.as_bytes(), first.key.as_bytes()).unwrap();
    assert!(first.get(server.address()).await.unwrap().ends_with("pong"));
}

#[test]
fn what_is_no_certificate_or_no_key_is_told() {
    let (one, other) = (pair(), pair());
    let check = |certificate: &str, key: &str, expected: &str| {
        let error = Tls::pem(certificate.as_bytes(), key.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(!error.contains(key.lines().nth(1).unwrap_or("\0")), "{error}");
    };
    check(&one.certificate, &other.key, "the private key does not belong to the certificate");
    check("", &one.key, "the certificate holds no certificate");
    check(&one.key, &one.certificate, "the certificate holds no certificate");
    check(&one.key, &one.certificate, "the wrong way round");
    check(&one.certificate, "", "the private key holds no private key");
    check(&one.certificate, &one.certificate, "the private key holds no private key");
    check(&one.certificate, &one.key.replace("-----END PRIVATE KEY-----", ""), "is not PEM: a section has no end");
    check(&one.certificate, &one.key.replace('M', "!"), "is not PEM: a section is not base64");
    let encrypted = one.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    check(&one.certificate, &encrypted, "is encrypted");
    let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    check(empty, &one.key, "the certificate cannot be used");
    let missing = Tls::files("/nowhere/cert.pem", "/nowhere/key.pem").unwrap_err().to_string();
    assert!(missing.contains("/nowhere/cert.pem cannot be read"), "{missing}");
    assert!(!format!("{:?}", one.tls().unwrap()).contains(one.key.lines().nth(1).unwrap()));
}

#[test]
fn until_when_a_certificate_is_valid_is_known() {
    for (year, expected) in
        [(2020, "2020-01-02T00:00:00Z"), (2049, "2049-01-02T00:00:00Z"), (2075, "2075-01-02T00:00:00Z")]
    {
        let pair = pair_with(|parameters| parameters.not_after = date_time_ymd(year, 1, 2));
        // One that has expired is served all the same, and the log says so.
        assert_eq!(pair.tls().unwrap().valid_until().unwrap().to_string(), expected);
    }
}
