//! A web framework for HTTP APIs over a SQL database, in which a handler's signature is the truth: its arguments and
//! its result give routing, validation, errors and the OpenAPI 3.1 document.

mod app;
mod body;
#[cfg(feature = "docs")]
mod docs;
mod error;
mod extract;
mod logging;
mod macros;
mod negotiation;
pub mod openapi;
mod problem;
mod request;
mod request_id;
mod respond;
mod routing;
mod server;
mod service;
pub mod test;
pub mod validation;

pub use app::{App, Limits, StartFault, TrailingSlash};
pub use body::{Body, BodyError, BoxError};
pub use bytes::Bytes;
#[cfg(feature = "_db")]
pub use covet_db as db;
#[cfg(feature = "_db")]
pub use covet_db::Db;
pub use covet_macros::{Problem, delete, get, head, main, options, patch, post, put};
pub use error::{Error, Result};
pub use extract::{Cookie, Form, Header, Json, Path, Query, State};
pub use problem::{Problem, ProblemDetails, ProblemType, Problems};
pub use request::{FromRequest, Rejection, Request};
pub use request_id::RequestId;
pub use respond::{Accepted, Created, Html, NoContent, Page, Redirect, Responder, Responding, Response};
pub use routing::{Route, Routes};
pub use service::Service;

/// What the macros' expansions name. Not part of the API.
#[doc(hidden)]
pub mod __private {
    pub use http::Method;
    pub use schemars;
    pub use serde;

    pub use crate::logging::run;
    pub use crate::request::Rejections;
    pub use crate::routing::{Endpoint, Route};

    /// Whether two lists have the same names, in any order.
    pub const fn same_names(left: &[&str], right: &[&str]) -> bool {
        left.len() == right.len() && all_in(left, right) && all_in(right, left)
    }

    const fn all_in(names: &[&str], list: &[&str]) -> bool {
        let mut index = 0;
        while index < names.len() {
            if !is_in(names[index].as_bytes(), list) {
                return false;
            }
            index += 1;
        }
        true
    }

    const fn is_in(name: &[u8], list: &[&str]) -> bool {
        let mut index = 0;
        while index < list.len() {
            if equal(name, list[index].as_bytes()) {
                return true;
            }
            index += 1;
        }
        false
    }

    const fn equal(left: &[u8], right: &[u8]) -> bool {
        if left.len() != right.len() {
            return false;
        }
        let mut index = 0;
        while index < left.len() {
            if left[index] != right[index] {
                return false;
            }
            index += 1;
        }
        true
    }
}
