//! Escaping: a value becomes text that means nothing but itself where it stands.

#[cfg(feature = "engine")]
mod address;
#[cfg(feature = "engine")]
mod script;
#[cfg(feature = "engine")]
mod value;

use std::borrow::Cow;

#[cfg(feature = "engine")]
pub(crate) use script::{push_json, push_json_indented};
#[cfg(feature = "engine")]
pub(crate) use value::{push, write};

/// Escapes a text for the content of an element and for the value of a quoted attribute (HTML, section 13.1.2).
///
/// It is not enough for a URL, for a script, for a style, or for an attribute without quotes.
///
/// ```
/// use covet_template::escape;
///
/// assert_eq!(escape::html("<b>\"Tom\" & 'Jerry'</b>"), "&lt;b&gt;&quot;Tom&quot; &amp; &#39;Jerry&#39;&lt;/b&gt;");
/// assert_eq!(escape::html("nothing to escape"), "nothing to escape");
/// ```
pub fn html(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_special) else { return Cow::Borrowed(text) };
    let mut escaped = String::with_capacity(text.len() + 16);
    escaped.push_str(&text[..first]);
    for c in text[first..].chars() {
        match entity(c) {
            Some(entity) => escaped.push_str(entity),
            None => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

fn is_special(c: char) -> bool {
    entity(c).is_some()
}

fn entity(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_special_character_is_left() {
        let check = |text: &str, expected: &str| assert_eq!(html(text), expected);
        check("", "");
        check("ä<ö", "ä&lt;ö");
        check("</script>", "&lt;/script&gt;");
        check("a' onclick='x", "a&#39; onclick=&#39;x");
    }
}
