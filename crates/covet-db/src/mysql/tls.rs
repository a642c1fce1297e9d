//! Encrypted connections: the driver's own rustls, with libpq's words for how much is checked.

use std::sync::{Mutex, PoisonError};

use mysql_async::{ClientIdentity, Opts, OptsBuilder, SslOpts};

use crate::{Error, ErrorKind, MysqlOptions, Result, SslMode};

/// The driver's settings for the pool's connections, made from files once, when the first of them needs it.
#[derive(Debug, Default)]
pub(super) struct Tls(Mutex<Option<Opts>>);

impl Tls {
    /// Settings with nothing but TLS in them; none of it without a mode.
    pub(super) fn settings(&self, mode: Option<SslMode>, host: &str, options: &MysqlOptions) -> Result<Opts> {
        let Some(mode) = mode.filter(|mode| *mode != SslMode::Disable) else {
            return Ok(Opts::default());
        };
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = &*made {
            return Ok(made.clone());
        }
        if rustls::pki_types::ServerName::try_from(host).is_err() {
            return Err(wrong(format!("`{host}` is no name that a certificate could be for")));
        }
        // The driver takes the program's own implementation of cryptography; where it has chosen none, this one.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let opts = Opts::from(OptsBuilder::default().ssl_opts(Some(ssl(mode, options)?)));
        *made = Some(opts.clone());
        Ok(opts)
    }
}

/// A name that no certificate is for. The driver passes over a certificate's name where the error has the word
/// `NotValidForName` in it; rustls has long said that in other words, but it quotes the name that was expected.
const ANY_NAME: &str = "NotValidForName.invalid";

fn ssl(mode: SslMode, options: &MysqlOptions) -> Result<SslOpts> {
    let identity = match (&options.ssl_cert, &options.ssl_key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            Some(ClientIdentity::new(readable(certificate, "sslcert")?.into(), readable(key, "sslkey")?.into()))
        }
        _ => return Err(wrong("`sslcert` and `sslkey` are given together, or neither".into())),
    };
    let ssl = SslOpts::default().with_client_identity(identity);
    let checks_certificate = match mode {
        SslMode::VerifyFull | SslMode::VerifyCa => true,
        _ => options.ssl_root_cert.is_some(),
    };
    if !checks_certificate {
        return Ok(ssl.with_danger_accept_invalid_certs(true).with_danger_skip_domain_validation(true));
    }
    let roots: Vec<Vec<u8>> = match &options.ssl_root_cert {
        Some(path) => vec![readable(path, "sslrootcert")?],
        None => {
            let found = rustls_native_certs::load_native_certs().certs;
            found.into_iter().map(|certificate| certificate.to_vec()).collect()
        }
    };
    if roots.is_empty() {
        return Err(wrong(
            "this system has no list of certificates to check the server's with; name a file by `sslrootcert`".into(),
        ));
    }
    let ssl = ssl.with_root_certs(roots.into_iter().map(Into::into).collect()).with_disable_built_in_roots(true);
    if mode == SslMode::VerifyFull {
        return Ok(ssl);
    }
    Ok(ssl.with_danger_skip_domain_validation(true).with_danger_tls_hostname_override(Some(ANY_NAME)))
}

fn readable(path: &std::path::Path, option: &str) -> Result<Vec<u8>> {
    let read = std::fs::read(path).map_err(|error| {
        wrong(format!("the file of `{option}`, {}, cannot be read", path.display())).with_source(error)
    })?;
    if read.is_empty() {
        return Err(wrong(format!("the file of `{option}`, {}, is empty", path.display())));
    }
    Ok(read)
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Configuration, message)
}
