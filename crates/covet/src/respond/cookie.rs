//! Cookies that an answer sets (RFC 6265bis, section 4.1).

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderValue, header};

use super::{Responder, Responding, Response};
use crate::openapi::Operation;
use crate::problem::{INTERNAL, ProblemDetails};

/// A cookie that an answer sets: for the whole app, until the browser is closed, out of reach for scripts (`HttpOnly`), and
/// not sent along with what other sites post (`SameSite=Lax`), unless it says otherwise.
///
/// ```
/// use std::time::Duration;
/// use covet::{Cookie, Form, Redirect, SetCookie, WithCookie, post};
///
/// /// A theme.
/// #[covet::model]
/// struct Theme { name: String }
///
/// /// Choose a theme.
/// #[post("/theme")]
/// async fn choose(theme: Form<Theme>) -> WithCookie<Redirect> {
///     SetCookie::new("theme", theme.0.name).max_age(Duration::from_secs(365 * 86_400)).on(Redirect::to("/"))
/// }
/// # let _ = covet::routes![choose];
/// ```
///
/// [`Cookie<T>`](crate::Cookie) reads it. Name and value are ASCII without spaces, quotes, commas, semicolons and backslashes; with
/// any other the answer is the problem 500.
#[derive(Debug, Clone)]
pub struct SetCookie {
    name: Cow<'static, str>,
    value: String,
    path: Cow<'static, str>,
    max_age: Option<Duration>,
    secure: bool,
    http_only: bool,
    strict: bool,
}

impl SetCookie {
    /// A cookie with a name and a value.
    pub fn new(name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        SetCookie {
            name: name.into(),
            value: value.into(),
            path: "/".into(),
            max_age: None,
            secure: false,
            http_only: true,
            strict: false,
        }
    }

    /// The end of a cookie: the browser forgets it.
    pub fn removed(name: impl Into<Cow<'static, str>>) -> Self {
        SetCookie::new(name, "").max_age(Duration::ZERO)
    }

    /// Kept for this long, also when the browser is closed.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Sent with requests below this path alone.
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = path.into();
        self
    }

    /// Sent over TLS alone.
    pub fn secure(mut self) -> Self {
        self.secure = true;
        self
    }

    /// Not even sent when a link elsewhere leads here (`SameSite=Strict`).
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Readable by scripts of the app's pages.
    pub fn readable_by_scripts(mut self) -> Self {
        self.http_only = false;
        self
    }

    /// An answer that sets the cookie.
    pub fn on<T>(self, answer: T) -> WithCookie<T> {
        WithCookie { cookie: self, answer }
    }

    /// The value of the header, or nothing where the cookie cannot be written.
    fn header(&self) -> Option<HeaderValue> {
        let is_written = is_token(&self.name) && self.value.bytes().all(is_octet);
        if !is_written || self.path.bytes().any(|byte| byte == b';') {
            return None;
        }
        let mut text = format!("{}={}; Path={}", self.name, self.value, self.path);
        if let Some(max_age) = self.max_age {
            text.push_str(&format!("; Max-Age={}", max_age.as_secs()));
        }
        text.push_str(if self.strict { "; SameSite=Strict" } else { "; SameSite=Lax" });
        for (name, is_set) in [("; HttpOnly", self.http_only), ("; Secure", self.secure)] {
            if is_set {
                text.push_str(name);
            }
        }
        HeaderValue::try_from(text).ok()
    }
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// RFC 6265, section 4.1.1.
fn is_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

/// An answer that sets a cookie. [`SetCookie::on`] makes it; one inside of another sets several.
#[derive(Debug, Clone)]
pub struct WithCookie<T> {
    cookie: SetCookie,
    answer: T,
}

impl<T: Responder> Responder for WithCookie<T> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
        for status in operation.statuses() {
            operation.response_header(status, "Set-Cookie", "A cookie");
        }
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        let Some(cookie) = self.cookie.header() else {
            let cause =
                format!("the cookie `{}` has a name, a value or a path that no cookie can have", self.cookie.name);
            return to.problem(ProblemDetails::new(&INTERNAL).cause(cause));
        };
        let mut response = self.answer.respond(to);
        response.headers_mut().append(header::SET_COOKIE, cookie);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_written() {
        let check = |cookie: SetCookie, expected: Option<&str>| {
            let found = cookie.header();
            assert_eq!(found.as_ref().map(|value| value.to_str().unwrap()), expected);
        };
        check(SetCookie::new("a", "b"), Some("a=b; Path=/; SameSite=Lax; HttpOnly"));
        check(SetCookie::removed("a"), Some("a=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly"));
        let all = SetCookie::new("a", "b").path("/x").max_age(Duration::from_secs(60)).secure().strict();
        check(all.readable_by_scripts(), Some("a=b; Path=/x; Max-Age=60; SameSite=Strict; Secure"));
        for value in ["a b", "a;b", "a\r\nb", "ä", "\"a\"", "a,b", "a\\b"] {
            check(SetCookie::new("a", value), None);
        }
        check(SetCookie::new("a=b", "c"), None);
        check(SetCookie::new("", "c"), None);
        check(SetCookie::new("a", "b").path("/; Domain=evil"), None);
    }
}
