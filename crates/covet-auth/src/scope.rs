//! The `scope` parameter (RFC 6749, section 3.3).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// A set of scope tokens. Order and repetition do not count, as the RFC says.
///
/// ```
/// use covet_auth::Scope;
///
/// let asked: Scope = "books:write orders:read".parse()?;
/// let granted: Scope = "orders:read profile".parse()?;
/// assert!(asked.contains("books:write"));
/// assert_eq!(asked.intersection(&granted).to_string(), "orders:read");
/// # Ok::<(), covet_auth::ScopeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Scope(BTreeSet<String>);

/// Why a text is not a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeError {
    /// There is no token, or there are two spaces in a row, or one at an end.
    EmptyToken,
    /// A character that no token may have, at this byte: only printable ASCII without space, `"` and `\` is allowed.
    ForbiddenCharacter {
        /// The offset in bytes.
        at: usize,
    },
}

impl Scope {
    /// Whether a token is in the set.
    pub fn contains(&self, token: &str) -> bool {
        self.0.contains(token)
    }

    /// Whether every token of the other set is in this one.
    pub fn includes(&self, other: &Scope) -> bool {
        other.0.is_subset(&self.0)
    }

    /// The tokens that both sets have: what a client may get of what it asks for.
    pub fn intersection(&self, other: &Scope) -> Scope {
        Scope(self.0.intersection(&other.0).cloned().collect())
    }

    /// The tokens that either set has.
    #[must_use]
    pub fn union(&self, other: &Scope) -> Scope {
        Scope(self.0.union(&other.0).cloned().collect())
    }

    /// The set without one token.
    #[must_use]
    pub fn without(&self, token: &str) -> Scope {
        Scope(self.0.iter().filter(|own| *own != token).cloned().collect())
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tokens, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    /// # Errors
    /// [`ScopeError`] where the text is not `scope-token *( SP scope-token )`.
    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if let Some(at) = text.bytes().position(|byte| !matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~')) {
            return Err(ScopeError::ForbiddenCharacter { at });
        }
        if text.split(' ').any(str::is_empty) {
            return Err(ScopeError::EmptyToken);
        }
        Ok(Scope(text.split(' ').map(str::to_owned).collect()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{token}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScopeError::EmptyToken => f.write_str("a scope has tokens with one space between them"),
            ScopeError::ForbiddenCharacter { at } => write!(f, "the scope has a forbidden character at byte {at}"),
        }
    }
}

impl std::error::Error for ScopeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_grammar_is_taken() {
        let check = |text: &str, expected: Result<&str, ScopeError>| {
            let found = text.parse::<Scope>().map(|scope| scope.to_string());
            assert_eq!(found.as_deref().map_err(Clone::clone), expected, "{text:?}");
        };
        check("b a b", Ok("a b"));
        check("books:write/own!~", Ok("books:write/own!~"));
        check("", Err(ScopeError::EmptyToken));
        check(" a", Err(ScopeError::EmptyToken));
        check("a  b", Err(ScopeError::EmptyToken));
        check("a\"b", Err(ScopeError::ForbiddenCharacter { at: 1 }));
        check("a\\", Err(ScopeError::ForbiddenCharacter { at: 1 }));
        check("a\tb", Err(ScopeError::ForbiddenCharacter { at: 1 }));
        check("ü", Err(ScopeError::ForbiddenCharacter { at: 0 }));
    }

    #[test]
    fn sets_compare_without_order() {
        let scope = |text: &str| text.parse::<Scope>().unwrap();
        assert!(scope("a b c").includes(&scope("c a")));
        assert!(!scope("a").includes(&scope("a b")));
        assert!(scope("a").intersection(&scope("b")).is_empty());
    }
}
