//! A page on its way to the client.

use covet_template::{Engine, Error};
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;
use uuid::Uuid;

use crate::{Body, Response};

/// The text of a page, and the policy that names its nonce.
#[derive(Debug, Clone)]
pub(super) struct Rendered {
    text: String,
    policy: Option<HeaderValue>,
}

impl Rendered {
    /// Renders a template; `{nonce}` in the policy and `csp_nonce` in the template become the same number.
    pub(super) fn new<C: Serialize + ?Sized>(
        engine: &Engine,
        policy: &str,
        template: &str,
        variables: &C,
    ) -> Result<Self, Error> {
        #[derive(Serialize)]
        struct Context<'a, C: ?Sized> {
            csp_nonce: &'a str,
            #[serde(flatten)]
            variables: &'a C,
        }
        let nonce = nonce();
        let text = engine.render(template, &Context { csp_nonce: &nonce, variables })?;
        let policy = HeaderValue::try_from(policy.replace("{nonce}", &nonce)).ok();
        Ok(Rendered { text, policy: policy.filter(|policy| !policy.is_empty()) })
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.body_mut() = self.put_headers(response.headers_mut());
        response
    }

    /// The body, after what it needs was said in the headers.
    pub(super) fn put_headers(self, headers: &mut HeaderMap) -> Body {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(policy) = self.policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        Body::from(self.text)
    }
}

/// A number that is used once, of at least the 128 random bits that CSP asks for (level 3, section 7.1).
fn nonce() -> String {
    // A UUID of version 4 has 122 random bits.
    let mut text = Uuid::new_v4().simple().to_string();
    text.push_str(&Uuid::new_v4().simple().to_string()[..8]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_used_once() {
        assert_eq!(nonce().len(), 40);
        assert_ne!(nonce(), nonce());
    }
}
