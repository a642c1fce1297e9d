//! Following the text of a template.

use super::attribute::{self, Attributes};
use super::position::{Attribute, Code, Element, Part, Position, Quote, State};
use super::refusal::Refusal;

impl Position {
    /// The position after a piece of text. Where the tags of scripts and styles have their names behind them, and no
    /// nonce of their own, is added to `nonces`.
    pub(crate) fn after(
        self,
        text: &str,
        attributes: &Attributes,
        nonces: &mut Vec<usize>,
    ) -> Result<Position, Refusal> {
        let mut position = self;
        let mut rest = text;
        while !rest.is_empty() {
            let opens = position.state == State::TagOpen;
            rest = match position.state {
                State::Text => position.text(rest),
                State::TagOpen => position.tag_open(rest)?,
                State::TagName => position.tag_name(rest)?,
                State::Among => position.among(rest, attributes),
                State::AttributeName => position.attribute_name(rest)?,
                State::AfterAttributeName => position.after_attribute_name(rest),
                State::BeforeValue => position.before_value(rest),
                State::Value => position.value(rest),
                State::Comment => position.comment(rest),
                State::Raw => position.raw(rest),
            };
            let takes_nonce = matches!(position.element, Element::Script | Element::Style);
            if opens && takes_nonce && position.state == State::TagName && !has_nonce(rest) {
                nonces.push(text.len() - rest.len());
            }
        }
        Ok(position)
    }

