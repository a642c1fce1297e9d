//! The settings of an app.

use std::time::Duration;

/// The limits and time-outs of the server. All are on by default.
///
/// ```
/// # use std::time::Duration;
/// # use covet::{App, Limits};
/// assert_eq!(Limits::default().deadline, Duration::from_secs(60));
/// let app = App::new("Bookshop", "1.0.0").limits(|limits| {
///     limits.deadline = Duration::from_secs(5);
///     limits.connections = 500;
/// });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a request's body (413). Routes may have [another](crate::Routes::body_limit). 2 MiB.
    pub body: u64,
    /// Bytes of the request's target, which are the path and the query (414). 8 KiB.
    pub uri: usize,
    /// Bytes of all headers of a request (431). 32 KiB.
    pub head: usize,
    /// Number of headers of a request (431). 64. From 100 on each request costs a little more.
    pub headers: usize,
    /// How long a connection may take to send the head of a request, or be idle. 30 s.
    pub header_read: Duration,
    /// How long the body may take to arrive where it is read as a whole, or be silent where it is streamed (408). 30 s.
    pub body_read: Duration,
    /// How long a request may take, from its head to the head of its answer (503). Routes may have
    /// [another](crate::Routes::deadline). 60 s.
    pub deadline: Duration,
    /// How long a peer may take next to nothing of the answer that is there for it, before its connection is cut off. 30 s.
    pub send: Duration,
    /// Connections at the same time; a further one gets 503 with `Retry-After`. 10,000, or fewer where the system lets
    /// the process open fewer files, which is said in the log.
    pub connections: usize,
    /// Requests at work at the same time, until the last byte of a streamed answer; a further one gets 503 with
    /// `Retry-After`. Routes may have [another](crate::Routes::concurrency_limit). `/health` and what else the framework serves
    /// about the app is not counted. 10,000.
    pub requests: usize,
    /// Requests at the same time on one connection of HTTP/2. 100.
    pub streams: u32,
    /// Bytes of all bodies together that arguments have read as a whole for requests at work (503, or 413 for a body that
    /// is longer than that alone). 256 MiB.
    pub bodies: u64,
    /// How long a TLS handshake may take. 10 s.
    pub handshake: Duration,
    /// TLS handshakes at the same time; a further connection is closed. 1,000.
    pub handshakes: usize,
    /// How long the requests at work have when the server is told to stop. 30 s.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body: 2 << 20,
            uri: 8 << 10,
            head: 32 << 10,
            headers: 64,
            header_read: Duration::from_secs(30),
            body_read: Duration::from_secs(30),
            deadline: Duration::from_secs(60),
            send: Duration::from_secs(30),
            connections: 10_000,
            requests: 10_000,
            streams: 100,
            bodies: 256 << 20,
            handshake: Duration::from_secs(10),
            handshakes: 1000,
            drain: Duration::from_secs(30),
        }
    }
}

/// What becomes of `/books/` where only `/books` is served, and the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TrailingSlash {
    /// A 308 to the path that is served.
    #[default]
    Redirect,
    /// A 404: the paths are different.
    Strict,
}
