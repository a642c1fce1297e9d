//! Reads the text of a statement as far as is needed to know what stands in quotes and comments.

/// A piece of a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Placeholder(Placeholder),
}

/// The Rust expression in a placeholder, by what it is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// `{value}`
    Value(String),
    /// `IN ({list*})`
    In(String),
    /// `NOT IN ({list*})`
    NotIn(String),
    /// `{..part}`
    Splice(String),
}

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) message: String,
}

type Result<T> = std::result::Result<T, Fault>;

pub(super) fn parts(text: &str) -> Result<Vec<Part>> {
    let mut scanner = Scanner {
        text,
        at: 0,
        output: String::new(),
        parts: Vec::new(),
    };
    while scanner.at < text.len() {
        scanner.step()?;
    }
    scanner.flush();
    Ok(scanner.parts)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    output: String,
    parts: Vec<Part>,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fault<T>(&self, at: usize, message: impl Into<String>) -> Result<T> {
        let message = message.into();
        Err(Fault { at, message })
    }

    fn copy(&mut self, length: usize) {
        self.output.push_str(&self.text[self.at..self.at + length]);
        self.at += length;
    }

    fn flush(&mut self) {
        if !self.output.is_empty() {
            self.parts
                .push(Part::Text(std::mem::take(&mut self.output)));
        }
    }

    fn step(&mut self) -> Result<()> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(());
        };
        match first {
            '\'' => self.quoted('\'', self.follows_escape_prefix()),
            '"' | '`' => self.quoted(first, false),
            '-' if rest.starts_with("--") => {
                self.copy(rest.find('\n').unwrap_or(rest.len()));
                Ok(())
            }
            '/' if rest.starts_with("/*") => self.comment(),
            '$' => self.dollar(),
            '{' if rest.starts_with("{{") => self.brace('{'),
            '}' if rest.starts_with("}}") => self.brace('}'),
            '{' => self.placeholder(),
            '}' => self.fault(self.at, "a `}` without its `{`; a brace as text is `}}`"),
            _ => {
                self.copy(first.len_utf8());
                Ok(())
            }
        }
    }

    fn brace(&mut self, brace: char) -> Result<()> {
        self.output.push(brace);
        self.at += 2;
        Ok(())
    }

    /// PostgreSQL's `E'…'` has backslash escapes; a name that ends in E is not that prefix.
    fn follows_escape_prefix(&self) -> bool {
        let mut before = self.text[..self.at].chars().rev();
        matches!(before.next(), Some('e' | 'E')) && !before.next().is_some_and(is_word)
    }

    fn quoted(&mut self, quote: char, escapes: bool) -> Result<()> {
        let start = self.at;
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((offset, character)) = characters.next() {
            if escapes && character == '\\' {
                characters.next();
            } else if character == quote {
                if characters.next_if(|(_, next)| *next == quote).is_some() {
                    continue;
                }
                let length = offset + quote.len_utf8();
                self.check_quoted(quote, start, length)?;
                self.copy(length);
                return Ok(());
            }
        }
        self.fault(start, format!("the quote {quote} is not closed"))
    }

    /// Braces in quotes are text, but a name in braces is not what anybody meant to write as text.
    fn check_quoted(&self, quote: char, start: usize, length: usize) -> Result<()> {
        let inside = &self.text[start + 1..start + length - 1];
        let mut from = 0;
        while let Some(open) = inside[from..].find('{').map(|open| open + from) {
            from = open + 1;
            let Some(close) = inside[open..].find('}') else {
                return Ok(());
            };
            let name = &inside[open + 1..open + close];
            if !looks_like_a_value(name) {
                continue;
            }
            let message = if quote == '\'' {
                format!(
                    "`{{{name}}}` in quotes is text and not a value; write {{{name}}} without the quotes, or put text \
                     around a value together in Rust, or in SQL as in 'a' || {{{name}}} || 'b'"
                )
            } else {
                format!(
                    "`{{{name}}}` in {quote} is text; a name known only at run time is `{{..name}}` with `Ident::new`"
                )
            };
            return self.fault(start + 1 + open, message);
        }
        Ok(())
    }

    fn comment(&mut self) -> Result<()> {
        let rest = self.rest();
        let mut depth = 0_usize;
        let mut offset = 0;
        while offset < rest.len() {
            if rest[offset..].starts_with("/*") {
                depth += 1;
                offset += 2;
            } else if rest[offset..].starts_with("*/") {
                depth -= 1;
                offset += 2;
                if depth == 0 {
                    self.copy(offset);
                    return Ok(());
                }
            } else {
                offset += rest[offset..].chars().next().map_or(1, char::len_utf8);
            }
        }
        self.fault(self.at, "the comment is not closed")
    }

    /// A dollar-quoted text, or a dollar; a placeholder of PostgreSQL's is a mistake here.
    fn dollar(&mut self) -> Result<()> {
        let rest = self.rest();
        let tag_length = rest[1..]
            .find(|character| !is_word(character))
            .unwrap_or(rest.len() - 1);
        let tag = &rest[1..1 + tag_length];
        let within_word = self.text[..self.at]
            .chars()
            .next_back()
            .is_some_and(is_word);
        if within_word {
            self.copy(1);
            return Ok(());
        }
        if !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.fault(
                self.at,
                "placeholders are not written by hand; a value stands in braces, as in `{id}`",
            );
        }
        let opening_length = tag_length + 2;
        if !rest[1 + tag_length..].starts_with('$') {
            self.copy(1);
            return Ok(());
        }
        let opening = &rest[..opening_length];
        let Some(end) = rest[opening_length..].find(opening) else {
            return self.fault(self.at, format!("the quote {opening} is not closed"));
        };
        self.copy(opening_length + end + opening_length);
        Ok(())
    }

    fn placeholder(&mut self) -> Result<()> {
        let start = self.at;
        let Some(length) = closing_brace(self.rest()) else {
            return self.fault(start, "the `{` is not closed; a brace as text is `{{`");
        };
        let source = self.rest()[1..length].trim();
        self.at += length + 1;
        if source.is_empty() {
            return self.fault(
                start,
                "the braces are empty; a value stands in them, as in `{id}`",
            );
        }
        let placeholder = if let Some(part) = source.strip_prefix("..") {
            Placeholder::Splice(part.trim().to_owned())
        } else if let Some(list) = source.strip_suffix('*') {
            self.list(start, list.trim_end())?
        } else {
            Placeholder::Value(source.to_owned())
        };
        self.flush();
        self.parts.push(Part::Placeholder(placeholder));
        Ok(())
    }

    /// Takes `IN (` back from the text and `)` off the rest: each database has its own form of a list.
    fn list(&mut self, start: usize, list: &str) -> Result<Placeholder> {
        let wrong =
            format!("a list stands only as `x IN ({{{list}*}})` or `x NOT IN ({{{list}*}})`");
        let rest = self.rest();
        let closed = rest.trim_start().strip_prefix(')');
        let before = self.output.trim_end().strip_suffix('(').map(str::trim_end);
        let (Some(after), Some(before)) =
            (closed, before.and_then(|before| strip_word(before, "IN")))
        else {
            return self.fault(start, wrong);
        };
        self.at = self.text.len() - after.len();
        let list = list.to_owned();
        let (before, placeholder) = match strip_word(before.trim_end(), "NOT") {
            Some(before) => (before, Placeholder::NotIn(list)),
            None => (before, Placeholder::In(list)),
        };
        self.output.truncate(before.len());
        Ok(placeholder)
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The text before a keyword at its end.
fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let start = text.len().checked_sub(word.len())?;
    let (before, last) = (text.get(..start)?, text.get(start..)?);
    (last.eq_ignore_ascii_case(word) && !before.chars().next_back().is_some_and(is_word))
        .then_some(before)
}

