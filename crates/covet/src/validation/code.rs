//! The stable names of the rules.

use std::borrow::Cow;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// The rule that a [`Fault`](super::Fault) violates, under a name that clients can rely on.
        ///
        /// | code | meaning |
        /// |---|---|
        $(#[doc = concat!("| `", $name, "` |", $($doc,)+ " |")])+
        ///
        /// Own checks have codes of their own: [`Code::Custom`].
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
            /// The code of a check that the program wrote itself; `custom` unless it chose another.
            Custom(Cow<'static, str>),
        }

        impl Code {
            /// Every code with a fixed meaning.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The name as it stands in a problem's `code` member.
            ///
            /// ```
            /// assert_eq!(covet::validation::Code::MinLength.as_str(), "min_length");
            /// ```
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Custom(name) => name,
                }
            }
        }
    };
}

codes! {
    /// A required member or parameter is not there.
    Missing = "missing",
    /// The value is of another type.
    Type = "type",
    /// Nothing of this name is declared, and unknown names are denied.
    Unknown = "unknown",
    /// A declared member or a single parameter is there twice.
    Duplicate = "duplicate",
    /// The number is smaller than `minimum`.
    Minimum = "minimum",
    /// The number is greater than `maximum`.
    Maximum = "maximum",
    /// The number is not greater than `exclusive_minimum`.
    ExclusiveMinimum = "exclusive_minimum",
    /// The number is not smaller than `exclusive_maximum`.
    ExclusiveMaximum = "exclusive_maximum",
    /// The number is not a multiple of `multiple_of`.
    MultipleOf = "multiple_of",
    /// The number does not fit into the 64 (or fewer, or 128) bits of the type.
    NumberRange = "number_range",
    /// The text has fewer than `min_length` characters.
    MinLength = "min_length",
    /// The text has more than `max_length` characters.
    MaxLength = "max_length",
    /// The text does not match `pattern`.
    Pattern = "pattern",
    /// The text is not written in `format`.
    Format = "format",
    /// The list has fewer than `min_items` items.
    MinItems = "min_items",
    /// The list has more than `max_items` items.
    MaxItems = "max_items",
    /// Two items of the list are equal.
    UniqueItems = "unique_items",
    /// The map has fewer than `min_properties` members.
    MinProperties = "min_properties",
    /// The map has more than `max_properties` members.
    MaxProperties = "max_properties",
    /// The value is none of those in the list of choices.
    OneOf = "one_of",
    /// The value was refused for a reason that only the message tells.
    Invalid = "invalid",
    /// The body is empty.
    Empty = "empty",
    /// The bytes are not JSON.
    Syntax = "syntax",
    /// The bytes are not UTF-8, or a percent escape is broken.
    Encoding = "encoding",
    /// A string holds half of a surrogate pair, which is no character.
    Surrogate = "surrogate",
    /// The value is nested too deeply.
    Depth = "depth",
    /// The value is followed by something else.
    Trailing = "trailing",
}
