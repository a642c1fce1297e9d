//! A page on its way to the client.

use covet_template::{Engine, Error};
use http::response::Parts;
use http::{HeaderValue, header};
use serde::Serialize;
use uuid::Uuid;

use crate::security_headers::PageNonce;
use crate::{Body, Response};

/// The text of a page, and its nonce.
#[derive(Debug, Clone)]
pub(super) struct Rendered {
    text: String,
    nonce: Option<String>,
    /// A policy of its own in place of the app's.
    policy: Option<&'static str>,
}

impl Rendered {
    /// Renders a template; `csp_nonce` in it is what stands for `{nonce}` in the policy, the page's own or the app's.
    pub(super) fn new<C: Serialize + ?Sized>(
        engine: &Engine,
        policy: Option<&'static str>,
        template: &str,
        variables: &C,
    ) -> Result<Self, Error> {
        let nonce = nonce();
        let text = render(engine, template, &nonce, variables)?;
        Ok(Rendered { text, nonce: Some(nonce), policy })
    }

    /// Renders a template that has no `csp_nonce` in it, for which no random bytes have to be asked of the system.
    pub(super) fn without_nonce<C: Serialize + ?Sized>(
        engine: &Engine,
        template: &str,
        variables: &C,
    ) -> Result<Self, Error> {
        Ok(Rendered { text: render(engine, template, "", variables)?, nonce: None, policy: None })
    }

    pub(super) fn into_response(self) -> Response {
        let (mut head, ()) = http::Response::new(()).into_parts();
        let body = self.into_body(&mut head);
        Response::from_parts(head, body)
    }

    /// The body, after what it needs was said in the head.
    pub(super) fn into_body(self, head: &mut Parts) -> Body {
        head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if let Some(policy) = self.policy
            && let Ok(policy) =
                HeaderValue::try_from(policy.replace("{nonce}", self.nonce.as_deref().unwrap_or_default()))
        {
            head.headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if let Some(nonce) = self.nonce {
            head.extensions.insert(PageNonce(nonce));
        }
        Body::from(self.text)
    }
}

fn render<C: Serialize + ?Sized>(engine: &Engine, template: &str, nonce: &str, variables: &C) -> Result<String, Error> {
    #[derive(Serialize)]
    struct Context<'a, C: ?Sized> {
        csp_nonce: &'a str,
        #[serde(flatten)]
        variables: &'a C,
    }
    engine.render(template, &Context { csp_nonce: nonce, variables })
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
