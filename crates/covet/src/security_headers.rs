//! Headers that make browsers careful.

use std::sync::{Arc, OnceLock};

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::openapi::Operation;
use crate::problem::{INTERNAL, ProblemDetails};
use crate::{FromRequest, Rejection, Request};

/// What stands for the nonce in a policy.
const NONCE: &str = "'nonce-{nonce}'";

/// The policy of pages, unless the app has another.
const POLICY: &str = "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; \
                      object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Headers that tell browsers what not to do with the answers. Every app has them; a header that a handler sets itself
/// stays as it is.
///
/// | header | value | answers |
/// |---|---|---|
/// | `X-Content-Type-Options` | `nosniff` | all |
/// | `Cross-Origin-Resource-Policy` | `same-origin` | all |
/// | `Strict-Transport-Security` | `max-age=31536000` | all that go over TLS, see [`Hsts`] |
/// | `Content-Security-Policy` | what is shown comes from this origin, see [below](Self::content_security_policy) | pages |
/// | `Referrer-Policy` | `strict-origin-when-cross-origin` | pages |
/// | `X-Frame-Options` | `DENY` | pages |
/// | `Cross-Origin-Opener-Policy` | `same-origin` | pages |
///
/// A page is an answer that a browser can show as a document: HTML, XML, SVG and PDF.
///
/// ```
/// use covet::{App, SecurityHeaders};
///
/// let headers = SecurityHeaders::default().set("cross-origin-resource-policy", "cross-origin").without("x-frame-options");
/// let app = App::new("Pictures", "1.0.0").security_headers(headers);
/// assert!(app.build().is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct SecurityHeaders {
    all: Vec<(HeaderName, HeaderValue)>,
    pages: Vec<(HeaderName, HeaderValue)>,
    policy: Option<Policy>,
    hsts: Hsts,
    hsts_value: HeaderValue,
    faults: Vec<String>,
}

/// Which pages of other windows a page is apart from.
pub(crate) const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// When `Strict-Transport-Security` is sent: it makes browsers use TLS alone from then on, for the whole host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Hsts {
    /// Over the app's own TLS.
    #[default]
    OverTls,
    /// Always: a proxy in front has TLS.
    Always,
    /// Never.
    Never,
}

/// A policy with and without the nonce.
#[derive(Debug, Clone)]
struct Policy {
    text: String,
    without_nonce: HeaderValue,
}

impl Policy {
    fn new(text: String) -> Result<Self, String> {
        let without_nonce = text.replace(&format!(" {NONCE}"), "").replace(NONCE, "");
        let without_nonce = HeaderValue::try_from(without_nonce)
            .map_err(|_| format!("`{text}` is not the value of a Content-Security-Policy header"))?;
        Ok(Policy { text, without_nonce })
    }

    fn value(&self, nonce: Option<&str>) -> HeaderValue {
        let with = nonce.map(|nonce| HeaderValue::try_from(self.text.replace("{nonce}", nonce)));
        with.and_then(Result::ok).unwrap_or_else(|| self.without_nonce.clone())
    }
}

impl SecurityHeaders {
    /// None of them.
    pub fn off() -> Self {
        SecurityHeaders {
            all: Vec::new(),
            pages: Vec::new(),
            policy: None,
            hsts: Hsts::Never,
            hsts_value: HeaderValue::from_static("max-age=31536000"),
            faults: Vec::new(),
        }
    }

    /// With another policy for pages. `'nonce-{nonce}'` in it becomes the answer's own nonce where the handler takes a
    /// [`CspNonce`], and nothing where it does not.
    ///
    /// The default is `default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; object-src
    /// 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`.
    pub fn content_security_policy(mut self, policy: impl Into<String>) -> Self {
        match Policy::new(policy.into()) {
            Ok(policy) => self.policy = Some(policy),
            Err(fault) => self.faults.push(fault),
        }
        self
    }

    /// With `Strict-Transport-Security` at other times than over the app's own TLS.
    pub fn hsts(mut self, hsts: Hsts) -> Self {
        self.hsts = hsts;
        self
    }

