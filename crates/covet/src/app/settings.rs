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
    /// Number of headers of a request (431). 100.
    pub headers: usize,
    /// How long a connection may take to send the head of a request, or be idle. 30 s.
    pub header_read: Duration,
    /// How long the body may take to arrive where it is read as a whole, or be silent where it is streamed (408). 30 s.
    pub body_read: Duration,
    /// How long a request may take, from its head to the head of its answer (503). Routes may have
    /// [another](crate::Routes::deadline). 60 s.
    pub deadline: Duration,
    /// Connections at the same time; further ones wait to be accepted. 10,000.
    pub connections: usize,
    /// How long the requests at work have when the server is told to stop. 30 s.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body: 2 << 20,
            uri: 8 << 10,
            head: 32 << 10,
            headers: 100,
            header_read: Duration::from_secs(30),
            body_read: Duration::from_secs(30),
            deadline: Duration::from_secs(60),
            connections: 10_000,
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
