//! The schema of an enum without data.

use serde_json::{Map, Value, json};

/// Makes one `enum` of a `oneOf` whose alternatives are all texts. An enum with documented variants comes as one schema
/// for each of them, which readers of documents show as a choice between types instead of a choice between words; what
/// the variants say goes into the description.
pub(super) fn merge(schema: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = schema.get("oneOf") else { return };
    let Some(words) = alternatives.iter().map(words).collect::<Option<Vec<_>>>() else { return };
    let lines: Vec<String> = words.iter().filter_map(|(words, description)| line(words, (*description)?)).collect();
    let words: Vec<Value> = words.into_iter().flat_map(|(words, _)| words).collect();
    schema.shift_remove("oneOf");
    schema.insert("type".into(), json!("string"));
    schema.insert("enum".into(), words.into());
    if !lines.is_empty() {
        let own =
            schema.get("description").and_then(Value::as_str).map(|text| format!("{text}\n\n")).unwrap_or_default();
        schema.insert("description".into(), json!(format!("{own}{}", lines.join("\n"))));
    }
}

/// The texts of one alternative with its description; `None` if it is anything else than texts.
fn words(alternative: &Value) -> Option<(Vec<Value>, Option<&str>)> {
    let members = alternative.as_object()?;
    let known = members.keys().all(|name| ["type", "const", "enum", "description"].contains(&name.as_str()));
    let words = match (members.get("const"), members.get("enum")) {
        (Some(word), None) => vec![word.clone()],
        (None, Some(Value::Array(words))) => words.clone(),
        _ => return None,
    };
    let is_text = known && words.iter().all(Value::is_string);
    is_text.then(|| (words, members.get("description").and_then(Value::as_str)))
}

fn line(words: &[Value], description: &str) -> Option<String> {
    let word = words.first()?.as_str()?;
    Some(format!("- `{word}`: {}", description.split_whitespace().collect::<Vec<_>>().join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_that_are_words_become_one_list() {
        let check = |schema: Value, expected: Value| {
            let Value::Object(mut schema) = schema else { panic!("a schema is an object") };
            merge(&mut schema);
            assert_eq!(Value::Object(schema), expected);
        };
        check(
            json!({ "description": "The order.", "oneOf": [
                { "type": "string", "enum": ["a", "b"] },
                { "type": "string", "const": "c", "description": "By\n c." },
            ]}),
            json!({ "description": "The order.\n\n- `c`: By c.", "type": "string", "enum": ["a", "b", "c"] }),
        );
        for other in [
            json!({ "oneOf": [{ "type": "string", "const": "a" }, { "type": "object" }] }),
            json!({ "oneOf": [{ "const": 1 }] }),
            json!({ "oneOf": [{ "const": "a", "title": "x" }] }),
            json!({ "anyOf": [] }),
        ] {
            check(other.clone(), other);
        }
    }
}
