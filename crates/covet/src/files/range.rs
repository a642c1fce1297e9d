//! The `Range` header (RFC 9110, section 14.2).

use std::ops::Range;

/// What of a content is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: there is no range, or none that must be heeded.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that are not there.
    Nothing,
}

/// Reads the header for a content of this length. Several ranges are answered with the whole, as the RFC allows: they have
/// hardly another use than attacks.
pub(super) fn parse(value: &str, length: u64) -> Wanted {
    let spec = value
        .split_once('=')
        .filter(|(unit, _)| unit.trim().eq_ignore_ascii_case("bytes"))
        .map(|(_, spec)| spec.trim());
    let Some((first, last)) = spec.and_then(|spec| spec.split_once('-')) else { return Wanted::Whole };
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        return match number(last) {
            Some(0) => Wanted::Nothing,
            Some(_) if length == 0 => Wanted::Nothing,
            Some(suffix) => Wanted::Part(length.saturating_sub(suffix)..length),
            None => Wanted::Whole,
        };
    }
    let Some(first) = number(first) else { return Wanted::Whole };
    let last = match last {
        "" => u64::MAX,
        last => match number(last) {
            Some(last) if last >= first => last,
            _ => return Wanted::Whole,
        },
    };
    if first >= length {
        return Wanted::Nothing;
    }
    Wanted::Part(first..last.saturating_add(1).min(length))
}

/// A number, of which only the size matters where it is too long.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let check = |value: &str, expected: Wanted| assert_eq!(parse(value, 10), expected, "{value}");
        check("bytes=0-0", Wanted::Part(0..1));
        check("bytes=2-5", Wanted::Part(2..6));
        check("BYTES = 2 - 5", Wanted::Part(2..6));
        check("bytes=5-", Wanted::Part(5..10));
        check("bytes=5-99999999999999999999999", Wanted::Part(5..10));
        check("bytes=-3", Wanted::Part(7..10));
        check("bytes=-30", Wanted::Part(0..10));
        check("bytes=-0", Wanted::Nothing);
        check("bytes=10-", Wanted::Nothing);
        check("bytes=99999999999999999999999-", Wanted::Nothing);
        for ignored in
            ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=+1-2"]
        {
            check(ignored, Wanted::Whole);
        }
        assert_eq!(parse("bytes=0-", 0), Wanted::Nothing);
        assert_eq!(parse("bytes=-1", 0), Wanted::Nothing);
    }
}
