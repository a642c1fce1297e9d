//! A page of a list.

use std::borrow::Cow;

use http::{HeaderValue, StatusCode, header};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{Responder, Responding, Response, negotiated};
use crate::openapi::Operation;
use crate::validation::Output;

/// A page of a list: some items, and the cursors of the pages behind it and before it while there are any. The answer also has
/// a `Link` header (RFC 8288) with `rel="next"` and `rel="prev"`: the target of the request with its `cursor` replaced. It is in
/// the format that the client likes best, as with [`Negotiated`](crate::Negotiated); as CSV it is the items alone.
///
/// `Paging` makes it for lists in the database. By hand:
///
/// ```
/// use covet::{get, Page, Query};
///
/// /// Count upwards.
/// #[get("/numbers")]
/// async fn numbers(cursor: Query<Option<i64>>) -> Page<i64> {
///     let first = cursor.unwrap_or(0);
///     Page { items: (first..first + 10).collect(), next: Some((first + 10).to_string()), prev: None }
/// }
/// # let _ = covet::routes![numbers];
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
    /// The cursor of the page before it; `None` at the beginning, and where there is no way back.
    pub prev: Option<String>,
}

impl<T> Page<T> {
    /// The same page of other items, each made of one.
    pub fn map<U>(self, item: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(item).collect(), next: self.next, prev: self.prev }
    }
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
                "prev": { "type": ["string", "null"], "description": "The cursor of the page before; null where there is none." },
            },
            "required": ["items", "next", "prev"],
        })
    }
}

impl<T: Output> Output for Page<T> {}

impl<T: Output> Responder for Page<T> {
    fn describe(operation: &mut Operation<'_>) {
        negotiated::describe::<Page<T>, Vec<T>>(operation, 200, "A page of the list");
        operation.response_header(
            200,
            "Link",
            "The pages behind and before, as rel=\"next\" and rel=\"prev\" (RFC 8288)",
        );
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        let mut response = negotiated::respond::<Page<T>, Vec<T>>(StatusCode::OK, &self, &self.items, to);
        let links = [(self.next, "next"), (self.prev, "prev")];
        let links = links.into_iter().filter_map(|(cursor, relation)| Some(link(to.uri, &cursor?, relation)));
        let links: Vec<String> = links.collect();
        if let (false, Ok(links)) = (links.is_empty(), HeaderValue::try_from(links.join(", "))) {
            response.headers_mut().insert(header::LINK, links);
        }
        response
    }
}

/// A link of the `Link` header: the same target, with the cursor replaced.
fn link(uri: &http::Uri, cursor: &str, relation: &str) -> String {
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
    target.push_str(&format!(">; rel=\"{relation}\""));
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_keeps_every_other_parameter() {
        let check = |target: &str, expected: &str| {
            let uri = target.parse().unwrap();
            assert_eq!(link(&uri, "a b", "next"), format!("<{expected}>; rel=\"next\""));
        };
        check("/books", "/books?cursor=a%20b");
        check("/books?cursor=old&limit=5&q=x%26y", "/books?limit=5&q=x%26y&cursor=a%20b");
        check("/books?", "/books?cursor=a%20b");
        check("/books?%63ursor=old&a=1", "/books?a=1&cursor=a%20b");
    }
}
