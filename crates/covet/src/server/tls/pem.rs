//! Certificates and keys in PEM (RFC 7468).

use std::fs;
use std::path::Path;

use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error as TlsError, InconsistentKeys};

use crate::{Error, Result};

pub(super) fn from_files(certificate: &Path, key: &Path) -> Result<CertifiedKey> {
    let read = |what: &str, path: &Path| {
        let name = format!("{what} {}", path.display());
        match fs::read(path) {
            Ok(bytes) => Ok((name, bytes)),
            Err(error) => Err(Error::new(format!("{name} cannot be read: {error}"))),
        }
    };
    let (certificate, key) = (read("the certificate", certificate)?, read("the private key", key)?);
    certified_key((&certificate.0, &certificate.1), (&key.0, &key.1))
}

/// A certificate and its key, each with the name that a message calls it by.
pub(super) fn certified_key(certificate: (&str, &[u8]), key: (&str, &[u8])) -> Result<CertifiedKey> {
    let (certificate_name, key_name) = (certificate.0, key.0);
    let chain = chain(certificate)?;
    let key = private_key(key)?;
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|error| {
        Error::new(match error {
            TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                format!("{key_name} does not belong to {certificate_name}")
            }
            TlsError::InvalidCertificate(_) => format!("{certificate_name} cannot be used: {error}"),
            _ => format!("{key_name} cannot be used: {error}"),
        })
    })
}

fn chain((name, pem): (&str, &[u8])) -> Result<Vec<CertificateDer<'static>>> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(Error::new(format!(
            "{name} holds no certificate: it is PEM, and begins with `-----BEGIN CERTIFICATE-----`{}",
            swapped(pem)
        ))),
        Ok(chain) => Ok(chain),
        Err(error) => Err(not_pem(name, &error)),
    }
}

fn private_key((name, pem): (&str, &[u8])) -> Result<PrivateKeyDer<'static>> {
    if contains(pem, b"ENCRYPTED") {
        return Err(Error::new(format!(
            "{name} is encrypted, and there is nobody to ask for its password: decrypt it"
        )));
    }
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        PemError::NoItemsFound => Error::new(format!(
            "{name} holds no private key: it is PEM, and begins with `-----BEGIN PRIVATE KEY-----` or one of its older \
             forms for RSA and EC{}",
            swapped(pem)
        )),
        error => not_pem(name, &error),
    })
}

/// What is probably wrong when there is the one where the other should be.
fn swapped(pem: &[u8]) -> &'static str {
    if contains(pem, b"-----BEGIN ") { "; it holds something else, so the two may be the wrong way round" } else { "" }
}

fn not_pem(name: &str, error: &PemError) -> Error {
    // The library's own message may show a line of the text, which may be one of a key.
    let what = match error {
        PemError::MissingSectionEnd { .. } => "a section has no end",
        PemError::Base64Decode(_) => "a section is not base64",
        _ => "the beginning of a section is wrong",
    };
    Error::new(format!("{name} is not PEM: {what}"))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