    /// With another value of a header, for the answers that have it, or with one more header for all answers. What is not
    /// a header is an error of the start.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            self.faults.push(format!("`{name}: {value}` is not a header"));
            return self;
        };
        if name == header::CONTENT_SECURITY_POLICY {
            return self.content_security_policy(value.to_str().unwrap_or_default());
        }
        if name == header::STRICT_TRANSPORT_SECURITY {
            self.hsts_value = value;
            return self;
        }
        match self.all.iter_mut().chain(&mut self.pages).find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.all.push((name, value)),
        }
        self
    }

    /// Without a header.
    pub fn without(mut self, name: &str) -> Self {
        let is_other = |known: &(HeaderName, HeaderValue)| !known.0.as_str().eq_ignore_ascii_case(name);
        self.all.retain(is_other);
        self.pages.retain(is_other);
        if name.eq_ignore_ascii_case("content-security-policy") {
            self.policy = None;
        }
        if name.eq_ignore_ascii_case("strict-transport-security") {
            self.hsts = Hsts::Never;
        }
        self
    }

    /// What is wrong with the settings.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.faults.iter().map(|fault| format!("security headers: {fault}")).collect()
    }

    /// Adds the headers that an answer does not have.
    pub(crate) fn apply(&self, is_encrypted: bool, nonce: Option<&str>, headers: &mut HeaderMap) {
        add(&self.all, headers);
        if self.hsts == Hsts::Always || (is_encrypted && self.hsts == Hsts::OverTls) {
            headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert_with(|| self.hsts_value.clone());
        }
        if is_page(headers) {
            add(&self.pages, headers);
            if let Some(policy) = &self.policy {
                headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| policy.value(nonce));
            }
        }
    }
}

impl Default for SecurityHeaders {
    fn default() -> Self {
        let pair =
            |name: &'static str, value: &'static str| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let headers = SecurityHeaders {
            all: vec![pair("x-content-type-options", "nosniff"), pair("cross-origin-resource-policy", "same-origin")],
            pages: vec![
                pair("referrer-policy", "strict-origin-when-cross-origin"),
                pair("x-frame-options", "DENY"),
                (CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin")),
            ],
            hsts: Hsts::OverTls,
            ..SecurityHeaders::off()
        };
        headers.content_security_policy(POLICY)
    }
}

fn add(list: &[(HeaderName, HeaderValue)], headers: &mut HeaderMap) {
    for (name, value) in list {
        headers.entry(name).or_insert_with(|| value.clone());
    }
}

/// Whether a browser can show the answer as a document, in which scripts may run.
fn is_page(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes) else { return false };
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let pages: [&[u8]; 6] =
        [b"text/html", b"application/xhtml+xml", b"image/svg+xml", b"application/xml", b"text/xml", b"application/pdf"];
    pages.iter().any(|page| essence.eq_ignore_ascii_case(page))
}

/// In the extensions of a request: it came over TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encrypted;

/// Where the handler's nonce is left for the header, in the extensions of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct NonceCell(Arc<OnceLock<String>>);

impl NonceCell {
    pub(crate) fn nonce(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// In the extensions of a response: the nonce of the page that it is.
#[cfg(feature = "template")]
#[derive(Debug, Clone)]
pub(crate) struct PageNonce(pub(crate) String);

/// In the extensions of a response: a page whose form may end at another origin's page, as that of a login for a client does.
#[cfg(all(feature = "auth", feature = "template"))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormsLeave;

/// Takes `form-action` out of the policy: browsers hold it against each address of the redirects that follow a form, too.
#[cfg(all(feature = "auth", feature = "template"))]
pub(crate) fn let_forms_leave(headers: &mut HeaderMap) {
    let Some(policy) = headers.get(header::CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok()) else {
        return;
    };
    let name = |directive: &str| directive.split_ascii_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let kept = policy.split(';').map(str::trim).filter(|directive| !["", "form-action"].contains(&&*name(directive)));
    if let Ok(policy) = HeaderValue::try_from(kept.collect::<Vec<_>>().join("; ")) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// A random text for the scripts and styles of one page: those whose `nonce` attribute has it may run under the page's
/// `Content-Security-Policy`, and no others that somebody has smuggled in.
///
/// ```
/// use covet::{get, CspNonce, Html};
///
/// /// The front page.
/// #[get("/")]
/// async fn front(nonce: CspNonce) -> Html {
///     Html(format!("<!doctype html>\n<title>Shop</title>\n<script nonce=\"{nonce}\">start()</script>\n"))
/// }
/// # let _ = covet::routes![front];
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CspNonce(String);

impl CspNonce {
    /// The text, which needs no escaping.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for CspNonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromRequest for CspNonce {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.takes_nonce = true;
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        let cell: NonceCell = request.head.extensions.get().cloned().unwrap_or_default();
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| {
            Rejection::Problem(ProblemDetails::new(&INTERNAL).cause(format!("the system has no random bytes: {error}")))
        })?;
        Ok(CspNonce(cell.0.get_or_init(|| crate::digest::hex(&random)).clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_has_the_nonce_or_nothing_in_its_place() {
        let policy = Policy::new("script-src 'self' 'nonce-{nonce}'; style-src 'nonce-{nonce}'".into()).unwrap();
        assert_eq!(policy.value(Some("abc")), "script-src 'self' 'nonce-abc'; style-src 'nonce-abc'");
        assert_eq!(policy.value(None), "script-src 'self'; style-src");
    }
}
