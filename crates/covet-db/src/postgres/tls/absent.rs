//! A build without the feature `tls`.

use tokio_postgres::NoTls;
use tokio_postgres::tls::NoTlsStream;

use crate::{Error, ErrorKind, PostgresOptions, Result, SslMode};

pub(crate) type Connector = NoTls;
pub(crate) type Stream = NoTlsStream;

/// Nothing that could encrypt.
#[derive(Debug, Default)]
pub(crate) struct Tls;

impl Tls {
    pub(crate) fn connector(&self, mode: SslMode, host: &str, _: &PostgresOptions) -> Result<Connector> {
        if matches!(mode, SslMode::Disable | SslMode::Prefer) {
            return Ok(NoTls);
        }
        let message = format!(
            "connecting to PostgreSQL on `{host}` needs TLS, and this program was built without the feature `tls`; on a network that nobody else can read, `sslmode=disable` in the URL does without"
        );
        Err(Error::new(ErrorKind::Configuration, message))
    }
}
