//! Listening sockets.

use std::io;
use std::net::{SocketAddr, TcpListener};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
#[cfg(unix)]
use std::path::Path;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the kernel keeps for us until they are accepted.
const BACKLOG: i32 = 4096;

/// How long a peer may leave bytes unread that were sent to it.
#[cfg(target_os = "linux")]
const UNREAD: Duration = Duration::from_secs(60);

/// A socket on which a server listens.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// One listener per core where the kernel can share a port out among sockets, or else one.
///
/// The first is bound without SO_REUSEPORT, so that a second instance on the same port fails to start instead of
/// taking half of the connections; the option is set on it before it listens, so that the others may join.
pub(super) fn tcp(address: SocketAddr, cores: usize) -> io::Result<(Vec<Listener>, SocketAddr)> {
    let first = socket(address)?;
    first.bind(&address.into())?;
    let can_share = cfg!(target_os = "linux") && cores > 1;
    #[cfg(target_os = "linux")]
    first.set_reuse_port(can_share)?;
    first.listen(BACKLOG)?;
    let first: TcpListener = first.into();
    let address = first.local_addr()?;
    let mut listeners = vec![Listener::Tcp(first)];
    if !can_share {
        return Ok((listeners, address));
    }
    for _ in 1..cores {
        let socket = socket(address)?;
        #[cfg(target_os = "linux")]
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        listeners.push(Listener::Tcp(socket.into()));
    }
    Ok((listeners, address))
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A port whose last connections are in TIME_WAIT can be bound again. On Windows the option means something else.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    // A peer that does not take what it has asked for is cut off; accepted connections inherit this.
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNREAD))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A Unix socket with these permissions. What a server that ended without cleaning up has left is removed; what one
/// listens on, and what is no socket, is not.
#[cfg(unix)]
pub(super) fn unix(path: &Path, mode: u32) -> io::Result<Listener> {
    use std::fs;
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {
            let probe = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            if probe.connect(&socket2::SockAddr::unix(path)?).is_ok() {
                return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server listens there"));
            }
            fs::remove_file(path)?;
        }
        Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "what is there is no socket")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&socket2::SockAddr::unix(path)?)?;
    // Nobody can connect before the socket listens, so nobody comes before the permissions.
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    socket.set_nonblocking(true)?;
    socket.listen(BACKLOG)?;
    Ok(Listener::Unix(socket.into()))
}