    fn text<'t>(&mut self, text: &'t str) -> &'t str {
        let Some(at) = text.find('<') else { return "" };
        let rest = &text[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            self.state = State::Comment;
            // `<!-->` and `<!--->` are whole comments.
            return comment.strip_prefix("->").or(comment.strip_prefix('>')).map_or(comment, |after| {
                self.state = State::Text;
                after
            });
        }
        match rest.bytes().next() {
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'/' => self.state = State::TagOpen,
            None => self.state = State::TagOpen,
            _ => {}
        }
        rest
    }

    fn tag_open<'t>(&mut self, text: &'t str) -> Result<&'t str, Refusal> {
        let (name, is_end) = match text.strip_prefix('/') {
            Some(name) => (name, true),
            None => (text, self.element == Element::End && self.state == State::TagOpen),
        };
        let length = name.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(name.len());
        if length == 0 || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            if name.is_empty() {
                self.element = if is_end { Element::End } else { Element::Other };
                return Ok("");
            }
            self.state = State::Text;
            self.element = Element::Other;
            return Ok(name);
        }
        self.element = if is_end { Element::End } else { attribute::element(&name[..length]) };
        self.state = State::TagName;
        Ok(&name[length..])
    }

    fn tag_name<'t>(&mut self, text: &'t str) -> Result<&'t str, Refusal> {
        if text.starts_with(|c: char| !c.is_ascii_whitespace() && !matches!(c, '/' | '>')) {
            return Err(Refusal::new("the name of a tag is divided", "choose between whole tags with `if`"));
        }
        self.state = State::Among;
        Ok(text)
    }

    fn among<'t>(&mut self, text: &'t str, attributes: &Attributes) -> &'t str {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return rest;
        }
        if let Some(after) = rest.strip_prefix('>') {
            self.close_tag();
            return after;
        }
        let length = attribute_length(rest);
        self.name_attribute(&rest[..length], attributes);
        &rest[length..]
    }

    fn name_attribute(&mut self, name: &str, attributes: &Attributes) {
        self.state = State::AttributeName;
        self.quote = Quote::Unquoted;
        self.code = Code::Plain;
        self.part = Part::Start;
        self.attribute = attribute::attribute(attributes, self.element, name);
        if name.eq_ignore_ascii_case("http-equiv") {
            self.element = match self.element {
                Element::Meta => Element::MetaRefresh,
                // A value that was already written could be the address of a redirection.
                Element::MetaHole => Element::Plaintext,
                element => element,
            };
        }
    }

    fn attribute_name<'t>(&mut self, text: &'t str) -> Result<&'t str, Refusal> {
        if self.element == Element::Plaintext {
            return Err(Refusal::new("`http-equiv` follows a `content` with a value", "write `http-equiv` first"));
        }
        if attribute_length(text) > 0 && !text.starts_with('=') {
            return Err(Refusal::new(
                "the name of an attribute is divided",
                "choose between whole attributes with `if`",
            ));
        }
        self.state = State::AfterAttributeName;
        Ok(text)
    }

    fn after_attribute_name<'t>(&mut self, text: &'t str) -> &'t str {
        let rest = text.trim_ascii_start();
        if let Some(value) = rest.strip_prefix('=') {
            self.state = State::BeforeValue;
            return value;
        }
        if !rest.is_empty() {
            self.state = State::Among;
        }
        rest
    }

    fn before_value<'t>(&mut self, text: &'t str) -> &'t str {
        let rest = text.trim_ascii_start();
        let (quote, value) = match rest.bytes().next() {
            None => return rest,
            Some(b'"') => (Quote::Double, &rest[1..]),
            Some(b'\'') => (Quote::Single, &rest[1..]),
            Some(b'>') => {
                self.state = State::Among;
                return rest;
            }
            Some(_) => (Quote::Unquoted, rest),
        };
        self.quote = quote;
        self.state = State::Value;
        value
    }

    fn value<'t>(&mut self, text: &'t str) -> &'t str {
        let end = match self.quote {
            Quote::Double => text.find('"'),
            Quote::Single => text.find('\''),
            Quote::Unquoted => text.find(|c: char| c.is_ascii_whitespace() || c == '>'),
        };
        let (value, rest) = text.split_at(end.unwrap_or(text.len()));
        match self.attribute {
            Attribute::Address | Attribute::Resource => self.address(value),
            Attribute::Script => self.script(value),
            Attribute::Style => self.style(value),
            Attribute::MetaContent => self.meta_content(value),
            _ => {}
        }
        if end.is_none() {
            return "";
        }
        self.state = State::Among;
        self.attribute = Attribute::Plain;
        self.code = Code::Plain;
        self.part = Part::Start;
        if std::mem::take(&mut self.quote) == Quote::Unquoted { rest } else { &rest[1..] }
    }

    fn address(&mut self, text: &str) {
        for (at, c) in text.char_indices() {
            match (self.part, c) {
                (Part::Dangerous, _) => return,
                (_, '?' | '#') => self.part = Part::Query,
                (Part::Start, '/') => self.part = Part::Path,
                (Part::Start, ':') => self.part = scheme(&text[..at]),
                // A reference to a character could hide the colon of a scheme.
                (Part::Start, '&') => self.part = Part::Dangerous,
                _ => {}
            }
        }
    }

    fn meta_content(&mut self, text: &str) {
        let lower = text.to_ascii_lowercase();
        match lower.rfind("url=") {
            Some(at) => {
                self.code = Code::Url;
                self.address(text[at + 4..].trim_start_matches([' ', '\'', '"']));
            }
            None if self.code == Code::Url => self.address(text),
            None => {}
        }
    }

    fn comment<'t>(&mut self, text: &'t str) -> &'t str {
        let ends = [text.find("-->").map(|at| at + 3), text.find("--!>").map(|at| at + 4)];
        match ends.into_iter().flatten().min() {
            Some(end) => {
                self.state = State::Text;
                &text[end..]
            }
            None => "",
        }
    }

    fn close_tag(&mut self) {
        *self = Position { element: self.element, ..Position::default() };
        match self.element {
            Element::Script | Element::Style | Element::Title | Element::Textarea => self.state = State::Raw,
            Element::Iframe | Element::Xmp | Element::Noembed | Element::Noframes | Element::Plaintext => {
                self.state = State::Raw;
            }
            _ => self.element = Element::Other,
        }
    }

    fn raw<'t>(&mut self, text: &'t str) -> &'t str {
        let end = end_tag(text, self.element);
        let body = &text[..end.unwrap_or(text.len())];
        match self.element {
            Element::Script => self.script(body),
            Element::Style => self.style(body),
            _ => {}
        }
        let Some(end) = end else { return "" };
        *self = Position::default();
        &text[end..]
    }

    /// Follows the quotes and the comments of a script.
    fn script(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let mut length = c.len_utf8();
            match (self.code, c) {
                (Code::Single | Code::Double | Code::Template, '\\') => length += second_length(rest),
                (Code::Single, '\'') | (Code::Double, '"') | (Code::Template, '`') => self.code = Code::Plain,
                (Code::Single | Code::Double | Code::LineComment, '\n') => self.code = Code::Plain,
                (Code::BlockComment, '*') if rest.starts_with("*/") => {
                    self.code = Code::Plain;
                    length = 2;
                }
                (Code::Plain, '/') if rest.starts_with("//") => self.code = Code::LineComment,
                (Code::Plain, '/') if rest.starts_with("/*") => {
                    self.code = Code::BlockComment;
                    length = 2;
                }
                (Code::Plain, '\'') => self.code = Code::Single,
                (Code::Plain, '"') => self.code = Code::Double,
                (Code::Plain, '`') => self.code = Code::Template,
                _ => {}
            }
            rest = &rest[length..];
        }
    }

    /// Follows the quotes, the comments and the addresses of a style sheet.
    fn style(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let mut length = c.len_utf8();
            match (self.code, c) {
                (_, '\\') => length += second_length(rest),
                (Code::Single, '\'') | (Code::Double, '"') => self.code = Code::Plain,
                (Code::Single | Code::Double, '\n') => self.code = Code::Plain,
                (Code::BlockComment, '*') if rest.starts_with("*/") => {
                    self.code = Code::Plain;
                    length = 2;
                }
                (Code::Plain, '/') if rest.starts_with("/*") => {
                    self.code = Code::BlockComment;
                    length = 2;
                }
                (Code::Plain, '\'') => self.code = Code::Single,
                (Code::Plain, '"') => self.code = Code::Double,
                (Code::Plain, 'u' | 'U') if rest.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("url(")) => {
                    self.code = Code::Url;
                    length = 4;
                }
                (Code::Url, ')') => self.code = Code::Plain,
                _ => {}
            }
            rest = &rest[length..];
        }
    }
}

