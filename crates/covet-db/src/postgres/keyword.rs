//! The words that begin statements, by which it is known what a text will do to its session.
//!
//! It reads a text as PostgreSQL's lexer does, as far as quotes, comments and nesting go, and no further: what it finds
//! decides about counting, resetting and refusing, never about what is sent.

/// What a text says about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits {
    /// There is no statement in it.
    pub(super) empty: bool,
    /// One of its statements begins, ends or divides a transaction.
    pub(super) controls_transactions: bool,
    /// It may leave something behind in the session, such as a setting or a temporary table.
    pub(super) taints: bool,
    /// Its rows are rows that it touched, not rows that it read.
    pub(super) touches_rows: bool,
}

/// Reads a text once, when it is prepared.
pub(super) fn traits(text: &str) -> Traits {
    let mut traits = Traits { empty: true, ..Traits::default() };
    let mut words = Words::new(text);
    let mut first = Place::Start;
    // How deep in the body of a function in standard SQL, whose statements are not ours.
    let mut atomic = 0_u32;
    let mut last = "";
    while let Some(token) = words.next() {
        let Token::Word(word) = token else {
            if token == Token::End && atomic == 0 {
                first = Place::Start;
            }
            continue;
        };
        traits.empty = false;
        traits.taints |= is(word, &LEAVE_SOMETHING);
        if is(word, &["ATOMIC"]) && is(last, &["BEGIN"]) {
            atomic = 1;
        } else if atomic > 0 {
            match word {
                _ if is(word, &["CASE"]) => atomic += 1,
                _ if is(word, &["END"]) => atomic -= 1,
                _ => {}
            }
        } else if first == Place::Start {
            traits.controls_transactions |= is(word, &CONTROL_TRANSACTIONS);
            traits.taints |= is(word, &CHANGE_SESSION);
            traits.touches_rows |= is(word, &TOUCH_ROWS);
            first = if is(word, &["WITH"]) { Place::With } else { Place::Later };
        } else if first == Place::With && words.depth == 0 && is(word, &["SELECT", "VALUES", "TABLE"]) {
            first = Place::Later;
        } else if first == Place::With && words.depth == 0 && is(word, &TOUCH_ROWS) {
            traits.touches_rows = true;
            first = Place::Later;
        } else if is(last, &["PREPARE"]) && is(word, &["TRANSACTION"]) {
            traits.controls_transactions = true;
        }
        last = word;
    }
    traits
}

/// Where in a statement a word stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    With,
    Later,
}

const CONTROL_TRANSACTIONS: [&str; 8] =
    ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"];
const CHANGE_SESSION: [&str; 9] =
    ["SET", "RESET", "LISTEN", "UNLISTEN", "DECLARE", "PREPARE", "DEALLOCATE", "DISCARD", "LOAD"];
const LEAVE_SOMETHING: [&str; 7] = [
    "TEMP",
    "TEMPORARY",
    "set_config",
    "pg_advisory_lock",
    "pg_try_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_try_advisory_lock_shared",
];
const TOUCH_ROWS: [&str; 5] = ["INSERT", "UPDATE", "DELETE", "MERGE", "COPY"];

fn is(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    /// A semicolon.
    End,
}

/// The words of a text without what stands in quotes and comments.
struct Words<'a> {
    text: &'a str,
    position: usize,
    depth: usize,
}

