//! What the values of attributes are.

use super::position::{Attribute, Element};

/// What a tag's name means for what follows it.
pub(super) fn element(name: &str) -> Element {
    match name.to_ascii_lowercase().as_str() {
        "script" => Element::Script,
        "style" => Element::Style,
        "title" => Element::Title,
        "textarea" => Element::Textarea,
        "iframe" => Element::Iframe,
        "object" => Element::Object,
        "embed" => Element::Embed,
        "meta" => Element::Meta,
        "noscript" => Element::Other,
        "xmp" => Element::Xmp,
        "noembed" => Element::Noembed,
        "noframes" => Element::Noframes,
        "plaintext" => Element::Plaintext,
        _ => Element::Other,
    }
}

/// Attributes whose value is an address, of HTML and of htmx.
const ADDRESSES: [&str; 27] = [
    "action",
    "archive",
    "background",
    "cite",
    "classid",
    "codebase",
    "data",
    "formaction",
    "href",
    "hx-delete",
    "hx-get",
    "hx-patch",
    "hx-post",
    "hx-push-url",
    "hx-put",
    "hx-replace-url",
    "icon",
    "longdesc",
    "manifest",
    "ping",
    "poster",
    "profile",
    "src",
    "usemap",
    "xlink:href",
    "xml:base",
    "sse-connect",
];

/// Prefixes of attributes whose value is a script: events of HTML, htmx, Alpine and Vue.
const SCRIPTS: [&str; 7] = ["on", "hx-on", "x-", "@", ":", "v-", "hx-vals"];

/// What the value of an attribute is, for [`Engine::add_attribute`](crate::Engine::add_attribute).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttributeKind {
    /// Text.
    Text,
    /// An address.
    Url,
    /// An address from which code is loaded.
    ResourceUrl,
    /// A list of images.
    Srcset,
    /// A script.
    Script,
    /// Declarations of CSS.
    Style,
    /// A whole page.
    Html,
}

/// The attributes that the application has said something about: names, or beginnings of names that end in `*`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes(Vec<(Box<str>, AttributeKind)>);

impl Attributes {
    pub(crate) fn add(&mut self, name: &str, kind: AttributeKind) {
        self.0.insert(0, (name.to_ascii_lowercase().into(), kind));
    }

    fn find(&self, name: &str) -> Option<Attribute> {
        let matches = |known: &str| match known.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => known == name,
        };
        let (_, kind) = self.0.iter().find(|(known, _)| matches(known))?;
        Some(match kind {
            AttributeKind::Text => Attribute::Plain,
            AttributeKind::Url => Attribute::Address,
            AttributeKind::ResourceUrl => Attribute::Resource,
            AttributeKind::Srcset => Attribute::Srcset,
            AttributeKind::Script => Attribute::Script,
            AttributeKind::Style => Attribute::Style,
            AttributeKind::Html => Attribute::Document,
        })
    }
}

/// What an attribute's value is, in this element.
pub(super) fn attribute(attributes: &Attributes, element: Element, name: &str) -> Attribute {
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    if let Some(attribute) = attributes.find(name) {
        return attribute;
    }
    // `data-src` and the like are read by scripts that treat them as what they are named after.
    let meant = name.strip_prefix("data-").unwrap_or(name);
    match (element, name) {
        (Element::Script | Element::Embed, "src") => Attribute::Resource,
        (Element::Iframe, "src") | (Element::Object, "data") => Attribute::Resource,
        (_, "srcdoc") => Attribute::Document,
        (_, "style") => Attribute::Style,
        (Element::Meta | Element::MetaRefresh, "content") => Attribute::MetaContent,
        (Element::Script, "type" | "language") => Attribute::ScriptType,
        _ if matches!(meant, "srcset" | "imagesrcset") => Attribute::Srcset,
        _ if ADDRESSES.contains(&meant) => Attribute::Address,
        (_, "xmlns") => Attribute::Address,
        _ if name.starts_with("xmlns:") => Attribute::Address,
        _ if SCRIPTS.iter().any(|prefix| name.starts_with(prefix)) => Attribute::Script,
        _ if meant != name && (meant.contains("src") || meant.contains("uri") || meant.contains("url")) => {
            Attribute::Address
        }
        _ => Attribute::Plain,
    }
}
