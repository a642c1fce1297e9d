//! Encrypted connections: rustls under the driver, with libpq's words for how much is checked.

mod certificate;
mod verify;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

use crate::{Error, ErrorKind, PostgresOptions, Result, SslMode};

/// The stream that the driver keeps for the pool's connections.
pub(crate) type Stream = Encrypted<Socket>;

/// The settings of the pool's connections, made from files once, when the first of them needs it.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    configs: Mutex<Vec<(SslMode, Arc<ClientConfig>)>>,
}

/// How a connection to one host is encrypted.
#[derive(Clone)]
pub(crate) struct Connector {
    /// None where it is not.
    session: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

impl Tls {
    pub(crate) fn connector(&self, mode: SslMode, host: &str, options: &PostgresOptions) -> Result<Connector> {
        if mode == SslMode::Disable {
            return Ok(Connector { session: None });
        }
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| wrong(format!("`{host}` is no name that a certificate could be for")))?;
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        let config = match configs.iter().find(|(made_for, _)| *made_for == mode) {
            Some((_, config)) => Arc::clone(config),
            None => {
                let config = Arc::new(config(mode, options)?);
                configs.push((mode, Arc::clone(&config)));
                config
            }
        };
        Ok(Connector { session: Some((config, name)) })
    }
}

fn config(mode: SslMode, options: &PostgresOptions) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong("TLS cannot be set up".into()).with_source(error))?;
    let wants_roots = match mode {
        SslMode::VerifyFull | SslMode::VerifyCa => true,
        _ => options.ssl_root_cert.is_some(),
    };
    let builder = match wants_roots {
        true if mode == SslMode::VerifyFull => builder.with_root_certificates(roots(options)?.0),
        true => {
            let (store, certificates) = roots(options)?;
            let verifier = verify::Issued::new(store, certificates, provider)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
        false => builder.dangerous().with_custom_certificate_verifier(Arc::new(verify::Anybody::new(provider))),
    };
    let mut config = client_certificate(builder, options)?;
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

fn client_certificate(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    options: &PostgresOptions,
) -> Result<ClientConfig> {
    let (certificate, key) = match (&options.ssl_cert, &options.ssl_key) {
        (None, None) => return Ok(builder.with_no_client_auth()),
        (Some(certificate), Some(key)) => (certificate, key),
        _ => return Err(wrong("`sslcert` and `sslkey` are given together, or neither".into())),
    };
    let unreadable = |what: &str, path: &std::path::Path, error| {
        wrong(format!("{what} cannot be read from {}", path.display())).with_source(error)
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable("the client's certificate", certificate, error))?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| unreadable("the key of the client's certificate", key, error))?;
    builder.with_client_auth_cert(chain, private).map_err(|error| {
        wrong(format!("the certificate {} and the key {} do not fit", certificate.display(), key.display()))
            .with_source(error)
    })
}

/// The certificates that may vouch for a server.
fn roots(options: &PostgresOptions) -> Result<(RootCertStore, Vec<CertificateDer<'static>>)> {
    let certificates = match &options.ssl_root_cert {
        Some(path) => {
            CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(|error| {
                wrong(format!("the certificates of `sslrootcert` cannot be read from {}", path.display()))
                    .with_source(error)
            })?
        }
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(certificates.iter().cloned());
    if added == 0 {
        let message = match &options.ssl_root_cert {
            Some(path) => format!("there is no certificate in {}", path.display()),
            None => "this system has no list of certificates to check the server's with; name a file by `sslrootcert`"
                .to_owned(),
        };
        return Err(wrong(message));
    }
    Ok((store, certificates))
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

impl MakeTlsConnect<Socket> for Connector {
    type Stream = Stream;
    type TlsConnect = Self;
    type Error = rustls::Error;

    fn make_tls_connect(&mut self, _: &str) -> Result<Self, rustls::Error> {
        Ok(self.clone())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsConnect<S> for Connector {
    type Stream = Encrypted<S>;
    type Error = std::io::Error;
    type Future = Handshake<S>;

    fn connect(self, stream: S) -> Handshake<S> {
        Handshake(
            self.session.map(|(config, name)| Box::new(tokio_rustls::TlsConnector::from(config).connect(name, stream))),
        )
    }
}

/// A TLS handshake under way.
pub(crate) struct Handshake<S>(Option<Box<tokio_rustls::Connect<S>>>);

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Handshake<S> {
    type Output = std::io::Result<Encrypted<S>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Some(connect) => {
                let stream = ready!(Pin::new(connect.as_mut()).poll(context))?;
                Poll::Ready(Ok(Encrypted(Box::new(stream))))
            }
            None => Poll::Ready(Err(std::io::Error::other("the connection is not to be encrypted"))),
        }
    }
}

/// An encrypted connection.
pub(crate) struct Encrypted<S>(Box<tokio_rustls::client::TlsStream<S>>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        let (_, session) = self.0.get_ref();
        let certificate = session.peer_certificates().and_then(|chain| chain.first());
        match certificate.and_then(|certificate| certificate::end_point(certificate)) {
            Some(digest) => ChannelBinding::tls_server_end_point(digest),
            None => ChannelBinding::none(),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(self.0.as_mut()).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(self.0.as_mut()).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(self.0.as_mut()).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(self.0.as_mut()).poll_shutdown(context)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.session.is_some() { "Tls" } else { "NoTls" })
    }
}
