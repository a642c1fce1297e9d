//! Reading the `Accept` header (RFC 9110, section 12.5.1).

use http::{HeaderMap, header};

/// Whether a client takes at least one of these media types. A request without the header takes all.
pub(crate) fn accepts_any(headers: &HeaderMap, available: &[&str]) -> bool {
    let mut values = headers.get_all(header::ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return true;
    }
    let ranges = || headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(split);
    let mut only_empty = true;
    for range in ranges() {
        only_empty = only_empty && range.trim().is_empty();
    }
    only_empty || available.iter().any(|media_type| quality(ranges(), media_type) > 0.0)
}

/// The quality of a media type: that of the most specific range that it is in, or 0.
fn quality<'a>(ranges: impl Iterator<Item = &'a str>, media_type: &str) -> f32 {
    let mut best = (0, 0.0);
    for range in ranges {
        let mut parts = range.split(';');
        let specificity = match specificity(parts.next().unwrap_or_default().trim(), media_type) {
            Some(specificity) => specificity,
            None => continue,
        };
        if specificity > best.0 {
            best = (specificity, weight(parts));
        }
    }
    best.1
}

/// How closely a range names a media type: 3 exactly, 2 by its type, 1 by `*/*`.
fn specificity(range: &str, media_type: &str) -> Option<u8> {
    if range == "*/*" {
        return Some(1);
    }
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if range.eq_ignore_ascii_case(essence) {
        return Some(3);
    }
    let (range, of) = (range.strip_suffix("/*")?, essence.split('/').next()?);
    range.eq_ignore_ascii_case(of).then_some(2)
}

fn weight<'a>(parameters: impl Iterator<Item = &'a str>) -> f32 {
    for parameter in parameters {
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("q")
        {
            return value.trim().parse().unwrap_or(0.0);
        }
    }
    1.0
}

/// Splits a header at its commas, save those in quotes.
fn split(value: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    value.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_decides() {
        let check = |accept: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(accepts_any(&headers, &["application/json"]), expected, "{accept}");
        };
        check("", true);
        check("*/*", true);
        check("application/json", true);
        check("APPLICATION/JSON; charset=utf-8", true);
        check("text/html, application/*;q=0.1", true);
        check("text/html", false);
        check("application/json;q=0, */*", false);
        check("*/*;q=0", false);
        check("*/*;q=0, application/json", true);
        check("text/html;a=\"x, application/json\"", false);
    }

    #[test]
    fn without_the_header_everything_is_taken() {
        assert!(accepts_any(&HeaderMap::new(), &["application/json"]));
    }
}
