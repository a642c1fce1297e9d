//! Forms and cookies that another site's page makes a browser send (cross-site request forgery).
//!
//! A browser sends a user's cookies along with a form that any page posts. What tells such a request from the app's own is
//! `Sec-Fetch-Site`, which pages cannot set, or where a browser is too old for it, `Origin`. Both are kept from the
//! app's authors: an operation that reads cookies or a form is guarded, since those are what a page elsewhere can make a
//! browser send without asking. Tokens in hidden fields would tell the same, at the price of a session.
//!
//! Requests without both headers do not come from a browser, so that there is nobody to be misused.

use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, header};

use crate::Cors;
use crate::problem::{CROSS_SITE, ProblemDetails};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a request that changes something and comes from another site's page, unless CORS allows that page to.
///
/// # Errors
/// That it is refused.
pub(crate) fn check(head: &Parts, cors: Option<&Cors>) -> Result<(), ProblemDetails> {
    let is_safe = matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    if is_safe || is_same_origin(head) || cors.is_some_and(|cors| is_allowed(cors, &head.headers)) {
        return Ok(());
    }
    Err(ProblemDetails::new(&CROSS_SITE).detail("the request was made by a page of another site"))
}

fn is_same_origin(head: &Parts) -> bool {
    if let Some(site) = head.headers.get(SEC_FETCH_SITE) {
        // `none` is the user's own doing, such as a bookmark.
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = head.headers.get(header::ORIGIN) else { return true };
    let host = head.uri.authority().map(|authority| authority.as_str());
    let host = host.or_else(|| head.headers.get(header::HOST).and_then(|host| host.to_str().ok()));
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    matches!((origin, host), (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(host))
}

/// A page that may read answers may cause them; with cookies only where CORS is told so.
fn is_allowed(cors: &Cors, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| cors.allows(origin))
        && (cors.allows_credentials() || !headers.contains_key(header::COOKIE))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn is_refused(headers: &[(&str, &str)], cors: Option<&Cors>) -> bool {
        let mut request = Request::post("/cart").header("host", "shop.example:8000");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap().into_parts().0, cors).is_err()
    }

    #[test]
    fn only_pages_elsewhere_are_refused() {
        let check = |headers: &[(&str, &str)], refused: bool| {
            assert_eq!(is_refused(headers, None), refused, "{headers:?}");
        };
        check(&[], false);
        check(&[("sec-fetch-site", "same-origin"), ("origin", "http://shop.example:8000")], false);
        check(&[("sec-fetch-site", "none")], false);
        check(&[("sec-fetch-site", "cross-site")], true);
        check(&[("sec-fetch-site", "same-site"), ("origin", "http://other.shop.example:8000")], true);
        check(&[("sec-fetch-site", "cross-site"), ("origin", "http://shop.example:8000")], true);
        check(&[("origin", "http://SHOP.example:8000")], false);
        check(&[("origin", "http://shop.example")], true);
        check(&[("origin", "http://evil.example")], true);
        check(&[("origin", "null")], true);
    }

    #[test]
    fn cors_opens_what_it_says() {
        let elsewhere = [("sec-fetch-site", "cross-site"), ("origin", "https://app.example")];
        let with_cookie = [elsewhere[0], elsewhere[1], ("cookie", "a=b")];
        let plain = Cors::origins(["https://app.example"]);
        assert!(!is_refused(&elsewhere, Some(&plain)));
        assert!(is_refused(&with_cookie, Some(&plain)));
        assert!(!is_refused(&with_cookie, Some(&plain.credentials())));
        assert!(is_refused(&elsewhere, Some(&Cors::origins(["https://other.example"]))));
        assert!(is_refused(&with_cookie, Some(&Cors::any_origin())));
    }

    #[test]
    fn reading_is_free() {
        let head = Request::get("/").header("sec-fetch-site", "cross-site").body(()).unwrap().into_parts().0;
        assert!(check(&head, None).is_ok());
    }
}
