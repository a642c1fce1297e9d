//! TLS: the certificate, the handshake, and how a new certificate comes in without a restart.

mod expiry;
mod handshake;
mod pem;

pub(super) use handshake::Handshakes;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use jiff::Timestamp;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use crate::Result;

/// The certificate and the private key under which an app is served over TLS, with HTTP/2 and HTTP/1.1 as the client
/// likes (ALPN).
///
/// The certificate comes first in its PEM file, and behind it those that lead to the root. Files are looked at every five
/// seconds, and read again when they have changed; where the new ones are not right, the log says why, and the ones before
/// stay. Clones share the certificate, so that one that is kept can be told to [`reload`](Self::reload).
///
/// ```no_run
/// # use covet::{App, Result, Tls};
/// #[covet::main]
/// async fn main() -> Result<()> {
///     let tls = Tls::files("/etc/bookshop/cert.pem", "/etc/bookshop/key.pem")?;
///     App::new("Bookshop", "1.0.0").bind("0.0.0.0:443").tls(tls).serve().await
/// }
/// ```
#[derive(Clone)]
pub struct Tls {
    files: Option<Arc<Files>>,
    certificate: Arc<Certificate>,
}

/// Where the certificate comes from, and what was last found there.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    seen: Mutex<Option<Stamps>>,
}

/// What tells that a file has changed.
type Stamps = [Option<(SystemTime, u64)>; 2];

/// The certificate that the next handshake gets.
struct Certificate(RwLock<Arc<CertifiedKey>>);

impl Tls {
    /// From the PEM files of the certificate and of the key.
    ///
    /// # Errors
    /// A file that cannot be read, that is not PEM, or that holds no certificate or no key, a key that is encrypted, and a
    /// key that does not belong to the certificate.
    pub fn files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self> {
        let (certificate, key) = (certificate.as_ref().to_owned(), key.as_ref().to_owned());
        let files = Files { seen: Mutex::new(None), certificate, key };
        let loaded = files.load()?;
        Ok(Tls { files: Some(Arc::new(files)), certificate: Arc::new(Certificate::new(loaded)) })
    }

    /// From the certificate and the key in PEM, such as an environment variable or a store of secrets has them.
    ///
    /// # Errors
    /// As [`files`](Self::files).
    pub fn pem(certificate: &[u8], key: &[u8]) -> Result<Self> {
        let loaded = pem::certified_key(("the certificate", certificate), ("the private key", key))?;
        expiry::warn(&loaded);
        Ok(Tls { files: None, certificate: Arc::new(Certificate::new(loaded)) })
    }

    /// Takes another certificate from now on. Connections that stand keep theirs.
    ///
    /// # Errors
    /// As [`files`](Self::files); the certificate before stays.
    pub fn replace(&self, certificate: &[u8], key: &[u8]) -> Result<()> {
        let loaded = pem::certified_key(("the certificate", certificate), ("the private key", key))?;
        expiry::warn(&loaded);
        self.certificate.set(loaded);
        Ok(())
    }

    /// Reads the files again, without waiting until their change is seen. Where there are no files it does nothing.
    ///
    /// # Errors
    /// As [`files`](Self::files); the certificate before stays.
    pub fn reload(&self) -> Result<()> {
        if let Some(files) = &self.files {
            self.certificate.set(files.load()?);
        }
        Ok(())
    }

    /// Until when the certificate is valid, where that can be read from it.
    pub fn valid_until(&self) -> Option<Timestamp> {
        expiry::validity(self.certificate.get().cert.first()?).map(|(_, until)| until)
    }

    /// Reads the files again if they have changed.
    fn refresh(&self) {
        let Some(files) = &self.files else { return };
        if !files.have_changed() {
            return;
        }
        match files.load() {
            Ok(loaded) => {
                self.certificate.set(loaded);
                tracing::info!(certificate = %files.certificate.display(), "a new certificate was read");
            }
            Err(error) => tracing::error!(%error, "the new certificate is not right, so the one before stays"),
        }
    }
}

impl Files {
    fn load(&self) -> Result<CertifiedKey> {
        // What changes between the look and the reading is seen as a change at the next look.
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.stamps());
        let loaded = pem::from_files(&self.certificate, &self.key)?;
        expiry::warn(&loaded);
        Ok(loaded)
    }

    fn have_changed(&self) -> bool {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != Some(self.stamps())
    }

    fn stamps(&self) -> Stamps {
        [&self.certificate, &self.key].map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }
}

impl Certificate {
    fn new(loaded: CertifiedKey) -> Self {
        Certificate(RwLock::new(Arc::new(loaded)))
    }

    fn get(&self) -> Arc<CertifiedKey> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, loaded: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificate = self.files.as_ref().map(|files| files.certificate.display());
        f.debug_struct("Tls").field("certificate", &certificate).finish_non_exhaustive()
    }
}