/// A name, or a path of names such as `self.id`; JSON such as `{"a": 1}` or an array such as `{1,2}` is none.
fn looks_like_a_value(text: &str) -> bool {
    let text = text
        .trim()
        .trim_start_matches(['*', '&', '.'])
        .trim_end_matches('*');
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && text
            .chars()
            .all(|character| is_word(character) || matches!(character, '.' | ':' | '(' | ')'))
}

/// Where the brace that opens the text is closed, past braces, strings and characters of Rust.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut characters = text.char_indices();
    while let Some((offset, character)) = characters.next() {
        match character {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(offset);
                }
            }
            '"' => {
                while let Some((_, inner)) = characters.next() {
                    match inner {
                        '\\' => drop(characters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '\'' => {
                // A character such as '}' or '\''; a lifetime has no second quote within reach.
                let rest = &text[offset + 1..];
                let length = match rest.strip_prefix('\\') {
                    Some(escaped) => escaped.find('\'').map(|end| end + 2),
                    None => rest
                        .char_indices()
                        .nth(1)
                        .filter(|(_, second)| *second == '\'')
                        .map(|(end, _)| end + 1),
                };
                let end = offset + 1 + length.unwrap_or(0);
                while characters.as_str().len() > text.len() - end {
                    characters.next();
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts in a short form: text as it is, placeholders with their kind.
    fn check(text: &str, expected: &[&str]) {
        let parts = parts(text).unwrap();
        let short: Vec<String> = parts
            .into_iter()
            .map(|part| match part {
                Part::Text(text) => text,
                Part::Placeholder(Placeholder::Value(source)) => format!("<{source}>"),
                Part::Placeholder(Placeholder::In(source)) => format!("<in {source}>"),
                Part::Placeholder(Placeholder::NotIn(source)) => format!("<not in {source}>"),
                Part::Placeholder(Placeholder::Splice(source)) => format!("<..{source}>"),
            })
            .collect();
        assert_eq!(short, expected, "{text}");
    }

    fn fault(text: &str) -> String {
        parts(text).unwrap_err().message
    }

    #[test]
    fn values_and_parts() {
        check("a = {id}", &["a = ", "<id>"]);
        check(
            "{*id}{self.x}{f(a, \"}\")}",
            &["<*id>", "<self.x>", "<f(a, \"}\")>"],
        );
        check(
            "{match a { _ => '}' }} x",
            &["<match a { _ => '}' }>", " x"],
        );
        check("{ ..part } {..a.b}", &["<..part>", " ", "<..a.b>"]);
        check("{{}} {a}", &["{} ", "<a>"]);
    }

    #[test]
    fn lists() {
        check("x IN ({ids*})", &["x ", "<in ids>"]);
        check(
            "x not in ( {self.ids*} ) AND y",
            &["x ", "<not in self.ids>", " AND y"],
        );
        check("\"in\" in({a*})", &["\"in\" ", "<in a>"]);
        for text in [
            "{ids*}",
            "x = ({ids*})",
            "x IN {ids*}",
            "x IN (1, {ids*})",
            "x IN ({ids*}, 1)",
            "xin ({ids*})",
        ] {
            assert!(fault(text).starts_with("a list stands only as"), "{text}");
        }
    }

    #[test]
    fn quotes_and_comments_are_text() {
        for text in [
            "'{\"a\": 1}'",
            "'it''s {}'",
            "'{1,2}'::int[]",
            r"E'it\'s'",
            r"ESCAPE '\'",
            "\"a\"\"{}\"",
            "`{}`",
            "-- {x}\n",
            "/* {x} /* {y} */ ' */",
            "$$ {x} ' $$",
            "$tag$ {x} $$ $tag$",
            "a$b",
        ] {
            check(text, &[text]);
        }
        check("-- '\n{a}", &["-- '\n", "<a>"]);
    }

    #[test]
    fn mistakes_are_told() {
        assert!(fault("name = '{name}'").contains("without the quotes"));
        assert!(fault("LIKE '%{q}%'").contains("'a' || {q} || 'b'"));
        assert!(fault("FROM \"{table}\"").contains("Ident::new"));
        assert!(fault("id = $1").contains("not written by hand"));
        assert!(fault("a } b").contains("`}}`"));
        assert!(fault("a { b").contains("not closed"));
        assert!(fault("a {} b").contains("empty"));
        assert!(fault("'a").contains("not closed"));
        assert!(fault("/* a").contains("not closed"));
        assert!(fault("$$ a").contains("not closed"));
    }
}
