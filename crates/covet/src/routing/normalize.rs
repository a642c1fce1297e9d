//! The normal form of a path's percent-encoding (RFC 3986, section 6.2.2).

/// The path with encoded unreserved characters decoded and the digits of every other encoding in upper case; `None`
/// when that is the path as it is. Slashes and dots that were sent encoded do not become separators of segments:
/// routes are matched first, and only then are the values of parameters decoded.
pub(crate) fn normalize(path: &str) -> Option<String> {
    if !path.contains('%') {
        return None;
    }
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        normal.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(byte) = encoded_byte(rest) else {
            normal.push('%');
            rest = &rest[1..];
            continue;
        };
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            normal.push(char::from(byte));
        } else {
            normal.push_str(&format!("%{byte:02X}"));
        }
        rest = &rest[3..];
    }
    normal.push_str(rest);
    (normal != path).then_some(normal)
}

/// The byte of an encoding such as `%2F`. `from_str_radix` alone would take a sign for a digit.
fn encoded_byte(text: &str) -> Option<u8> {
    let digits = text.get(1..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_has_one_form() {
        let check = |path: &str, expected: Option<&str>| assert_eq!(normalize(path).as_deref(), expected, "{path}");
        check("/books", None);
        check("/b%C3%BCcher", None);
        check("/b%c3%bccher", Some("/b%C3%BCcher"));
        check("/%62ooks", Some("/books"));
        check("/a%2fb", Some("/a%2Fb"));
        check("/a%", None);
        check("/a%+1%zz%4", None);
        check("/%2e%2e/x", Some("/../x"));
    }
}
