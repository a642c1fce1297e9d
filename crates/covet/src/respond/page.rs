//! A page of a list.

use std::borrow::Cow;

use http::{HeaderValue, StatusCode, header};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{Responder, Responding, Response, negotiated};
use crate::openapi::Operation;
use crate::validation::Output;

/// A page of a list: some items, and the cursor of the next page while there is one. The answer also has a `Link`
/// header (RFC 8288) with `rel="next"`: the target of the request with its `cursor` replaced. It is in the format that
/// the client likes best, as with [`Negotiated`](crate::Negotiated); as CSV it is the items alone.
///
/// ```
/// use covet::{get, Page, Query};
///
/// /// Count upwards.
/// #[get("/numbers")]
/// async fn numbers(cursor: Query<Option<i64>>) -> Page<i64> {
///     let first = cursor.unwrap_or(0);
///     Page { items: (first..first + 10).collect(), next: Some((first + 10).to_string()) }
/// }
/// # let _ = covet::routes![numbers];
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
}

impl<T: JsonSchema> JsonSchema for Page<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Page", T::schema_name()).into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("covet::Page<{}>", T::schema_id()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A page of a list.",
            "properties": {
                "items": { "type": "array", "items": generator.subschema_for::<T>() },
                "next": { "type": ["string", "null"], "description": "The cursor of the next page; null at the end." },
            },
            "required": ["items", "next"],
        })
    }
}

impl<T: Output> Output for Page<T> {}

impl<T: Output> Responder for Page<T> {
    fn describe(operation: &mut Operation<'_>) {
        negotiated::describe::<Page<T>, Vec<T>>(operation, 200, "A page of the list");
        operation.response_header(200, "Link", "The next page, as rel=\"next\" (RFC 8288)");
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        let mut response = negotiated::respond::<Page<T>, Vec<T>>(StatusCode::OK, &self, &self.items, to);
        let link = self.next.map(|cursor| next_link(to.uri, &cursor));
        if let Some(Ok(link)) = link.map(HeaderValue::try_from) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

/// The `Link` header's value: the same target, with the cursor replaced.
fn next_link(uri: &http::Uri, cursor: &str) -> String {
    let mut target = format!("<{}?", uri.path());
    let kept = uri.query().unwrap_or_default().split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default().replace('+', " ");
        !name.is_empty() && percent_encoding::percent_decode_str(&name).decode_utf8_lossy() != "cursor"
    });
    for pair in kept {
        target.push_str(pair);
        target.push('&');
    }
    target.push_str("cursor=");
    target.extend(percent_encoding::utf8_percent_encode(cursor, percent_encoding::NON_ALPHANUMERIC));
    target.push_str(">; rel=\"next\"");
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_keeps_every_other_parameter() {
        let check = |target: &str, expected: &str| {
            let uri = target.parse().unwrap();
            assert_eq!(next_link(&uri, "a b"), format!("<{expected}>; rel=\"next\""));
        };
        check("/books", "/books?cursor=a%20b");
        check("/books?cursor=old&limit=5&q=x%26y", "/books?limit=5&q=x%26y&cursor=a%20b");
        check("/books?", "/books?cursor=a%20b");
        check("/books?%63ursor=old&a=1", "/books?a=1&cursor=a%20b");
    }
}
