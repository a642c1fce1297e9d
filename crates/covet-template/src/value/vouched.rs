//! Texts that the application vouches for, each for one kind of place.

use serde::ser::{Serialize, Serializer};

/// A text that is written as it is where its kind belongs, and escaped like any other text everywhere else. For HTML
/// there is [`Safe`](crate::Safe).
///
/// ```
/// use covet_template::{Engine, Vouched};
///
/// let mut engine = Engine::new();
/// engine.add("page.html", r#"<script src="{{ code }}"></script><p title="{{ code }}">"#)?;
/// let code = Vouched::resource_url("https://cdn.example/app.js");
/// let page = engine.render("page.html", &std::collections::BTreeMap::from([("code", code)]))?;
/// assert_eq!(page, r#"<script src="https://cdn.example/app.js"></script><p title="https://cdn.example/app.js">"#);
/// # Ok::<(), covet_template::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

/// What a text is vouched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Url,
    ResourceUrl,
    Script,
    Style,
}

impl Kind {
    pub(crate) const ALL: [(Kind, &'static str); 4] = [
        (Kind::Url, "$covet_template::Vouched::Url"),
        (Kind::ResourceUrl, "$covet_template::Vouched::ResourceUrl"),
        (Kind::Script, "$covet_template::Vouched::Script"),
        (Kind::Style, "$covet_template::Vouched::Style"),
    ];

    /// The kind that the serializer of contexts knows by this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, found)| *found == name).map(|(kind, _)| *kind)
    }
}

impl Vouched {
    fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// An address of any scheme, for links, images and forms.
    pub fn url(text: impl Into<String>) -> Self {
        Self::new(Kind::Url, text)
    }

    /// An address from which code may be loaded, on any server.
    pub fn resource_url(text: impl Into<String>) -> Self {
        Self::new(Kind::ResourceUrl, text)
    }

    /// An expression or statements of JavaScript.
    pub fn script(text: impl Into<String>) -> Self {
        Self::new(Kind::Script, text)
    }

    /// Values or declarations of CSS.
    pub fn style(text: impl Into<String>) -> Self {
        Self::new(Kind::Style, text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Serialize for Vouched {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = Kind::ALL.iter().find(|(kind, _)| *kind == self.kind).map_or("", |(_, name)| name);
        serializer.serialize_newtype_struct(name, &self.text)
    }
}
