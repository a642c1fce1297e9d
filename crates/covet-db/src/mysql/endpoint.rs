//! Where a connection leads: one address of one host, or a socket. A request to stop a statement must go to the server that
//! runs it, and not to another one of the same name.

use std::net::IpAddr;
use std::path::PathBuf;

use mysql_async::OptsBuilder;

use super::{Shared, limit};
use crate::{Error, ErrorKind, Result};

/// One server.
#[derive(Clone, Debug)]
pub(super) enum Endpoint {
    Tcp(IpAddr),
    Unix(PathBuf),
}

/// Every address of the server that the URL names, in order.
pub(super) async fn endpoints(shared: &Shared) -> Result<Vec<Endpoint>> {
    if let Some(path) = &shared.options.mysql.socket {
        return Ok(vec![Endpoint::Unix(path.clone())]);
    }
    let host = shared.server.host.as_str();
    match tokio::net::lookup_host((host, shared.server.port)).await {
        Ok(addresses) => Ok(addresses.map(|address| Endpoint::Tcp(address.ip())).collect()),
        Err(error) => {
            let message = format!("the host `{host}` of MySQL was not found");
            Err(Error::new(ErrorKind::Connect, message).with_source(error))
        }
    }
}

impl Endpoint {
    /// The driver's settings for a connection to here, without any of its session.
    pub(super) fn settings(&self, shared: &Shared, encrypted: bool) -> Result<OptsBuilder> {
        let (options, server) = (&shared.options.mysql, &shared.server);
        let settings = shared.tls.settings(encrypted.then_some(shared.ssl_mode()), &server.host, options)?;
        let settings = OptsBuilder::from_opts(settings)
            .user(Some(server.user.as_str()))
            .pass(server.password.as_deref())
            .db_name(Some(server.database.as_str()).filter(|name| !name.is_empty()))
            .client_found_rows(true)
            .stmt_cache_size(0)
            .prefer_socket(false)
            .max_allowed_packet(Some(options.max_allowed_packet))
            .wait_timeout(Some(0))
            .tcp_nodelay(true)
            .tcp_keepalive(Some(super::KEEPALIVE))
            .compression(options.compression.then(mysql_async::Compression::fast));
        Ok(match self {
            Self::Tcp(address) => {
                settings.ip_or_hostname(server.host.as_str()).tcp_port(server.port).resolved_ips(Some(vec![*address]))
            }
            Self::Unix(path) => settings.socket(Some(path.display().to_string())),
        })
    }
}

/// What a session begins with.
pub(super) fn session(shared: &Shared) -> String {
    let sql_mode = shared.options.mysql.sql_mode.replace('\\', "").replace('\'', "''");
    let limit = limit::setting(limit::milliseconds(shared.statement_timeout));
    format!("SET NAMES utf8mb4, @@session.time_zone = '+00:00', @@session.sql_mode = '{sql_mode}' {limit}")
}
