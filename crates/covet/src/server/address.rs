//! What a server is bound to.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::{Error, Result};

/// The addresses of a name, of which the first that can be bound is, or the path of a Unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(Vec<SocketAddr>),
    #[cfg(unix)]
    Unix(PathBuf),
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bound {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(PathBuf),
}

impl Address {
    /// The address that a setting means: `host:port` or `unix:/path`.
    ///
    /// # Errors
    /// That it is neither, or that the host has no address.
    pub(crate) async fn resolve(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Address::unix(path);
        }
        let resolved = tokio::net::lookup_host(text).await;
        let addresses =
            resolved.map_err(|error| Error::new(format!("`{text}` is not an address to serve on: {error}")))?.collect();
        Ok(Address::Tcp(addresses))
    }

    #[cfg(unix)]
    fn unix(path: &str) -> Result<Self> {
        let path = PathBuf::from(path);
        if !path.is_absolute() {
            return Err(Error::new(format!(
                "`unix:{}` is not an address to serve on: the path of a socket begins with `/`",
                path.display()
            )));
        }
        Ok(Address::Unix(path))
    }

    #[cfg(not(unix))]
    fn unix(path: &str) -> Result<Self> {
        Err(Error::new(format!("`unix:{path}` is not an address to serve on: this system has no Unix sockets")))
    }
}

impl Bound {
    /// The address, where it is one of TCP.
    pub(crate) fn socket(&self) -> Option<SocketAddr> {
        match self {
            Bound::Tcp(address) => Some(*address),
            #[cfg(unix)]
            Bound::Unix(_) => None,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Tcp(address) => address.fmt(f),
            #[cfg(unix)]
            Bound::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
