//! The behaviour of `covet` as an app's author and an app's client see it.

#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

#[cfg(all(feature = "auth", feature = "sqlite"))]
mod accounts;
#[cfg(feature = "compiled-templates")]
mod as_rust;
mod assets;
#[cfg(all(feature = "auth", feature = "sqlite"))]
mod audit;
#[cfg(feature = "auth")]
mod auth;
#[cfg(all(feature = "auth", feature = "sqlite"))]
mod auth_pages;
// The messages list the implementations of a trait, so they are those of one set of features.
#[cfg(all(feature = "sqlite", feature = "docs"))]
mod compile;
#[cfg(feature = "full")]
mod compression;
mod cors;
#[cfg(feature = "sqlite")]
mod database;
mod files;
#[cfg(target_os = "linux")]
mod hostile;
#[cfg(feature = "sqlite")]
mod idempotency;
mod merge_patch;
mod multipart;
mod negotiation;
#[cfg(all(feature = "auth", feature = "sqlite"))]
mod oauth;
#[cfg(all(feature = "auth", feature = "sqlite"))]
mod oauth_forms;
mod openapi;
#[cfg(feature = "template")]
mod pages_in_browser;
#[cfg(feature = "sqlite")]
mod paging;
mod preconditions;
mod problems;
mod rate_limit;
#[cfg(feature = "auth")]
mod remote_keys;
mod results;
#[cfg(all(feature = "auth", feature = "sqlite"))]
mod roles;
mod routing;
mod rows;
mod security_headers;
mod server;
#[cfg(unix)]
mod server_settings;
#[cfg(all(feature = "auth", feature = "sqlite"))]
mod sessions;
#[cfg(feature = "sqlite")]
mod startup;
mod streams;
#[cfg(feature = "tls")]
mod tls;
mod tower;
mod validation;
mod validation_of_requests;
#[cfg(feature = "template")]
mod views;
