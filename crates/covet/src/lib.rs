//! A web framework for HTTP APIs over a SQL database, in which a handler's signature is the truth: its arguments and
//! its result give routing, validation, errors and the OpenAPI 3.1 document.

mod access_log;
mod app;
mod attributes;
#[cfg(feature = "auth")]
pub mod auth;
#[cfg(feature = "axum")]
mod axum;
mod body;
mod client_address;
#[cfg(feature = "_compression")]
mod compression;
mod cors;
mod cross_site;
mod deadline;
mod digest;
#[cfg(feature = "docs")]
mod docs;
mod error;
mod extract;
mod files;
mod finish;
mod format;
#[cfg(all(doctest, feature = "sqlite", feature = "docs"))]
mod guide;
mod handling;
#[cfg(feature = "_db")]
mod idempotency;
mod logging;
mod macros;
mod merge_patch;
mod metrics;
mod multipart;
mod negotiation;
pub mod openapi;
mod overload;
#[cfg(feature = "_db")]
mod paging;
mod precondition;
mod principal;
mod problem;
mod rate_limit;
mod request;
mod request_id;
mod respond;
mod routing;
#[cfg(feature = "_db")]
mod secret;
mod security_headers;
mod server;
mod service;
mod stream;
#[cfg(feature = "_db")]
mod tables;
pub mod test;
mod tower;
pub mod validation;
#[cfg(feature = "template")]
mod view;

pub use app::{App, Limits, StartFault, TrailingSlash};
#[cfg(feature = "compiled-templates")]
pub use attributes::Template;
#[cfg(feature = "template")]
pub use attributes::{Context, view};
pub use attributes::{Problem, delete, get, head, main, model, options, patch, post, put};
#[cfg(feature = "auth")]
pub use auth::{Auth, Public};
#[cfg(feature = "axum")]
pub use axum::{Axum, AxumBody};
pub use body::{Body, BodyError, BoxError};
pub use bytes::Bytes;
pub use client_address::{ClientAddress, ProxyHeader};
#[cfg(feature = "_compression")]
pub use compression::Compression;
pub use cors::Cors;
#[cfg(feature = "_db")]
pub use covet_db as db;
#[cfg(feature = "_db")]
pub use covet_db::Db;
#[cfg(feature = "template")]
pub use covet_template as template;
pub use error::{Error, Result};
pub use extract::{Content, Cookie, Form, Header, Json, Path, Query, State};
pub use files::{Assets, File, FileError, Folder};
pub use http;
#[cfg(feature = "_db")]
pub use idempotency::{Idempotency, IdempotencyError, IdempotencyKey};
pub use jiff;
pub use merge_patch::{InvalidPatch, MergePatch};
pub use multipart::{Multipart, MultipartError, Part};
#[cfg(feature = "_db")]
pub use paging::{Column, Key, KeyValue, Keyset, Paging};
pub use precondition::{ETag, IfMatch, IfNoneMatch, PreconditionFailed, Tagged};
pub use problem::{Problem, ProblemDetails, ProblemType, Problems};
pub use rate_limit::RateLimit;
pub use request::{FromRequest, Rejection, Request};
pub use request_id::RequestId;
pub use respond::{
    Accepted, Created, Html, Negotiated, NoContent, Page, Redirect, Responder, Responding, Response, SetCookie,
    WithCookie,
};
pub use routing::{Route, Routes};
pub use rust_decimal::Decimal;
pub use security_headers::{CspNonce, Hsts, SecurityHeaders};
pub use serde_json;
pub use server::Runtime;
#[cfg(feature = "tls")]
pub use server::Tls;
pub use service::Service;
pub use stream::{Event, Events, LastEventId, MediaType, NdJson, RowError, Rows, Stream, media};
pub use tower::Next;
pub use uuid::Uuid;
#[cfg(feature = "template")]
pub use view::{Templates, View};

/// What the macros' expansions name. Not part of the API.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "auth")]
    pub use covet_auth::{self, __private::permissions};
    pub use covet_macros::assets;
    #[cfg(feature = "template")]
    pub use covet_macros::templates;
    pub use http::Method;
    pub use schemars;
    pub use serde;

    pub use crate::logging::run;
    pub use crate::request::Rejections;
    pub use crate::routing::{Endpoint, Route};
    pub use crate::validation::expansion as validation;
    #[cfg(feature = "template")]
    pub use crate::view::{describe_view, respond_view};

    /// Whether a model reads these names and no others.
    pub const fn reads_exactly(fields: Option<crate::validation::FieldNames>, names: &[&str]) -> bool {
        let Some(fields) = fields else { return false };
        let mut index = 0;
        while index < names.len() {
            if !fields.contains(names[index]) {
                return false;
            }
            index += 1;
        }
        !fields.flattened().is_empty() || fields.is_open() || fields.own().len() == names.len()
    }
}
