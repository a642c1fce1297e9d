//! The credential in a request's head (RFC 6750, section 2.1). Those in a query or a form are not looked at.

use http::{HeaderMap, header};

use super::{Refreshing, Refusal, TokenKeys, jose};

/// The bearer token; `None` where there is no `Authorization`, or one of another scheme.
pub(super) fn token(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(Refusal::Several);
    }
    let Some((scheme, token)) = first.and_then(|value| value.to_str().ok()?.split_once(' ')) else { return Ok(None) };
    Ok(scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' ')))
}

/// What must be waited for before the request's token can be judged.
pub(super) fn fetched<'a>(headers: &HeaderMap, keys: &'a dyn TokenKeys) -> Option<Refreshing<'a>> {
    // Keys that are at hand know no waiting, whatever the token says.
    keys.is_remote().then_some(())?;
    let token = token(headers).ok()??;
    let id = jose::key_id(token).ok()?;
    keys.refresh(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bearer_token_is_read() {
        let check = |values: &[&str], expected: Option<Option<&str>>| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(token(&headers).ok(), expected, "{values:?}");
        };
        check(&[], Some(None));
        check(&["Bearer abc"], Some(Some("abc")));
        check(&["bEARER  abc "], Some(Some("abc")));
        check(&["Basic abc"], Some(None));
        check(&["Bearer"], Some(None));
        check(&["Bearer "], Some(Some("")));
        check(&["Bearer a", "Bearer b"], None);
        check(&["Basic a", "Bearer b"], None);
    }
}
