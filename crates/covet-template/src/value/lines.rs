//! Lines as Python divides them.

/// The lines of a text, each without and with what ends it.
pub(crate) fn split_lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((at, c)) = rest.char_indices().find(|(_, c)| ends_line(*c)) else {
            let last = std::mem::take(&mut rest);
            return Some((last, last));
        };
        let end = if rest[at..].starts_with("\r\n") { at + 2 } else { at + c.len_utf8() };
        let line = (&rest[..at], &rest[..end]);
        rest = &rest[end..];
        Some(line)
    })
}

fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
