//! A build without the feature `tls`.

use mysql_async::Opts;

use crate::{Error, ErrorKind, MysqlOptions, Result, SslMode};

/// Nothing that could encrypt.
#[derive(Debug, Default)]
pub(super) struct Tls;

impl Tls {
    pub(super) fn settings(&self, mode: Option<SslMode>, host: &str, _: &MysqlOptions) -> Result<Opts> {
        if matches!(mode, None | Some(SslMode::Disable | SslMode::Prefer)) {
            return Ok(Opts::default());
        }
        let message = format!(
            "connecting to MySQL on `{host}` needs TLS, and this program was built without the feature `tls`; on a network that nobody else can read, `sslmode=disable` in the URL does without"
        );
        Err(Error::new(ErrorKind::Configuration, message))
    }
}
