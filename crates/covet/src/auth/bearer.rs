//! The token in a request's head (RFC 6750, section 2.1; RFC 9449, section 7.1). Those in a query or a form are not looked at.

use http::{HeaderMap, HeaderName, header};

use super::{Refreshing, Refusal, TokenKeys, jose};

/// The header of a proof.
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// A token as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presented<'a> {
    /// As a bearer's.
    Bearer(&'a str),
    /// As that of the holder of a key.
    Dpop(&'a str),
}

/// The token; `None` where there is no `Authorization`, or one of another scheme.
pub(super) fn token(headers: &HeaderMap) -> Result<Option<Presented<'_>>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(Refusal::Several);
    }
    let Some((scheme, token)) = first.and_then(|value| value.to_str().ok()?.split_once(' ')) else { return Ok(None) };
    let token = token.trim_matches(' ');
    Ok(match scheme {
        _ if scheme.eq_ignore_ascii_case("bearer") => Some(Presented::Bearer(token)),
        _ if scheme.eq_ignore_ascii_case("dpop") => Some(Presented::Dpop(token)),
        _ => None,
    })
}

/// The proof that the sender holds a key, of which there must be one.
pub(super) fn proof(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(DPOP).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() { None } else { first?.to_str().ok() }
}

/// What must be waited for before the request's token can be judged.
pub(super) fn fetched<'a>(headers: &HeaderMap, keys: &'a dyn TokenKeys) -> Option<Refreshing<'a>> {
    // Keys that are at hand know no waiting, whatever the token says.
    keys.is_remote().then_some(())?;
    let (Presented::Bearer(token) | Presented::Dpop(token)) = token(headers).ok()??;
    let id = jose::key_id(token).ok()?;
    keys.refresh(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_token_is_read() {
        let check = |values: &[&str], expected: Option<Option<Presented<'_>>>| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(token(&headers).ok(), expected, "{values:?}");
        };
        check(&[], Some(None));
        check(&["Bearer abc"], Some(Some(Presented::Bearer("abc"))));
        check(&["bEARER  abc "], Some(Some(Presented::Bearer("abc"))));
        check(&["DPoP abc"], Some(Some(Presented::Dpop("abc"))));
        check(&["dpop abc"], Some(Some(Presented::Dpop("abc"))));
        check(&["Basic abc"], Some(None));
        check(&["Bearer"], Some(None));
        check(&["Bearer "], Some(Some(Presented::Bearer(""))));
        check(&["Bearer a", "Bearer b"], None);
        check(&["Basic a", "Bearer b"], None);
    }

    #[test]
    fn one_proof_is_read() {
        let mut headers = HeaderMap::new();
        assert_eq!(proof(&headers), None);
        headers.append("dpop", "a".parse().unwrap());
        assert_eq!(proof(&headers), Some("a"));
        headers.append("dpop", "a".parse().unwrap());
        assert_eq!(proof(&headers), None);
    }
}