impl<'a> Words<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, position: 0, depth: 0 }
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.position).copied() {
            match byte {
                b'\'' => self.quoted(b'\'', self.has_escapes()),
                b'"' => self.quoted(b'"', false),
                b'$' => self.dollar_quoted(),
                b'-' if bytes.get(self.position + 1) == Some(&b'-') => self.skip_past("\n"),
                b'/' if bytes.get(self.position + 1) == Some(&b'*') => self.comment(),
                b';' => {
                    self.position += 1;
                    self.depth = 0;
                    return Some(Token::End);
                }
                byte if starts_word(byte) => return Some(Token::Word(self.word())),
                byte => {
                    match byte {
                        b'(' => self.depth += 1,
                        b')' => self.depth = self.depth.saturating_sub(1),
                        _ => {}
                    }
                    self.position += 1;
                }
            }
        }
        None
    }

    fn word(&mut self) -> &'a str {
        let rest = self.text.get(self.position..).unwrap_or_default();
        let length =
            rest.bytes().take_while(|byte| starts_word(*byte) || byte.is_ascii_digit() || *byte == b'$').count();
        self.position += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Whether the quote that begins here is one of `E'…'`, where a backslash escapes.
    fn has_escapes(&self) -> bool {
        let before = &self.text.as_bytes()[..self.position];
        matches!(before, [.., b'e' | b'E'])
            && !matches!(before, [.., byte, _] if starts_word(*byte) || byte.is_ascii_digit())
    }

    fn quoted(&mut self, quote: u8, escapes: bool) {
        let bytes = self.text.as_bytes();
        self.position += 1;
        while let Some(byte) = bytes.get(self.position) {
            self.position += 1;
            if *byte == b'\\' && escapes {
                self.position += 1;
            } else if *byte == quote {
                return;
            }
        }
    }

    /// `$tag$ … $tag$`; a `$1` is none.
    fn dollar_quoted(&mut self) {
        let rest = self.text.get(self.position..).unwrap_or_default();
        let tag = rest.get(1..).and_then(|rest| rest.split_once('$')).map(|(tag, _)| tag);
        match tag {
            Some(tag)
                if !tag.starts_with(|c: char| c.is_ascii_digit())
                    && tag.bytes().all(|b| starts_word(b) || b.is_ascii_digit()) =>
            {
                let delimiter = &rest[..tag.len() + 2];
                self.position += delimiter.len();
                self.skip_past(delimiter);
            }
            _ => self.position += 1,
        }
    }

    fn skip_past(&mut self, end: &str) {
        let rest = self.text.get(self.position..).unwrap_or_default();
        self.position += rest.find(end).map_or(rest.len(), |found| found + end.len());
    }

    /// Comments of this kind nest.
    fn comment(&mut self) {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        while let Some(pair) = bytes.get(self.position..self.position + 2) {
            match pair {
                b"/*" => depth += 1,
                b"*/" => depth -= 1,
                _ => {
                    self.position += 1;
                    continue;
                }
            }
            self.position += 2;
            if depth == 0 {
                return;
            }
        }
        self.position = bytes.len();
    }
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, controls: bool, taints: bool, touches: bool) {
        let found = traits(text);
        assert_eq!(
            (found.controls_transactions, found.taints, found.touches_rows),
            (controls, taints, touches),
            "{text}"
        );
    }

    #[test]
    fn transactions_are_seen_wherever_they_begin() {
        for text in [
            "BEGIN",
            " /* a /* b */ */ commit",
            "-- x\n;;Start TRANSACTION",
            "SELECT 1; COMMIT",
            "PREPARE TRANSACTION 'x'",
        ] {
            assert!(traits(text).controls_transactions, "{text}");
        }
        for text in [
            "SELECT 'a; COMMIT'",
            "SELECT E'\\'; COMMIT'",
            "SELECT \"; COMMIT\"",
            "DO $x$ BEGIN; COMMIT; END $x$",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
            "SELECT $1; SELECT $2",
        ] {
            assert!(!traits(text).controls_transactions, "{text}");
        }
    }

    #[test]
    fn what_a_text_does_is_seen() {
        check("SELECT 1", false, false, false);
        check("SET search_path TO x", false, true, false);
        check("CREATE TEMP TABLE t (x int)", false, true, false);
        check("SELECT set_config('a.b', 'c', false)", false, true, false);
        check("INSERT INTO t SELECT 1", false, false, true);
        check("WITH a AS (DELETE FROM t RETURNING x) SELECT * FROM a", false, false, false);
        check("WITH a AS (SELECT 1) UPDATE t SET x = 1", false, false, true);
        check("SELECT * FROM t FOR UPDATE", false, false, false);
        assert!(traits(" -- nothing\n;").empty);
    }

    #[test]
    fn no_text_is_too_broken() {
        for text in ["'", "\"", "$a$", "/*", "E'\\", "$", "--", "é$é", "$é$ x"] {
            traits(text);
        }
    }
}
