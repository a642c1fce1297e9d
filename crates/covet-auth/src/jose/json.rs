//! One pass over the JSON of headers, claims and keys that refuses what JSON readers differ about.
//!
//! A member given twice means one thing to one reader and another to the next; that has let tokens through before. So
//! duplicates are refused at every depth, and so are lone surrogates, numbers that no `f64` holds, a depth over
//! [`DEPTH`], a byte order mark and anything after the value. What is left is handed out as slices of the text, without
//! a copy: the claims that are checked are read from them, and only then does serde see the text.

use std::borrow::Cow;

/// How deep objects and arrays may nest.
const DEPTH: usize = 16;

/// An object's own members, in their order.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    members: Vec<(Cow<'a, str>, &'a str)>,
}

/// What is wrong with a text, in words for the log.
pub(crate) type Fault = &'static str;

impl<'a> Object<'a> {
    /// Reads a text that is one object.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Object<'a>, Fault> {
        Object::parse_str(std::str::from_utf8(bytes).map_err(|_| "the JSON is not UTF-8")?)
    }

    pub(crate) fn parse_str(text: &'a str) -> Result<Object<'a>, Fault> {
        let mut reader = Reader { text, at: 0, names: Vec::new() };
        reader.space();
        if reader.peek() != Some(b'{') {
            return Err("the JSON is not an object");
        }
        let mut members = Vec::with_capacity(12);
        reader.object(1, Some(&mut members))?;
        reader.space();
        if reader.at != text.len() {
            return Err("something follows the JSON");
        }
        Ok(Object { members })
    }

    /// The members, each with its value as JSON text.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.members.iter().map(|(name, value)| (&**name, *value))
    }

    /// A member's value as JSON text.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        self.members.iter().find(|(member, _)| member == name).map(|(_, value)| *value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// A member that must be a string where it is there.
    pub(crate) fn string(&self, name: &str) -> Result<Option<Cow<'a, str>>, Fault> {
        self.raw(name).map(|value| string(value).ok_or("a member that must be a string is none")).transpose()
    }

    /// A member that must be an array of strings where it is there.
    pub(crate) fn strings(&self, name: &str) -> Result<Option<Vec<String>>, Fault> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        serde_json::from_str(raw).map(Some).map_err(|_| "a member that must be a list of strings is none")
    }
}

/// The content of a JSON string; `None` for any other value.
pub(crate) fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(raw).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// A number without sign, fraction and exponent.
pub(crate) fn integer(raw: &str) -> Option<i64> {
    raw.bytes().all(|byte| byte.is_ascii_digit()).then(|| raw.parse().ok()).flatten()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The names of all objects that are open, outermost first, but for the one whose members are kept.
    names: Vec<Cow<'a, str>>,
}

/// How many bytes stand before the first quote, backslash or control character; looked at eight at a time, since strings are
/// most of a token.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The high bit of each byte that is smaller than this; exact for the lowest such byte, which is the one that counts.
        let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
        let equals = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let found = below(word, 0x20) | equals(b'"') | equals(b'\\');
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let special = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    words.len() * 8 + special.unwrap_or(rest.len())
}

