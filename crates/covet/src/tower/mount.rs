//! Services that are mounted under a prefix.

use std::any::type_name;
use std::panic::Location;

use bytes::Bytes;
use http::Uri;
use http::uri::PathAndQuery;

use super::Next;
use crate::routing::{Handler, HandlerFuture, Route, Routes};
use crate::{Body, BoxError, Request};

#[track_caller]
pub(crate) fn mount<S, B>(prefix: &str, service: S) -> Routes
where
    S: tower_service::Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    // One for each place in a program, of which there are few.
    let place: &'static str = Location::caller().to_string().leak();
    Routes::new(vec![Route::mount(prefix, type_name::<S>(), place, Handler::Mounted(Next::new(service)))])
}

impl Next {
    /// Answers with a mounted service, which sees the path behind its prefix.
    pub(crate) fn handle_below(&self, prefix: &str, mut request: Box<Request>) -> HandlerFuture {
        let below = below(request.uri(), prefix);
        request.head.uri = below;
        self.handle(request)
    }
}

/// The target without a prefix of its path.
fn below(uri: &Uri, prefix: &str) -> Uri {
    let Some(target) = uri.path_and_query().map(PathAndQuery::as_str) else { return uri.clone() };
    let Some(rest) = target.strip_prefix(prefix.trim_end_matches('/')) else { return uri.clone() };
    let slash = if rest.starts_with('/') { "" } else { "/" };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = format!("{slash}{rest}").parse().ok();
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_taken_away() {
        let check = |uri: &str, prefix: &str, expected: &str| {
            assert_eq!(below(&uri.parse().unwrap(), prefix).to_string(), expected, "{uri}");
        };
        check("/old/books?q=1", "/old", "/books?q=1");
        check("/old", "/old", "/");
        check("/old?q=1", "/old", "/?q=1");
        check("/old/", "/old", "/");
        check("/books", "/", "/books");
        check("http://shop.example/old/a%2Fb", "/old", "http://shop.example/a%2Fb");
    }
}
