//! Texts with a grammar of their own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rust_decimal::Decimal;
use schemars::Schema;

use super::{Keyword, Rule, Text};
use crate::validation::checker::Checker;
use crate::validation::code::Code;
use crate::validation::fault::Fault;

/// A format that is checked.
///
/// Where a Rust type stands behind a format, its own parser decides, so that no text passes here and fails there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// An address as HTML's `<input type=email>` takes it: one `@`, a dot-atom before it, a host name after it.
    Email,
    /// An absolute URI (RFC 3986).
    Uri,
    /// A host name (RFC 1123).
    Hostname,
    /// An IPv4 or IPv6 address.
    Ip,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A UUID (RFC 9562).
    Uuid,
    /// A date (RFC 3339 `full-date`).
    Date,
    /// An instant with its offset (RFC 3339 `date-time`).
    DateTime,
    /// A time of day without an offset.
    PartialTime,
    /// A date and time of day without an offset.
    PartialDateTime,
    /// An instant with its time zone (RFC 9557).
    ZonedDateTime,
    /// A duration (ISO 8601).
    Duration,
    /// A decimal number that is written as text.
    Decimal,
}

impl Format {
    const ALL: [(Self, &'static str, &'static str); 14] = [
        (Self::Email, "email", "an e-mail address such as `ada@example.com`"),
        (Self::Uri, "uri", "an absolute URI such as `https://example.com/`"),
        (Self::Hostname, "hostname", "a host name such as `www.example.com`"),
        (Self::Ip, "ip", "an IP address such as `192.0.2.1` or `2001:db8::1`"),
        (Self::Ipv4, "ipv4", "an IPv4 address such as `192.0.2.1`"),
        (Self::Ipv6, "ipv6", "an IPv6 address such as `2001:db8::1`"),
        (Self::Uuid, "uuid", "a UUID such as `67e55044-10b1-426f-9247-bb680e5fe0c8`"),
        (Self::Date, "date", "a date such as `2024-02-29`"),
        (Self::DateTime, "date-time", "a date and time with its offset, such as `2024-02-29T12:30:00Z`"),
        (Self::PartialTime, "partial-time", "a time of day such as `12:30:00`"),
        (Self::PartialDateTime, "partial-date-time", "a date and time such as `2024-02-29T12:30:00`"),
        (Self::ZonedDateTime, "zoned-date-time", "a date and time with its zone, such as `2024-02-29T12:30:00Z[UTC]`"),
        (Self::Duration, "duration", "a duration such as `PT1H30M`"),
        (Self::Decimal, "decimal", "a decimal number such as `19.99`"),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known, _)| *known == name).map(|(format, ..)| format)
    }

    /// The format's row in the table, which lists the variants in order.
    fn row(self) -> (Self, &'static str, &'static str) {
        Self::ALL[self as usize]
    }

    fn accepts(self, text: &str) -> bool {
        match self {
            Self::Email => is_email(text),
            Self::Uri => is_uri(text),
            Self::Hostname => is_hostname(text),
            Self::Ip => text.parse::<IpAddr>().is_ok(),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Uuid => text.parse::<uuid::Uuid>().is_ok(),
            Self::Date => text.parse::<jiff::civil::Date>().is_ok(),
            Self::DateTime => text.parse::<jiff::Timestamp>().is_ok(),
            Self::PartialTime => text.parse::<jiff::civil::Time>().is_ok(),
            Self::PartialDateTime => text.parse::<jiff::civil::DateTime>().is_ok(),
            Self::ZonedDateTime => text.parse::<jiff::Zoned>().is_ok(),
            Self::Duration => text.parse::<jiff::Span>().is_ok(),
            Self::Decimal => text.parse::<Decimal>().is_ok() || Decimal::from_scientific(text).is_ok(),
        }
    }

    pub(crate) fn check_text(self, text: &str, checker: &mut Checker<'_>) {
        if !self.accepts(text) {
            let (_, name, description) = self.row();
            checker.push(|| Fault::new(Code::Format, format!("must be {description}")).with("format", name));
        }
    }
}

fn is_email(text: &str) -> bool {
    const LONGEST_LOCAL: usize = 64;
    let Some(at) = text.bytes().rposition(|byte| byte == b'@') else {
        return false;
    };
    at <= LONGEST_LOCAL && is_dot_atom(&text.as_bytes()[..at]) && is_hostname(&text[at + 1..])
}

/// Atoms with single dots between them.
fn is_dot_atom(bytes: &[u8]) -> bool {
    let mut last = b'.';
    for byte in bytes {
        if !(ATOM.has(*byte) || (*byte == b'.' && last != b'.')) {
            return false;
        }
        last = *byte;
    }
    last != b'.'
}

/// Labels of 1 to 63 characters, with dots between them and no hyphen at their ends.
fn is_hostname(text: &str) -> bool {
    const LONGEST: usize = 253;
    const LONGEST_LABEL: usize = 63;
    let (mut last, mut length) = (b'.', 0);
    for byte in text.bytes() {
        let is_edge = last == b'.';
        let is_right = match byte {
            b'.' => !is_edge && last != b'-',
            byte => LABEL.has(byte) && length < LONGEST_LABEL && !(is_edge && byte == b'-'),
        };
        if !is_right {
            return false;
        }
        length = if byte == b'.' { 0 } else { length + 1 };
        last = byte;
    }
    text.len() <= LONGEST && last != b'.' && last != b'-'
}

/// RFC 3986's `scheme ":" hier-part`, with its characters and whole escapes; a web address also needs a host.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && SCHEME.has_all(scheme);
    let needs_host = ["http", "https", "ws", "wss", "ftp"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    let has_host = rest.strip_prefix("//").is_some_and(|authority| {
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        !host.is_empty() && !host.starts_with(':')
    });
    is_scheme && (has_host || !needs_host) && !rest.is_empty() && URI.has_all(rest) && has_whole_escapes(rest)
}

fn has_whole_escapes(text: &str) -> bool {
    let is_hex = |escape: &str| escape.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    text.split('%').skip(1).all(is_hex)
}

/// Which bytes may stand in a place, as a table: these rules run on requests that are right.
struct Alphabet([bool; 256]);

/// RFC 5322's `atext`.
static ATOM: Alphabet = Alphabet::with(b"!#$%&'*+/=?^_`{|}~-");
static LABEL: Alphabet = Alphabet::with(b"-");
static SCHEME: Alphabet = Alphabet::with(b"+-.");
static URI: Alphabet = Alphabet::with(b"-._~:/?#[]@!$&'()*+,;=%");

impl Alphabet {
    /// Letters, digits and these.
    const fn with(others: &[u8]) -> Self {
        let mut table = [false; 256];
        let mut byte: u8 = 0;
        while byte < 128 {
            table[byte as usize] = byte.is_ascii_alphanumeric();
            byte += 1;
        }
        let mut at = 0;
        while at < others.len() {
            table[others[at] as usize] = true;
            at += 1;
        }
        Self(table)
    }

    fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    fn has_all(&self, text: &str) -> bool {
        text.bytes().all(|byte| self.has(byte))
    }
}

impl<T: Text + ?Sized> Rule<T> for Format {
    #[inline]
    fn check(&self, value: &T, checker: &mut Checker<'_>) {
        if let Some(text) = value.text() {
            self.check_text(text, checker);
        }
    }
}

impl Keyword for Format {
    fn describe(&self, schema: &mut Schema) {
        schema.insert("format".to_owned(), self.row().1.into());
    }
}
