//! serde's view of an object that was read already: a member's text is parsed only by whoever wants the member.

use super::json::Object;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde_json::Error;

/// An object with the text that it was read from.
struct Whole<'o, 'a> {
    text: &'a str,
    object: &'o Object<'a>,
}

/// A value, as its JSON text.
struct Member<'a> {
    text: &'a str,
}

/// A value from an object, without a second pass over what it does not ask for.
pub(crate) fn deserialize<C: DeserializeOwned>(text: &str, object: &Object<'_>) -> Result<C, Error> {
    C::deserialize(Whole { text, object })
}

/// What is asked of serde_json in the same words.
macro_rules! as_serde_json {
    ($($method:ident($($name:ident: $kind:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($name: $kind,)* visitor: V) -> Result<V::Value, Error> {
            serde_json::Deserializer::from_str(self.text).$method($($name,)* visitor)
        }
    )*};
}

impl<'de> Whole<'_, 'de> {
    fn map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let members = self.object.members().map(|(name, value)| (name, Member { text: value }));
        MapDeserializer::new(members).deserialize_any(visitor)
    }
}

impl<'de> Deserializer<'de> for Whole<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.map(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.map(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    as_serde_json! {
        deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf() deserialize_option() deserialize_unit() deserialize_seq()
        deserialize_identifier()
        deserialize_unit_struct(name: &'static str) deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(length: usize) deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }
}

impl<'de> Deserializer<'de> for Member<'de> {
    type Error = Error;

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    as_serde_json! {
        deserialize_any()
        deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf() deserialize_option() deserialize_unit() deserialize_seq()
        deserialize_map() deserialize_identifier()
        deserialize_unit_struct(name: &'static str) deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(length: usize) deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }
}

impl<'de> IntoDeserializer<'de, Error> for Member<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::Value;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Plain,
        Counted(u8),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Claims {
        scope: Option<String>,
        #[serde(default)]
        roles: Vec<i64>,
        kind: Option<Kind>,
        wrapped: Option<Wrapped>,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wrapped(u64);

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        a: char,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Around(BTreeMap<String, Value>);

    fn both<C: DeserializeOwned + PartialEq + std::fmt::Debug>(text: &str) -> Option<C> {
        let found = deserialize::<C>(text, &Object::parse_str(text).unwrap());
        assert_eq!(found.as_ref().ok(), serde_json::from_str::<C>(text).ok().as_ref(), "{text}");
        found.ok()
    }

    #[test]
    fn values_are_those_that_serde_json_reads() {
        for text in [
            r#"{}"#,
            r#"{"scope":"a b","roles":[1,2],"kind":"plain","wrapped":7,"more":{"x":[null,1.5,"y\n"]},"\u0061":true}"#,
            r#"{"scope":null,"kind":{"counted":3}}"#,
            r#"{"scope":1}"#,
            r#"{"roles":[1,"2"]}"#,
            r#"{"kind":"other"}"#,
            r#"{"wrapped":-1}"#,
            r#"{"a":"x"}"#,
            r#"{"a":"x","b":1}"#,
            r#"{"plain":null}"#,
        ] {
            both::<Claims>(text);
            both::<Strict>(text);
            both::<Around>(text);
            both::<Value>(text);
            both::<Option<Claims>>(text);
            both::<Kind>(text);
            both::<()>(text);
            both::<String>(text);
            both::<Vec<u8>>(text);
        }
        assert_eq!(both::<Claims>(r#"{"scope":"a","sub":"x","roles":[5]}"#).unwrap().roles, [5]);
        assert!(both::<Strict>(r#"{"a":"x","b":1}"#).is_none());
    }

    proptest! {
        #[test]
        fn any_members_are(members in prop::collection::btree_map(".{0,8}", any::<Option<i64>>(), 0..6)) {
            both::<Value>(&serde_json::to_string(&members).unwrap());
            both::<BTreeMap<String, Option<i64>>>(&serde_json::to_string(&members).unwrap());
            both::<BTreeMap<String, i64>>(&serde_json::to_string(&members).unwrap());
        }
    }
}