type Members<'m, 'a> = Option<&'m mut Vec<(Cow<'a, str>, &'a str)>>;

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8, fault: Fault) -> Result<(), Fault> {
        self.space();
        if self.peek() != Some(byte) {
            return Err(fault);
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > DEPTH {
            return Err("the JSON nests too deep");
        }
        match self.peek() {
            Some(b'{') => self.object(depth, None),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.literal(),
        }
    }

    fn object(&mut self, depth: usize, mut members: Members<'_, 'a>) -> Result<(), Fault> {
        self.at += 1;
        let first = self.names.len();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            let name = self.string()?;
            let is_known = match &members {
                Some(members) => members.iter().any(|(known, _)| *known == name),
                None => self.names[first..].contains(&name),
            };
            if is_known {
                return Err("a member is given twice");
            }
            self.expect(b':', "a member has no value")?;
            self.space();
            let start = self.at;
            self.value(depth + 1)?;
            match members.as_deref_mut() {
                Some(members) => members.push((name, &self.text[start..self.at])),
                None => self.names.push(name),
            }
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err("an object is not closed"),
            }
        }
        self.at += 1;
        self.names.truncate(first);
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), Fault> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            self.value(depth + 1)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err("an array is not closed"),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        if self.peek() != Some(b'"') {
            return Err("a name is missing");
        }
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += 1;
            let rest = bytes.get(self.at..).unwrap_or_default();
            self.at += plain(rest);
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 1;
                }
                _ => return Err("a string is not closed, or has a control character"),
            }
        }
        self.at += 1;
        let raw = &self.text[start..self.at];
        if !escaped {
            return Ok(Cow::Borrowed(&raw[1..raw.len() - 1]));
        }
        // Escapes are rare; serde_json knows them all and refuses lone surrogates.
        serde_json::from_str(raw).map(Cow::Owned).map_err(|_| "a string has a wrong escape")
    }

    fn number(&mut self) -> Result<(), Fault> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
        let raw = &rest[..length.count()];
        self.at += raw.len();
        // A plain short integer is what nearly every claim has.
        let plain =
            raw.len() <= 15 && raw.bytes().all(|byte| byte.is_ascii_digit()) && (raw == "0" || !raw.starts_with('0'));
        if plain || serde_json::from_str::<f64>(raw).is_ok_and(f64::is_finite) {
            return Ok(());
        }
        Err("a number is malformed or too big")
    }

    fn literal(&mut self) -> Result<(), Fault> {
        let rest = &self.text[self.at..];
        let found = ["true", "false", "null"].into_iter().find(|literal| rest.starts_with(literal));
        self.at += found.ok_or("a value is none of JSON's")?.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_readers_differ_about_is_refused() {
        let check = |text: &str, good: bool| {
            assert_eq!(Object::parse(text.as_bytes()).is_ok(), good, "{text}");
        };
        check(r#"{}"#, true);
        check(r#" {"a":1,"b":{"a":[1,2.5e3,-0,"x\n",true,null,{}]}} "#, true);
        check(r#"{"a":1,"a":2}"#, false);
        check(r#"{"a":1,"\u0061":2}"#, false);
        check(r#"{"x":[{"y":{"a":1,"a":1}}]}"#, false);
        check("\u{feff}{}", false);
        check("{} {}", false);
        check("{}x", false);
        check("[]", false);
        check("", false);
        check("{", false);
        check(r#"{"a":NaN}"#, false);
        check(r#"{"a":1e400}"#, false);
        check(r#"{"a":01}"#, false);
        check(r#"{"a":1.}"#, false);
        check(r#"{"a":-}"#, false);
        check(r#"{"a":+1}"#, false);
        check(r#"{"a":"\ud800"}"#, false);
        check(r#"{"a":"\ud83d\ude00"}"#, true);
        check(r#"{"a":"\x"}"#, false);
        check("{\"a\":\"\u{1}\"}", false);
        check("{\"a\":\"\n\"}", false);
        check(r#"{"a":1,}"#, false);
        check(r#"{"a":[1,]}"#, false);
        check(r#"{a:1}"#, false);
        check(r#"{"a" 1}"#, false);
        check(r#"{"a":tru}"#, false);
        check(r#"{"a":"\"#, false);
        let deep = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        check(&deep(15), true);
        check(&deep(16), false);
        check(&format!("{{\"a\":{}", "[".repeat(100_000)), false);
        assert!(Object::parse(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn members_are_read_by_name() {
        let object = Object::parse(br#"{"a":"x\/y","\u0062":[ "1" ],"n":12, "z" : {"a":1}}"#).unwrap();
        assert_eq!(object.string("a").unwrap().unwrap(), "x/y");
        assert_eq!(object.strings("b").unwrap().unwrap(), ["1"]);
        assert_eq!(object.raw("n").and_then(integer), Some(12));
        assert_eq!(object.raw("z"), Some(r#"{"a":1}"#));
        assert!(object.string("n").is_err());
        assert!(object.strings("a").is_err());
        assert_eq!(object.string("none").unwrap(), None);
        let cases =
            [("1", Some(1)), ("-1", None), ("1.0", None), ("1e3", None), ("", None), ("99999999999999999999", None)];
        for (raw, expected) in cases {
            assert_eq!(integer(raw), expected, "{raw}");
        }
    }

    /// JSON without duplicates, and not too deep.
    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Into::into),
            ".*".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::btree_map(".*", inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn strings_end_where_the_first_special_byte_is(bytes in prop::collection::vec(any::<u8>(), 0..40), at in 0usize..40, special in 0u8..0x22) {
            let mut bytes = bytes;
            if let (Some(byte), true) = (bytes.get_mut(at), special != 0x21) {
                *byte = if special == 0x20 { b'\\' } else { special };
            }
            let expected = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(bytes.len());
            prop_assert_eq!(plain(&bytes), expected);
        }

        #[test]
        fn whatever_is_well_formed_is_read(members in prop::collection::btree_map(".*", value(), 0..8)) {
            let text = serde_json::to_string(&members).unwrap();
            let object = Object::parse(text.as_bytes()).unwrap();
            for (name, value) in &members {
                let raw = object.raw(name).unwrap();
                prop_assert_eq!(raw, value.to_string());
            }
        }

        #[test]
        fn nothing_passes_that_serde_json_refuses(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if Object::parse(&bytes).is_ok() {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
            }
        }

        #[test]
        fn nor_of_what_looks_like_json(text in r#"[\{\}\[\]:,"a01\\u eE.+-]{0,40}"#) {
            let ours = Object::parse(text.as_bytes()).is_ok();
            let theirs = serde_json::from_str::<std::collections::BTreeMap<String, serde_json::Value>>(&text).is_ok();
            prop_assert!(!ours || theirs, "{}", text);
        }
    }
}
