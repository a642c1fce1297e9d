//! An answer as it is stored.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body::Body as _;

use crate::{Body, BoxError, Response};

/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What stands in the table of an answer.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<u8>,
    /// `None` where it was too long to be kept.
    pub(super) body: Option<Bytes>,
}

impl Stored {
    /// Takes an answer apart, and gives it back with what it was before.
    ///
    /// Its body is read up to `limit` bytes; a longer one goes on as a stream.
    pub(super) async fn of(response: Response, limit: usize) -> Result<(Self, Response), BoxError> {
        let (head, mut body) = response.into_parts();
        let (kept, body) = match body.size_hint().lower() <= limit as u64 {
            true => read(&mut body, limit)
                .await?
                .map_or_else(|long| (None, chain(long, body)), |kept| (Some(kept.clone()), kept.into())),
            false => (None, body),
        };
        let stored = Stored { status: head.status, headers: write(&head.headers), body: kept };
        Ok((stored, Response::from_parts(head, body)))
    }

    /// The answer once more; `None` where its body was not kept.
    pub(super) fn replay(self) -> Option<Response> {
        let mut response = Response::new(self.body?.into());
        *response.status_mut() = self.status;
        response.headers_mut().extend(read_headers(&self.headers));
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        Some(response)
    }
}

/// The whole body, or what was read of it when it became too long.
async fn read(body: &mut Body, limit: usize) -> Result<Result<Bytes, Bytes>, BoxError> {
    let Some(first) = body.chunk().await? else { return Ok(Ok(Bytes::new())) };
    if body.is_end_stream() && first.len() <= limit {
        return Ok(Ok(first));
    }
    let mut whole = Vec::from(first);
    while whole.len() <= limit {
        match body.chunk().await? {
            Some(chunk) => whole.extend_from_slice(&chunk),
            None => return Ok(Ok(whole.into())),
        }
    }
    Ok(Err(whole.into()))
}

/// What was read, and then the rest.
fn chain(read: Bytes, rest: Body) -> Body {
    use futures_util::StreamExt;
    let rest = rest.map(|chunk| chunk.map_err(BoxError::from));
    Body::stream(futures_util::stream::iter([Ok(read)]).chain(rest))
}

/// As in HTTP/1.1. Cookies are left out: they are the client's secrets, and do not belong in a table.
fn write(headers: &HeaderMap) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in headers.iter().filter(|(name, _)| **name != header::SET_COOKIE) {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.push(b'\n');
    }
    text
}

fn read_headers(text: &[u8]) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    text.split(|byte| *byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let value = line.get(colon + 2..)?;
        Some((HeaderName::from_bytes(&line[..colon]).ok()?, HeaderValue::from_bytes(value).ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn roundtrip(body: Body, limit: usize) -> (Option<Bytes>, Bytes) {
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::CREATED;
        for (name, value) in [("location", "/a: b"), ("vary", "a"), ("vary", "b"), ("set-cookie", "secret")] {
            response.headers_mut().append(name, HeaderValue::from_static(value));
        }
        let (stored, given) = Stored::of(response, limit).await.unwrap();
        assert!(given.headers().contains_key("set-cookie"));
        let given = given.into_body().bytes().await.unwrap();
        let replayed = stored.replay().map(|response| {
            assert_eq!(response.status(), 201);
            assert_eq!(response.headers()["location"], "/a: b");
            assert_eq!(response.headers().get_all("vary").iter().count(), 2);
            assert_eq!(
                (response.headers()["idempotent-replayed"].as_bytes(), response.headers().len()),
                (&b"true"[..], 4)
            );
            response.into_body()
        });
        match replayed {
            Some(body) => (Some(body.bytes().await.unwrap()), given),
            None => (None, given),
        }
    }

    #[tokio::test]
    async fn what_is_short_enough_is_kept_and_nothing_is_lost() {
        let chunks = |lengths: &'static [usize]| {
            Body::stream(futures_util::stream::iter(lengths.iter().map(|length| Ok(Bytes::from(vec![b'x'; *length])))))
        };
        for (body, is_kept, length) in [
            (Body::empty(), true, 0),
            (Body::from("1234567890"), true, 10),
            (Body::from("12345678901"), false, 11),
            (chunks(&[]), true, 0),
            (chunks(&[4, 6]), true, 10),
            (chunks(&[4, 7, 30]), false, 41),
            (chunks(&[11]), false, 11),
        ] {
            let (kept, given) = roundtrip(body, 10).await;
            assert_eq!((kept.as_ref().map(Bytes::len), given.len()), (is_kept.then_some(length), length));
        }
    }
}
