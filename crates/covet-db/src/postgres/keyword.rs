//! The words that begin statements, by which it is known what a text will do to its session.

use crate::words::{Lexis, Token, Words, is};

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
    let mut words = Words::new(text, Lexis::Postgres);
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
