//! The words of a text, read as a database's own lexer does, as far as quotes, comments and nesting go, and no further:
//! what is found decides about counting, resetting and refusing, never about what is sent.

/// Whose quotes and comments a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lexis {
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "mysql")]
    Mysql,
}

/// Whether it is one of these, in capitals or not.
pub(crate) fn is(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Word(&'a str),
    /// A semicolon.
    End,
}

/// The words of a text without what stands in quotes and comments.
pub(crate) struct Words<'a> {
    text: &'a str,
    lexis: Lexis,
    position: usize,
    /// How many parentheses are open.
    pub(crate) depth: usize,
}

impl<'a> Words<'a> {
    pub(crate) fn new(text: &'a str, lexis: Lexis) -> Self {
        Self { text, lexis, position: 0, depth: 0 }
    }

    pub(crate) fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.position).copied() {
            match byte {
                b'\'' => self.quoted(b'\'', self.has_escapes()),
                b'"' => self.quoted(b'"', !self.is_postgres()),
                b'`' if !self.is_postgres() => self.quoted(b'`', false),
                b'$' if self.is_postgres() => self.dollar_quoted(),
                b'#' if !self.is_postgres() => self.skip_past("\n"),
                b'-' if bytes.get(self.position + 1) == Some(&b'-') && self.begins_comment() => self.skip_past("\n"),
                b'/' if self.is_executed_comment() => {
                    self.position += if bytes[self.position + 2] == b'!' { 3 } else { 4 }
                }
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

    /// How far it has read.
    #[cfg(feature = "mysql")]
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    fn word(&mut self) -> &'a str {
        let rest = self.text.get(self.position..).unwrap_or_default();
        let length =
            rest.bytes().take_while(|byte| starts_word(*byte) || byte.is_ascii_digit() || *byte == b'$').count();
        self.position += length;
        rest.get(..length).unwrap_or_default()
    }

    fn is_postgres(&self) -> bool {
        #[cfg(feature = "postgres")]
        {
            self.lexis == Lexis::Postgres
        }
        #[cfg(not(feature = "postgres"))]
        false
    }

    /// Whether two dashes begin a comment: on MySQL only with a space behind them.
    fn begins_comment(&self) -> bool {
        let behind = self.text.as_bytes().get(self.position + 2);
        self.is_postgres() || behind.is_none_or(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control())
    }

    /// `/*! … */` and `/*M! … */`, whose text MySQL and MariaDB run.
    fn is_executed_comment(&self) -> bool {
        let rest = self.text.as_bytes().get(self.position..).unwrap_or_default();
        !self.is_postgres() && (rest.starts_with(b"/*!") || rest.starts_with(b"/*M!"))
    }

    /// Whether a backslash escapes in the quote that begins here: on PostgreSQL only in `E'…'`.
    fn has_escapes(&self) -> bool {
        if !self.is_postgres() {
            return true;
        }
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

    /// Comments of this kind nest on PostgreSQL.
    fn comment(&mut self) {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        while let Some(pair) = bytes.get(self.position..self.position + 2) {
            match pair {
                b"/*" if depth == 0 || self.is_postgres() => depth += 1,
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
