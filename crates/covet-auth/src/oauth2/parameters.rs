//! Parameters of OAuth requests (RFC 6749, section 3.1 and appendix B).

use super::error::OAuthError;

/// Parameters of a query or a form: each once; an empty one is none, one that nobody knows is ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    /// The first name that was given twice.
    repeated: Option<String>,
    malformed: bool,
}

impl Parameters {
    /// Reads `application/x-www-form-urlencoded`. Faults are told when the parameters are checked, since
    /// where an error goes depends on them.
    pub fn parse(text: &str) -> Parameters {
        let mut parameters = Parameters::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                parameters.malformed = true;
                continue;
            };
            if parameters.pairs.iter().any(|(known, _)| *known == name) {
                parameters.repeated.get_or_insert(name);
                continue;
            }
            parameters.pairs.push((name, value));
        }
        parameters
    }

    /// A parameter's value, where it has one.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// Whether a parameter was given more than once.
    pub(crate) fn is_repeated(&self, name: &str) -> bool {
        self.repeated.as_deref() == Some(name)
    }

    /// Whether the text was well-formed and had no parameter twice.
    pub(crate) fn check(&self) -> Result<(), OAuthError> {
        if self.malformed {
            return Err(OAuthError::request("the parameters are not application/x-www-form-urlencoded in UTF-8"));
        }
        match &self.repeated {
            // The name is the client's own; only what may stand in a description is repeated.
            Some(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
                Err(OAuthError::request(format!("the parameter {name} is given twice")))
            }
            Some(_) => Err(OAuthError::request("a parameter is given twice")),
            None => Ok(()),
        }
    }

    pub(crate) fn required(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.value(name).ok_or_else(|| OAuthError::request(format!("the parameter {name} is missing")))
    }

    /// The parameters as text again, without some of them.
    pub fn encode_without(&self, left_out: &[&str]) -> String {
        let kept = self.pairs.iter().filter(|(name, value)| !value.is_empty() && !left_out.contains(&name.as_str()));
        let encoded: Vec<String> = kept.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        encoded.join("&")
    }

    /// All names and values that are there.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Without some of them.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Parameters {
        self.pairs.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// With another value, or a new parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Parameters {
        self.pairs.retain(|(known, _)| known != name);
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The inverse of [`encode`]; `None` where an escape is broken or the bytes are not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Percent-encodes all but what is unreserved in every part of a URI (RFC 3986, section 2.3).
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn line_66_each_parameter_stands_once_and_empty_is_absent() {
        let parameters = Parameters::parse("a=1&b=&c=x%26y+z&unknown=9&d");
        assert_eq!(parameters.value("a"), Some("1"));
        assert_eq!((parameters.value("b"), parameters.value("d")), (None, None));
        assert_eq!(parameters.value("c"), Some("x&y z"));
        assert!(parameters.check().is_ok());
        assert_eq!(parameters.encode_without(&["a"]), "c=x%26y%20z&unknown=9");
        for wrong in ["a=1&a=1", "a=1&a=", "a=%zz", "a=%f", "a=%ff", "%a=1"] {
            assert!(Parameters::parse(wrong).check().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_again(text in "\\PC{0,40}") {
            prop_assert_eq!(decode(&encode(&text)), Some(text.clone()));
            let read = Parameters::parse(&format!("state={}", encode(&text)));
            prop_assert_eq!(read.value("state").unwrap_or(""), text);
        }

        #[test]
        fn nothing_makes_the_reader_panic(text in ".{0,200}") {
            let _ = Parameters::parse(&text).check();
        }
    }
}
