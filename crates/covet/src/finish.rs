//! The last steps of every answer: compression, conditional requests, the headers that are the same for all.
//!
//! What they have to know of the request is noted before the handler takes the request.

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::precondition::{Revalidate, Tags};
use crate::routing::Registered;
use crate::security_headers::{Encrypted, NonceCell, SecurityHeaders};
use crate::{Body, Response};

/// What the answer to a request depends on beyond its handler.
#[derive(Debug)]
pub(crate) struct Finish<'a> {
    method: Method,
    /// The `If-None-Match` headers of a GET or HEAD.
    known: Vec<HeaderValue>,
    is_encrypted: bool,
    nonce: Option<NonceCell>,
    security: &'a SecurityHeaders,
    #[cfg(feature = "_compression")]
    compression: Option<crate::compression::Wanted<'a>>,
}

/// The settings that are those of the app unless the route has others.
#[derive(Debug)]
pub(crate) struct FinishSettings {
    pub(crate) security: SecurityHeaders,
    #[cfg(feature = "_compression")]
    pub(crate) compression: crate::Compression,
}

impl<'a> Finish<'a> {
    /// Notes what matters, and leaves a place for the handler's nonce where it takes one.
    pub(crate) fn new(settings: &'a FinishSettings, registered: Option<&'a Registered>, head: &mut Parts) -> Self {
        let route = registered.map(|registered| &registered.route);
        let is_read = matches!(head.method, Method::GET | Method::HEAD);
        let nonce = registered.filter(|registered| registered.takes_nonce).map(|_| NonceCell::default());
        if let Some(nonce) = &nonce {
            head.extensions.insert(nonce.clone());
        }
        Finish {
            method: head.method.clone(),
            known: if is_read {
                head.headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect()
            } else {
                Vec::new()
            },
            is_encrypted: head.extensions.get::<Encrypted>().is_some(),
            nonce,
            security: route.and_then(|route| route.security_headers.as_ref()).unwrap_or(&settings.security),
            #[cfg(feature = "_compression")]
            compression: route
                .and_then(|route| route.compression.as_ref())
                .unwrap_or(&settings.compression)
                .wanted(&head.headers),
        }
    }

    /// Takes the last steps.
    pub(crate) fn apply(&self, response: &mut Response) {
        #[cfg(feature = "_compression")]
        let coding = self.compression.as_ref().and_then(|wanted| wanted.decide(&self.method, response));
        if self.is_known(response) {
            not_modified(response);
        } else {
            #[cfg(feature = "_compression")]
            if let Some(coding) = coding {
                let body = std::mem::take(response.body_mut());
                *response.body_mut() = crate::compression::compress(body, coding);
            }
        }
        let nonce = self.nonce.as_ref().and_then(NonceCell::nonce);
        #[cfg(feature = "template")]
        let page = response.extensions_mut().remove::<crate::security_headers::PageNonce>();
        #[cfg(feature = "template")]
        let nonce = page.as_ref().map(|page| page.0.as_str()).or(nonce);
        self.security.apply(self.is_encrypted, nonce, response.headers_mut());
        #[cfg(all(feature = "auth", feature = "template"))]
        if response.extensions_mut().remove::<crate::security_headers::FormsLeave>().is_some() {
            crate::security_headers::let_forms_leave(response.headers_mut());
        }
        if self.method == Method::HEAD {
            remove_body(response);
        }
    }

    /// Whether the client has this very representation (RFC 9110, section 13.1.2).
    fn is_known(&self, response: &Response) -> bool {
        if self.known.is_empty()
            || !response.status().is_success()
            || response.extensions().get::<Revalidate>().is_none()
        {
            return false;
        }
        let Some(tag) = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()) else { return false };
        Tags::of(self.known.iter()).is_some_and(|known| known.has_representation(tag))
    }
}

/// The headers that a 304 keeps (RFC 9110, section 15.4.5), among those that are about the content.
fn not_modified(response: &mut Response) {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.body_mut() = Body::empty();
    remove_content(response.headers_mut());
}

fn remove_content(headers: &mut HeaderMap) {
    for name in [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::CONTENT_LANGUAGE,
        header::CONTENT_RANGE,
        header::CONTENT_DISPOSITION,
        header::ACCEPT_RANGES,
    ] {
        headers.remove(name);
    }
}

/// Makes the answer that to a HEAD: what that to a GET says of its body, and no body (RFC 9110, section 9.3.2).
fn remove_body(response: &mut Response) {
    let body = std::mem::take(response.body_mut());
    if let Some(length) = http_body::Body::size_hint(&body).exact()
        && response.status() != StatusCode::NOT_MODIFIED
    {
        response.headers_mut().entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from(length));
    }
}
