//! Routes, and how a request finds its own.

mod normalize;
mod pattern;
mod route;
mod router;

pub(crate) use normalize::normalize;
pub(crate) use pattern::Pattern;
pub use route::{Endpoint, Route, Routes};
pub(crate) use route::{Handler, HandlerFuture};
pub(crate) use router::{Found, Options, Registered, Router, RouterBuilder, TrailingSlashFound};
