//! The keys of another issuer, fetched from its JWKS document.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use covet_auth::jose::KeySet;
use covet_auth::keys::RemoteKeys;
use covet_auth::{Error, ErrorKind, Result};
use http::{Request, Uri, header, uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::{Refreshing, TokenKeys};

/// How long fetching may take as a whole.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest document that is read.
const LIMIT: usize = 256 * 1024;

/// What keys are fetched with where nothing has been fetched yet.
#[derive(Debug)]
pub(super) struct RemoteTokenKeys {
    known: RemoteKeys,
    source: Source,
}

/// Where the document is. Redirects are not followed, and nothing in a token leads elsewhere.
struct Source {
    url: Uri,
    host: String,
    port: u16,
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsConnector>,
}

fn wrong(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Configuration, detail)
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::caused(ErrorKind::Storage, "the issuer's keys could not be fetched", error)
}

impl RemoteTokenKeys {
    pub(super) fn new(url: &str) -> Result<Self> {
        Ok(RemoteTokenKeys { known: RemoteKeys::new(), source: Source::parse(url)? })
    }
}

impl TokenKeys for RemoteTokenKeys {
    fn keys(&self) -> Arc<KeySet> {
        self.known.cached().unwrap_or_default()
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn refresh(&self, key: Option<String>) -> Option<Refreshing<'_>> {
        let now = Timestamp::now();
        if self.known.is_good(key.as_deref(), now) {
            return None;
        }
        Some(Box::pin(async move { self.known.keys(key.as_deref(), now, || self.source.fetch()).await.map(drop) }))
    }
}

impl Source {
    fn parse(url: &str) -> Result<Source> {
        let url: Uri = url.parse().map_err(|_| wrong("the address of the issuer's keys is no URL"))?;
        let host = url.host().ok_or_else(|| wrong("the address of the issuer's keys has no host"))?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let is_here =
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        let (port, is_tls) = match url.scheme() {
            Some(scheme) if *scheme == uri::Scheme::HTTPS => (443, true),
            Some(scheme) if *scheme == uri::Scheme::HTTP && is_here => (80, false),
            _ => return Err(wrong("keys are fetched over https, or over plain http from this machine")),
        };
        let port = url.port_u16().unwrap_or(port);
        #[cfg(feature = "tls")]
        return Ok(Source { url, host, port, tls: is_tls.then(connector).transpose()? });
        #[cfg(not(feature = "tls"))]
        match is_tls {
            true => Err(wrong("keys are fetched over https with the feature `tls` of covet-rs")),
            false => Ok(Source { url, host, port }),
        }
    }

    async fn fetch(&self) -> Result<Vec<u8>> {
        let fetched = tokio::time::timeout(PATIENCE, self.connect_and_ask()).await;
        fetched.map_err(|_| failed(format!("{} did not answer within {PATIENCE:?}", self.host)))?
    }

    async fn connect_and_ask(&self) -> Result<Vec<u8>> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(failed)?;
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let name = self.host.clone().try_into().map_err(|_| wrong("the issuer's host is no name"))?;
            return self.ask(tls.connect(name, tcp).await.map_err(failed)?).await;
        }
        self.ask(tcp).await
    }

    async fn ask(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Vec<u8>> {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        let driver = tokio::spawn(connection);
        let authority = self.url.authority().map_or("", uri::Authority::as_str);
        let path = self.url.path_and_query().map_or("/", uri::PathAndQuery::as_str);
        let request = Request::get(path)
            .header(header::HOST, authority)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("covet/", env!("CARGO_PKG_VERSION")))
            .body(Empty::<Bytes>::new())
            .map_err(failed)?;
        let answered = async {
            let response = sender.send_request(request).await.map_err(failed)?;
            if response.status() != http::StatusCode::OK {
                return Err(failed(format!("{} answered {}", self.host, response.status())));
            }
            let body = Limited::new(response.into_body(), LIMIT).collect().await.map_err(failed)?;
            Ok(body.to_bytes().to_vec())
        };
        let answered = answered.await;
        driver.abort();
        answered
    }
}

/// What trusts the authorities that the system trusts.
#[cfg(feature = "tls")]
fn connector() -> Result<tokio_rustls::TlsConnector> {
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};
    let mut roots = RootCertStore::empty();
    let (trusted, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if trusted == 0 {
        return Err(wrong("the system trusts no authority, so that the issuer's keys cannot be fetched over https"));
    }
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| Error::caused(ErrorKind::Configuration, "TLS cannot be set up", error))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()).into())
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_from_here() {
        for good in ["http://127.0.0.1:8000/jwks", "http://localhost/jwks", "http://[::1]:1/jwks"] {
            assert!(Source::parse(good).is_ok(), "{good}");
        }
        assert_eq!(Source::parse("https://id.example/jwks.json").is_ok(), cfg!(feature = "tls"));
        for bad in ["http://id.example/jwks", "ftp://127.0.0.1/", "/jwks", "", "http://127.0.0.1.evil.example/"] {
            assert!(Source::parse(bad).is_err(), "{bad}");
        }
    }
}
