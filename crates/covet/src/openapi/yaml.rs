//! The document as YAML: block style, with every string that could be read as anything else in double quotes.

use serde_json::Value;

/// Writes a JSON value as a YAML 1.2 document.
pub(crate) fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(members) if !members.is_empty() => write_block(value, 0, &mut out),
        Value::Array(items) if !items.is_empty() => write_block(value, 0, &mut out),
        other => {
            write_scalar(other, &mut out);
            out.push('\n');
        }
    }
    out
}

fn write_block(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                indent(depth, out);
                write_string(name, out);
                out.push(':');
                write_child(member, depth, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                indent(depth, out);
                out.push('-');
                write_child(item, depth, out);
            }
        }
        _ => {}
    }
}

fn write_child(value: &Value, depth: usize, out: &mut String) {
    let is_block = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if is_block {
        out.push('\n');
        write_block(value, depth + 1, out);
    } else {
        out.push(' ');
        write_scalar(value, out);
        out.push('\n');
    }
}

fn write_scalar(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => write_string(text, out),
        other => out.push_str(&other.to_string()),
    }
}

fn write_string(text: &str, out: &mut String) {
    if is_plain(text) {
        out.push_str(text);
    } else {
        // A JSON string is a double-quoted YAML scalar (YAML 1.2.2, section 1.2).
        out.push_str(&Value::from(text).to_string());
    }
}

/// Whether a text means itself without quotes: a word that begins with a letter and is none of the words that YAML
/// 1.1 or 1.2 reads as something else.
fn is_plain(text: &str) -> bool {
    const RESERVED: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/_-.".contains(c))
        && !RESERVED.contains(&text.to_ascii_lowercase().as_str())
}

fn indent(depth: usize, out: &mut String) {
    (0..depth).for_each(|_| out.push_str("  "));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strings_that_mean_something_else_are_quoted() {
        let value = json!({ "a": ["no", "1", "", "a: b", "plain", "/books/{id}", 2, null, true], "b": {}, "c": [] });
        let expected = "a:\n  - \"no\"\n  - \"1\"\n  - \"\"\n  - \"a: b\"\n  - plain\n  - \"/books/{id}\"\n  - 2\n  \
                        - null\n  - true\nb: {}\nc: []\n";
        assert_eq!(to_yaml(&value), expected);
    }

    #[test]
    fn lists_of_objects_nest() {
        assert_eq!(to_yaml(&json!([{ "a": 1, "b": [2] }])), "-\n  a: 1\n  b:\n    - 2\n");
    }
}
