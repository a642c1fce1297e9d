//! From when until when a certificate is valid (RFC 5280, section 4.1.2.5).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tokio_rustls::rustls::sign::CertifiedKey;

/// Says in the log that clients will refuse the certificate. It is served all the same: what a client accepts is the
/// client's affair, and an app that does not start helps nobody.
pub(super) fn warn(loaded: &CertifiedKey) {
    let Some((from, until)) = loaded.cert.first().and_then(|certificate| validity(certificate)) else { return };
    let now = Timestamp::now();
    if now > until {
        tracing::error!(%until, "the certificate has expired, so clients will refuse it");
    } else if now < from {
        tracing::error!(%from, "the certificate is not valid yet, so clients will refuse it");
    }
}

/// The two times of a certificate in DER; `None` where it is not formed as it should be.
pub(super) fn validity(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (certificate, _) = element(certificate, Some(SEQUENCE))?;
    let (mut rest, _) = element(certificate, Some(SEQUENCE))?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest, None)?.1;
    }
    // The serial number, the algorithm and the issuer stand before it.
    for _ in 0..3 {
        rest = element(rest, None)?.1;
    }
    let (validity, _) = element(rest, Some(SEQUENCE))?;
    let (from, until) = time(validity)?;
    Some((from, time(until)?.0))
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;

/// The content of the element that the bytes begin with, and what comes after it.
fn element(bytes: &[u8], tag: Option<u8>) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if tag.is_some_and(|tag| tag != *first) {
        return None;
    }
    let (length, mut rest) = rest.split_first()?;
    let mut length = usize::from(*length);
    if length > 0x7f {
        let digits;
        (digits, rest) = rest.split_at_checked(length & 0x7f).filter(|(digits, _)| digits.len() <= 4)?;
        length = digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit));
    }
    rest.split_at_checked(length)
}

/// A time and what comes after it: `YYMMDDhhmmssZ`, or the same with a year of four digits.
fn time(bytes: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (content, rest) = element(bytes, None)?;
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let has_short_year = *bytes.first()? == UTC_TIME;
    let (year, digits) = text.split_at_checked(if has_short_year { 2 } else { 4 })?;
    let mut year: i16 = year.parse().ok()?;
    if has_short_year {
        year += if year < 50 { 2000 } else { 1900 };
    }
    let part = |at: usize| digits.get(at..at + 2)?.parse::<i8>().ok();
    let time = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    Some((time.to_zoned(TimeZone::UTC).ok()?.timestamp(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_forms() {
        let check = |bytes: &[u8], expected: Option<&str>| {
            assert_eq!(time(bytes).map(|(time, _)| time.to_string()).as_deref(), expected, "{bytes:?}");
        };
        check(b"\x17\x0d260314092653Z", Some("2026-03-14T09:26:53Z"));
        check(b"\x17\x0d500101000000Z", Some("1950-01-01T00:00:00Z"));
        check(b"\x18\x0f20501231235959Z", Some("2050-12-31T23:59:59Z"));
        check(b"\x17\x0d261314092653Z", None);
        check(b"\x17\x0d26031409265", None);
        check(b"\x17\x0b2603140926Z", None);
        check(b"\x17\x84\xff\xff\xff\xffx", None);
        check("\x17\x0däöüäöüZ".as_bytes(), None);
        check(b"", None);
    }

    #[test]
    fn what_is_no_certificate_has_no_validity() {
        for bytes in
            [&b""[..], b"\x30", b"\x30\x82", b"\x30\x00", b"\x30\x02\x30\x00", b"\x30\x85\x00\x00\x00\x00\x01x"]
        {
            assert_eq!(validity(bytes), None, "{bytes:?}");
        }
    }
}