/// Whether the tag whose name is behind brings a nonce itself.
fn has_nonce(rest: &str) -> bool {
    let tag = &rest[..rest.find('>').unwrap_or(rest.len())];
    tag.to_ascii_lowercase().contains("nonce")
}

fn second_length(rest: &str) -> usize {
    rest.chars().nth(1).map_or(0, char::len_utf8)
}

fn attribute_length(text: &str) -> usize {
    // An equals sign at the beginning is a part of the name, as HTML has it.
    let end =
        text.char_indices().find(|(at, c)| c.is_ascii_whitespace() || matches!(c, '/' | '>') || (*c == '=' && *at > 0));
    end.map_or(text.len(), |(at, _)| at)
}

fn scheme(before: &str) -> Part {
    let name = before.trim().to_ascii_lowercase();
    match name.as_str() {
        "http" | "https" | "mailto" | "tel" | "sms" | "ftp" | "geo" => Part::Path,
        _ => Part::Dangerous,
    }
}

/// Where the tag begins that ends an element whose text is not parsed.
fn end_tag(text: &str, element: Element) -> Option<usize> {
    let name = match element {
        Element::Script => "script",
        Element::Style => "style",
        Element::Title => "title",
        Element::Textarea => "textarea",
        Element::Iframe => "iframe",
        Element::Xmp => "xmp",
        Element::Noembed => "noembed",
        Element::Noframes => "noframes",
        _ => return None,
    };
    text.match_indices("</").map(|(at, _)| at).find(|at| {
        let rest = &text[at + 2..];
        let is_name = rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        is_name && !rest[name.len()..].starts_with(|c: char| !c.is_ascii_whitespace() && !matches!(c, '/' | '>'))
    })
}
