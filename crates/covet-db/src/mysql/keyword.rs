//! The words that begin statements, by which it is known what a text will do to its session.

use crate::words::{Lexis, Token, Words, is};

/// What a text says about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits {
    /// There is no statement in it.
    pub(super) empty: bool,
    /// There is more than one.
    pub(super) many: bool,
    /// One of its statements begins, ends or divides a transaction.
    pub(super) controls_transactions: bool,
    /// The server would commit the open transaction before it.
    pub(super) commits: bool,
    /// It may leave something behind in the session, such as a setting or a temporary table.
    pub(super) taints: bool,
    /// Its rows are rows that it touched, not rows that it read.
    pub(super) touches_rows: bool,
}

const CONTROL_TRANSACTIONS: [&str; 7] = ["BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "XA"];
const CHANGE_SESSION: [&str; 9] = ["SET", "USE", "LOCK", "UNLOCK", "PREPARE", "DEALLOCATE", "HANDLER", "FLUSH", "CALL"];
const LEAVE_SOMETHING: [&str; 2] = ["TEMPORARY", "GET_LOCK"];
const COMMIT: [&str; 16] = [
    "ALTER",
    "ANALYZE",
    "CHECK",
    "CREATE",
    "DROP",
    "FLUSH",
    "GRANT",
    "INSTALL",
    "LOCK",
    "OPTIMIZE",
    "RENAME",
    "REPAIR",
    "REVOKE",
    "TRUNCATE",
    "UNINSTALL",
    "UNLOCK",
];

/// Reads a text once, when it is prepared.
pub(super) fn traits(text: &str) -> Traits {
    let mut traits = Traits { empty: true, ..Traits::default() };
    let mut words = Words::new(text, Lexis::Mysql);
    let (mut starts, mut ended, mut last) = (true, false, "");
    while let Some(token) = words.next() {
        let Token::Word(word) = token else {
            (starts, ended) = (true, true);
            continue;
        };
        traits.many |= ended && !traits.empty;
        traits.empty = false;
        traits.taints |= is(word, &LEAVE_SOMETHING);
        if starts {
            traits.controls_transactions |= is(word, &CONTROL_TRANSACTIONS);
            traits.taints |= is(word, &CHANGE_SESSION);
            traits.commits |= is(word, &COMMIT);
            traits.touches_rows |= is(word, &["INSERT", "REPLACE", "UPDATE", "DELETE"]);
        } else if is(word, &["TEMPORARY"]) && is(last, &["CREATE", "DROP"]) {
            traits.commits = false;
        } else if traits.commits && !ended && is(word, &["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"]) {
            // The statements of its body are not ours.
            break;
        }
        starts = false;
        last = word;
    }
    // A user variable is kept in the session.
    traits.taints |= text.contains(":=");
    traits
}

/// The table that a statement writes to, as its text names it.
pub(super) fn target(text: &str) -> Option<&str> {
    let rest = text.trim_start();
    let (first, mut rest) = rest.split_once(char::is_whitespace)?;
    if !is(first, &["INSERT", "REPLACE", "UPDATE"]) {
        return None;
    }
    loop {
        rest = rest.trim_start();
        let end = rest.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(rest.len());
        let word = rest.get(..end)?;
        if !is(word, &["INTO", "IGNORE", "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED"]) {
            let name = word.rsplit('.').next().unwrap_or(word);
            return Some(name.trim_matches('`')).filter(|name| !name.is_empty() && !name.contains('`'));
        }
        rest = rest.get(end..)?;
    }
}

/// An INSERT of one row of values, apart at the row: what stands before it, and the row itself. Several rows may then stand
/// in its place.
pub(super) fn row_of_values(text: &str) -> Option<(&str, &str)> {
    let mut words = Words::new(text, Lexis::Mysql);
    let (mut first, mut last) = (None, ("", 0));
    while let Some(token) = words.next() {
        let Token::Word(word) = token else { return None };
        first.get_or_insert(word);
        last = (word, words.position());
    }
    let (word, end) = last;
    if !is(first?, &["INSERT", "REPLACE"]) || !is(word, &["VALUES", "VALUE"]) {
        return None;
    }
    let (head, row) = (text.get(..end)?, text.get(end..)?.trim());
    let places = row.strip_prefix('(')?.strip_suffix(')')?;
    places.split(',').all(|place| place.trim() == "?").then_some((head, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_does_is_seen() {
        for text in ["BEGIN", " /* a */ commit", "-- x\n;;Start TRANSACTION", "# x\nROLLBACK", "/*!50000 COMMIT */"] {
            assert!(traits(text).controls_transactions, "{text}");
        }
        for text in
            ["SELECT 'a; COMMIT'", "SELECT '\\'; COMMIT'", "SELECT `; COMMIT`", "SELECT 1 --1", "/* ; BEGIN */ DO 1"]
        {
            assert!(!traits(text).controls_transactions && !traits(text).many, "{text}");
        }
        for text in
            ["SET @a = 1", "USE x", "CREATE TEMPORARY TABLE t (x int)", "SELECT GET_LOCK('a', 1)", "SELECT @a := 1"]
        {
            assert!(traits(text).taints, "{text}");
        }
        assert!(traits("CREATE TABLE t (x int)").commits && !traits("CREATE TEMPORARY TABLE t (x int)").commits);
        assert!(traits("SELECT 1; SELECT 2").many && !traits("SELECT 1;").many);
        assert!(traits(" -- nothing\n;").empty);
    }

    #[test]
    fn the_table_that_is_written_to_is_found() {
        for (text, table) in [
            ("INSERT INTO books (id) VALUES (1)", Some("books")),
            ("insert ignore into `shop`.`books`(id) VALUES (1)", Some("books")),
            ("UPDATE books SET x = 1", Some("books")),
            ("REPLACE books VALUES (1)", Some("books")),
            ("SELECT 1", None),
            ("INSERT", None),
        ] {
            assert_eq!(target(text), table, "{text}");
        }
    }

    #[test]
    fn one_row_of_values_is_found() {
        let found = row_of_values("INSERT INTO t (a, b) VALUES (?, ?)");
        assert_eq!(found, Some(("INSERT INTO t (a, b) VALUES", "(?, ?)")));
        for text in [
            "INSERT INTO t (a) VALUES (?) ON DUPLICATE KEY UPDATE a = 1",
            "INSERT INTO t (a) VALUES (?), (?)",
            "INSERT INTO t (a) VALUES (? + 1)",
            "INSERT INTO t (a) VALUES (now())",
            "UPDATE t SET a = ? WHERE b IN (?)",
            "INSERT INTO t (a) SELECT ?",
        ] {
            assert_eq!(row_of_values(text), None, "{text}");
        }
    }
}
