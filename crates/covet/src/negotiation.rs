//! Reading the `Accept` header (RFC 9110, section 12.5.1).

use http::{HeaderMap, header};

use crate::format::Format;

/// How many ranges of a header count. Each costs a comparison with every format that there is, and nobody needs more.
const MAX_RANGES: usize = 100;

/// Whether a client takes at least one of these media types. A request without the header takes all.
pub(crate) fn accepts_any(headers: &HeaderMap, available: &[&str]) -> bool {
    preferred(headers, available).is_some()
}

/// The place of the media type that a client likes best, or `None` if it takes none of them. Of several with the
/// same quality the one that is named most exactly wins, and then the first.
pub(crate) fn preferred(headers: &HeaderMap, available: &[&str]) -> Option<usize> {
    if ranges(headers).all(|range| range.trim().is_empty()) {
        return (!available.is_empty()).then_some(0);
    }
    let mut best = None;
    for (index, media_type) in available.iter().enumerate() {
        let found = quality(headers, media_type);
        if found.quality > 0.0 && best.is_none_or(|(_, known)| found > known) {
            best = Some((index, found));
        }
    }
    best.map(|(index, _)| index)
}

/// The format in which a client likes to read a problem: JSON, unless it asks for another one more.
pub(crate) fn problem_format(headers: &HeaderMap) -> Format {
    if Format::ALL.len() == 1 || !headers.contains_key(header::ACCEPT) {
        return Format::Json;
    }
    let mut best = (Format::Json, Found::default());
    for format in Format::ALL {
        for media_type in [format.media_type(), format.problem_type()] {
            let found = quality(headers, media_type);
            if found.quality > 0.0 && found > best.1 {
                best = (*format, found);
            }
        }
    }
    best.0
}

/// Whether a client likes a page better than a problem in JSON, as browsers do.
#[cfg(any(feature = "template", feature = "auth"))]
pub(crate) fn prefers_html(headers: &HeaderMap) -> bool {
    let html = quality(headers, "text/html").quality;
    let json = ["application/json", crate::problem::MEDIA_TYPE].map(|media_type| quality(headers, media_type).quality);
    html > json[0].max(json[1])
}

/// How much a client likes a content coding (RFC 9110, section 12.5.3). Without the header there is only `identity`; with
/// it `identity` is what is left when it is not named.
pub(crate) fn coding_quality(headers: &HeaderMap, coding: &str) -> f32 {
    let mut quality = match (coding, headers.contains_key(header::ACCEPT_ENCODING)) {
        ("identity", false) => 1.0,
        ("identity", true) => 0.0001,
        _ => 0.0,
    };
    let mut by_name = false;
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for entry in values.flat_map(|value| value.split(',')).take(MAX_RANGES) {
        let mut parts = entry.split(';');
        let name = parts.next().unwrap_or_default().trim();
        if name.eq_ignore_ascii_case(coding) || (coding == "gzip" && name.eq_ignore_ascii_case("x-gzip")) {
            (quality, by_name) = (weight(parts), true);
        } else if name == "*" && !by_name {
            quality = weight(parts);
        }
    }
    quality
}

fn ranges(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(split).take(MAX_RANGES)
}

/// How much a client likes a media type. Compared by the quality first.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
struct Found {
    quality: f32,
    specificity: u8,
}

/// The quality of a media type: that of the most specific range that it is in, or 0.
fn quality(headers: &HeaderMap, media_type: &str) -> Found {
    let mut best = Found::default();
    for range in ranges(headers) {
        let mut parts = range.split(';');
        let range = parts.next().unwrap_or_default().trim();
        let Some(specificity) = specificity(range, media_type) else { continue };
        if specificity > best.specificity {
            best = Found { quality: weight(parts), specificity };
        }
    }
    best
}

/// How closely a range names a media type: 3 exactly, 2 by its type, 1 by `*/*`.
fn specificity(range: &str, media_type: &str) -> Option<u8> {
    if range == "*/*" {
        return Some(1);
    }
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if range.eq_ignore_ascii_case(essence) || other_names(essence).iter().any(|name| range.eq_ignore_ascii_case(name)) {
        return Some(3);
    }
    let (range, of) = (range.strip_suffix("/*")?, essence.split('/').next()?);
    range.eq_ignore_ascii_case(of).then_some(2)
}

/// The names under which a format went before it had a registered one.
fn other_names(media_type: &str) -> &'static [&'static str] {
    match media_type {
        "application/vnd.msgpack" => &["application/msgpack", "application/x-msgpack"],
        "application/x-ndjson" => &["application/ndjson", "application/jsonl"],
        _ => &[],
    }
}

fn weight<'a>(parameters: impl Iterator<Item = &'a str>) -> f32 {
    for parameter in parameters {
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("q")
        {
            return value.trim().parse().ok().filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0);
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
    fn the_best_quality_wins_then_the_exact_name_then_the_first() {
        let check = |accept: &str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            let available = ["application/json", "application/cbor", "application/vnd.msgpack", "text/csv"];
            assert_eq!(preferred(&headers, &available).map(|index| available[index]), expected, "{accept}");
        };
        check("*/*", Some("application/json"));
        check("application/cbor, */*", Some("application/cbor"));
        check("application/json;q=0.5, application/cbor;q=0.6", Some("application/cbor"));
        check("application/json;q=0.6, application/cbor;q=0.5", Some("application/json"));
        check("application/*;q=0.9, text/csv;q=0.8", Some("application/json"));
        check("application/x-msgpack", Some("application/vnd.msgpack"));
        check("text/*", Some("text/csv"));
        check("application/json;q=0, */*;q=0.1", Some("application/cbor"));
        check("*/*;q=0", None);
        check("image/png", None);
        check("application/json;q=nan, text/csv;q=7", None);
        check("application/json;q=0.001", Some("application/json"));
    }

    #[cfg(feature = "cbor")]
    #[test]
    fn problems_are_json_unless_another_format_is_liked_better() {
        let check = |accept: &str, expected: Format| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(problem_format(&headers), expected, "{accept}");
        };
        check("*/*", Format::Json);
        check("text/csv", Format::Json);
        check("application/cbor, application/json", Format::Json);
        check("application/cbor, application/json;q=0.9", Format::Cbor);
        check("image/png, application/problem+cbor;q=0.1", Format::Cbor);
    }

    #[test]
    fn without_the_header_everything_is_taken() {
        assert!(accepts_any(&HeaderMap::new(), &["application/json"]));
    }
}
