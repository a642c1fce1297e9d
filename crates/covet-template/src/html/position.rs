//! A position in a page.

use super::refusal::Refusal;

/// Where in a page a piece of text ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Position {
    pub(super) state: State,
    pub(super) element: Element,
    pub(super) attribute: Attribute,
    pub(super) quote: Quote,
    pub(super) code: Code,
    pub(super) part: Part,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum State {
    #[default]
    Text,
    /// After `<` or `</`.
    TagOpen,
    TagName,
    Among,
    AttributeName,
    AfterAttributeName,
    BeforeValue,
    Value,
    Comment,
    /// Inside of an element whose text is no markup.
    Raw,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Element {
    #[default]
    Other,
    /// A tag that closes an element.
    End,
    Script,
    Style,
    Title,
    Textarea,
    Iframe,
    Object,
    Embed,
    Meta,
    /// A `meta` whose `http-equiv` was seen.
    MetaRefresh,
    /// A `meta` whose `content` has a hole.
    MetaHole,
    Xmp,
    Noembed,
    Noframes,
    Plaintext,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Attribute {
    #[default]
    Plain,
    Address,
    /// An address from which code is loaded.
    Resource,
    Srcset,
    Script,
    Style,
    /// A whole page.
    Document,
    MetaContent,
    ScriptType,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Quote {
    #[default]
    Unquoted,
    Single,
    Double,
}

/// Where in a script or in a style sheet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Code {
    #[default]
    Plain,
    Single,
    Double,
    Template,
    LineComment,
    BlockComment,
    /// Inside of `url(…)`.
    Url,
}

/// Where in an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// Where a scheme could still begin or end.
    #[default]
    Start,
    Path,
    Query,
    /// Behind a scheme that runs what follows.
    Dangerous,
}

/// How a value is written at a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[doc(hidden)]
pub enum Escape {
    /// As it is.
    #[default]
    None,
    /// As JSON, for templates of JSON.
    Json,
    /// As text of an element; what is HTML already stays.
    Html,
    /// As text where HTML has no meaning: an attribute, a title, a comment.
    Attribute,
    /// As text of an attribute that is a page itself.
    Document,
    /// As the start of an address, which must not have a scheme that runs something.
    AddressStart,
    /// As the start of an address on this server.
    ResourceStart,
    AddressPath,
    AddressQuery,
    Srcset,
    Script,
    ScriptString,
    /// As a script in an attribute, whose quotes are escaped as HTML too.
    ScriptAttribute,
    Style,
    /// As a style in an attribute.
    StyleAttribute,
    StyleString,
    /// Not at all.
    Nothing,
}

impl Escape {
    /// Whether an integer is written as it is.
    #[inline]
    pub(crate) fn takes_digits(self) -> bool {
        matches!(
            self,
            Escape::None
                | Escape::Html
                | Escape::Attribute
                | Escape::AddressStart
                | Escape::ResourceStart
                | Escape::AddressPath
                | Escape::AddressQuery
        )
    }
}

impl Position {
    pub(crate) fn is_text(self) -> bool {
        self.state == State::Text
    }

    pub(crate) fn is_among_attributes(self) -> bool {
        matches!(self.state, State::Among | State::TagName)
    }

    /// The position after a block or a template whose text is not known here: as far into an address as is safe.
    pub(crate) fn after_unknown(self) -> Position {
        match self.part {
            Part::Dangerous => self,
            _ => Position { part: Part::Start, ..self },
        }
    }

    /// The escaping of a value at this position, and the position after it.
    pub(crate) fn hole(self) -> Result<(Escape, Position), Refusal> {
        let escape = match self.state {
            State::Text => Escape::Html,
            State::Comment => Escape::Attribute,
            State::Raw => self.raw_hole()?,
            State::Value if self.quote == Quote::Unquoted => return Err(UNQUOTED),
            State::BeforeValue => return Err(UNQUOTED),
            State::Value => self.value_hole()?,
            State::TagOpen | State::TagName => {
                return Err(Refusal::new(
                    "a value cannot be part of a tag's name",
                    "choose between whole tags with `if`",
                ));
            }
            State::Among | State::AttributeName | State::AfterAttributeName => {
                return Err(Refusal::new(
                    "a value cannot be the name of an attribute",
                    "write the attribute out inside of an `if`, or use the filter `xmlattr`",
                ));
            }
        };
        Ok((escape, self.after_hole()))
    }

    /// The position after a value, whether it is escaped or not.
    pub(crate) fn after_hole(self) -> Position {
        let mut after = self;
        if self.state == State::Value && self.element == Element::Meta && self.attribute == Attribute::MetaContent {
            after.element = Element::MetaHole;
        }
        after
    }

    fn raw_hole(self) -> Result<Escape, Refusal> {
        match self.element {
            Element::Title | Element::Textarea => Ok(Escape::Attribute),
            Element::Script => Ok(script_hole(self.code, Escape::Script)),
            Element::Style => style_hole(self.code),
            _ => Err(Refusal::new(
                "a value cannot be escaped in an element whose text is not parsed",
                "use another element",
            )),
        }
    }

    fn value_hole(self) -> Result<Escape, Refusal> {
        match self.attribute {
            Attribute::Plain => Ok(Escape::Attribute),
            Attribute::Document => Ok(Escape::Document),
            Attribute::Script => Ok(script_hole(self.code, Escape::ScriptAttribute)),
            Attribute::Style => style_hole(self.code).map(|escape| match escape {
                Escape::Style => Escape::StyleAttribute,
                escape => escape,
            }),
            Attribute::Srcset => Ok(Escape::Srcset),
            Attribute::ScriptType => {
                Err(Refusal::new("the type of a script must be written in the template", "choose with `if`"))
            }
            Attribute::MetaContent if self.element != Element::MetaRefresh => Ok(Escape::Attribute),
            Attribute::MetaContent => match self.code {
                Code::Url => self.address_hole(Escape::AddressStart),
                _ => Err(Refusal::new(
                    "a value in a `meta` with `http-equiv` could send the page elsewhere",
                    "write `url=` in front of the value",
                )),
            },
            Attribute::Address => self.address_hole(Escape::AddressStart),
            Attribute::Resource => self.address_hole(Escape::ResourceStart),
        }
    }

    fn address_hole(self, start: Escape) -> Result<Escape, Refusal> {
        match self.part {
            Part::Start => Ok(start),
            Part::Path => Ok(Escape::AddressPath),
            Part::Query => Ok(Escape::AddressQuery),
            Part::Dangerous => Err(Refusal::new(
                "a value cannot be escaped in an address that is a script or a document",
                "use an event attribute or a script",
            )),
        }
    }

    /// The position that two ways through a template share, if there is one.
    pub(crate) fn join(self, other: Position) -> Option<Position> {
        if self == other {
            return Some(self);
        }
        let mut joined = self;
        if self.is_inside_tag() && other.is_inside_tag() {
            joined.state = State::Among;
            joined.attribute = Attribute::Plain;
            joined.quote = Quote::Unquoted;
            joined.code = Code::Plain;
            joined.part = Part::Start;
            joined.element = join_elements(self.element, other.element)?;
            return Some(joined);
        }
        joined.element = join_elements(self.element, other.element)?;
        joined.part = join_parts(self.part, other.part);
        let same = Position { element: joined.element, part: joined.part, ..other };
        (joined == same).then_some(joined)
    }

    /// Inside of a tag, between two attributes, whatever was just read.
    fn is_inside_tag(self) -> bool {
        matches!(self.state, State::TagName | State::Among | State::AttributeName | State::AfterAttributeName)
    }
}

const UNQUOTED: Refusal =
    Refusal::new("a value cannot be escaped without quotes around it", "write quotes around the value");

fn script_hole(code: Code, plain: Escape) -> Escape {
    match code {
        Code::Single | Code::Double | Code::Template => Escape::ScriptString,
        Code::LineComment | Code::BlockComment => Escape::Nothing,
        Code::Plain | Code::Url => plain,
    }
}

fn style_hole(code: Code) -> Result<Escape, Refusal> {
    match code {
        Code::Single | Code::Double => Ok(Escape::StyleString),
        Code::LineComment | Code::BlockComment => Ok(Escape::Nothing),
        Code::Url => Err(Refusal::new(
            "a value cannot be escaped in an address of a style sheet",
            "use an `img` element, or a class per image",
        )),
        Code::Plain | Code::Template => Ok(Escape::Style),
    }
}

fn join_elements(left: Element, right: Element) -> Option<Element> {
    match (left, right) {
        (left, right) if left == right => Some(left),
        // A hole in one branch counts for both.
        (Element::Meta, Element::MetaHole) | (Element::MetaHole, Element::Meta) => Some(Element::MetaHole),
        _ => None,
    }
}

/// The part whose escaping is safe for both.
fn join_parts(left: Part, right: Part) -> Part {
    match (left, right) {
        (Part::Dangerous, _) | (_, Part::Dangerous) => Part::Dangerous,
        (Part::Start, _) | (_, Part::Start) => Part::Start,
        (Part::Query, _) | (_, Part::Query) => Part::Query,
        (Part::Path, Part::Path) => Part::Path,
    }
}
