//! Headers of a part, and the parameters of a header's value.

/// The value of a header among the lines of a part's headers; its name is compared without regard to case.
pub(super) fn header<'a>(headers: &'a str, name: &str) -> Option<&'a str> {
    headers.split("\r\n").find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A parameter of a header's value, such as `name` in `form-data; name="a"`. A quotation mark inside of quotes is `\"`; any
/// other backslash stands for itself, as browsers write it.
pub(super) fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (found, after) = rest.split_once('=')?;
        let (text, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted_string(quoted)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if found.trim().eq_ignore_ascii_case(name) {
            return Some(text);
        }
        rest = after.trim_start().strip_prefix(';')?;
    }
}

/// The text up to the closing quotation mark, and what is behind it.
fn quoted_string(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((text, &quoted[at + 1..])),
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                text.push('"');
                characters.next();
            }
            other => text.push(other),
        }
    }
    None
}

/// Undoes what browsers do to names (HTML standard, section 4.10.21.8).
pub(super) fn unescape(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found() {
        let check = |value: &str, name: &str, expected: Option<&str>| {
            assert_eq!(parameter(value, name).as_deref(), expected, "{value}");
        };
        check("form-data; name=\"a\"; filename=\"b;c=\\\"d\\\".txt\"", "filename", Some("b;c=\"d\".txt"));
        check("form-data; NAME=a ; x=y", "name", Some("a"));
        check("form-data; filename=\"C:\\dir\\f\"", "filename", Some("C:\\dir\\f"));
        check("form-data; x=\"name=1\"", "name", None);
        check("form-data; name=\"open", "name", None);
        check("form-data", "name", None);
        check("a; =; name", "name", None);
    }
}
