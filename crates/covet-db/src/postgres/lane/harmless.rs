//! Which texts may go on a lane: one SELECT that can neither write, lock, wait nor change its session, as far as its text
//! tells. Whatever is not understood is not harmless.

/// Words that may stand before a parenthesis without calling anything but what the standard defines.
const BEFORE_PARENTHESIS: &[&str] = &[
    "ALL",
    "AND",
    "ANY",
    "ARRAY",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COALESCE",
    "DISTINCT",
    "ELSE",
    "EXCEPT",
    "EXISTS",
    "FILTER",
    "FROM",
    "GREATEST",
    "GROUP",
    "HAVING",
    "ILIKE",
    "IN",
    "INTERSECT",
    "JOIN",
    "LATERAL",
    "LEAST",
    "LIKE",
    "LIMIT",
    "MATERIALIZED",
    "NOT",
    "NULLIF",
    "OFFSET",
    "ON",
    "OR",
    "OVER",
    "ROW",
    "SELECT",
    "SOME",
    "THEN",
    "UNION",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "BIT",
    "CHAR",
    "CHARACTER",
    "DEC",
    "DECIMAL",
    "FLOAT",
    "NUMERIC",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "VARCHAR",
    "VARYING",
];

/// Functions that come with the server, read nothing but their arguments and the clock, and take about as long as their
/// arguments are large.
const FUNCTIONS: &[&str] = &[
    "abs",
    "age",
    "array_agg",
    "array_append",
    "array_cat",
    "array_length",
    "array_position",
    "array_to_string",
    "ascii",
    "avg",
    "bit_length",
    "bool_and",
    "bool_or",
    "btrim",
    "cardinality",
    "ceil",
    "ceiling",
    "char_length",
    "character_length",
    "chr",
    "clock_timestamp",
    "concat",
    "concat_ws",
    "count",
    "cume_dist",
    "date",
    "date_bin",
    "date_part",
    "date_trunc",
    "decode",
    "dense_rank",
    "div",
    "encode",
    "every",
    "exp",
    "extract",
    "first_value",
    "floor",
    "format",
    "gen_random_uuid",
    "initcap",
    "int4",
    "int8",
    "json_agg",
    "json_array_length",
    "json_build_array",
    "json_build_object",
    "json_object_agg",
    "jsonb_agg",
    "jsonb_array_length",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_extract_path",
    "jsonb_extract_path_text",
    "jsonb_object_agg",
    "jsonb_typeof",
    "justify_days",
    "justify_hours",
    "justify_interval",
    "lag",
    "last_value",
    "lead",
    "left",
    "length",
    "ln",
    "log",
    "lower",
    "ltrim",
    "make_date",
    "make_interval",
    "make_time",
    "make_timestamp",
    "make_timestamptz",
    "max",
    "md5",
    "min",
    "mod",
    "now",
    "nth_value",
    "ntile",
    "octet_length",
    "overlay",
    "percent_rank",
    "pi",
    "plainto_tsquery",
    "position",
    "power",
    "random",
    "rank",
    "replace",
    "reverse",
    "right",
    "round",
    "row_number",
    "row_to_json",
    "rtrim",
    "sign",
    "split_part",
    "sqrt",
    "starts_with",
    "statement_timestamp",
    "stddev",
    "string_agg",
    "string_to_array",
    "strpos",
    "substr",
    "substring",
    "sum",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_number",
    "to_timestamp",
    "to_tsquery",
    "to_tsvector",
    "transaction_timestamp",
    "translate",
    "trim",
    "trunc",
    "ts_rank",
    "unnest",
    "upper",
    "variance",
    "websearch_to_tsquery",
    "width_bucket",
];

/// Words that make a text another kind of statement, or lock, wherever they stand.
const NEVER: &[&str] =
    &["ANALYZE", "CALL", "COPY", "DELETE", "FOR", "INSERT", "INTO", "LOCK", "MERGE", "TABLESAMPLE", "UPDATE"];

/// What stood before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before<'a> {
    Word {
        word: &'a str,
        is_qualified: bool,
    },
    /// A name in quotes.
    Name,
    Dot,
    Other,
}

/// Whether a text may go on a lane.
pub(super) fn is_harmless(text: &str) -> bool {
    let mut rest = text.trim_start();
    if !starts_with_word(rest, "SELECT") && !starts_with_word(rest, "WITH") {
        return false;
    }
    let mut before = Before::Other;
    loop {
        let Some(byte) = rest.bytes().next() else {
            return true;
        };
        let length = match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            byte if starts_word(byte) => {
                let length = rest.bytes().take_while(|byte| starts_word(*byte) || byte.is_ascii_digit()).count();
                let Some(word) = rest.get(..length) else {
                    return false;
                };
                // A quote right behind a word belongs to it: `E'…'`, `U&"…"`.
                let next = rest.as_bytes().get(length);
                if is_refused(word) || matches!(next, Some(b'\'' | b'"' | b'&' | b'$')) {
                    return false;
                }
                before = Before::Word { word, is_qualified: before == Before::Dot };
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            b'\'' => match quoted(rest, b'\'') {
                Some(length) => length,
                None => return false,
            },
            b'"' => match quoted(rest, b'"') {
                Some(length) => {
                    before = Before::Name;
                    rest = rest.get(length..).unwrap_or_default();
                    continue;
                }
                None => return false,
            },
            b'$' => {
                let digits = rest.bytes().skip(1).take_while(u8::is_ascii_digit).count();
                if digits == 0 {
                    return false;
                }
                digits + 1
            }
            b'(' if !may_open(before) => return false,
            b'-' if rest.starts_with("--") => return false,
            b'/' if rest.starts_with("/*") => return false,
            b';' => return rest.get(1..).unwrap_or_default().trim().is_empty(),
            b'\\' | b'{' | b'}' => return false,
            _ => 1,
        };
        before = if byte == b'.' { Before::Dot } else { Before::Other };
        let Some(after) = rest.get(length..) else {
            return false;
        };
        rest = after;
    }
}

/// Whether a parenthesis that opens behind this calls nothing unknown.
fn may_open(before: Before<'_>) -> bool {
    match before {
        Before::Word { is_qualified: true, .. } | Before::Name | Before::Dot => false,
        Before::Word { word, .. } => {
            let is = |known: &&str| word.eq_ignore_ascii_case(known);
            BEFORE_PARENTHESIS.iter().any(is) || FUNCTIONS.iter().any(is)
        }
        Before::Other => true,
    }
}

/// The system's own tables are views of functions, and not short.
fn is_refused(word: &str) -> bool {
    NEVER.iter().any(|never| word.eq_ignore_ascii_case(never))
        || word.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("pg_"))
        || word.eq_ignore_ascii_case("information_schema")
}

/// The length of what stands in quotes; none where it does not end, or has a backslash in it.
fn quoted(text: &str, quote: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut position = 1;
    loop {
        match bytes.get(position)? {
            b'\\' => return None,
            byte if *byte == quote && bytes.get(position + 1) == Some(&quote) => position += 2,
            byte if *byte == quote => return Some(position + 1),
            _ => position += 1,
        }
    }
}

fn starts_with_word(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        && !text.as_bytes().get(word.len()).is_some_and(|byte| starts_word(*byte) || byte.is_ascii_digit())
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_alone_is_harmless() {
        for text in [
            "SELECT id, title FROM books WHERE id = $1",
            " select * from \"Odd name\" as b where b.\"x\" = 'a''; b' ;",
            "SELECT count(*), lower (title) FROM books b JOIN authors a ON (a.id = b.author) GROUP BY 2",
            "WITH a AS (SELECT 1 AS x), b AS MATERIALIZED (SELECT 2) SELECT * FROM a, b WHERE x IN (1, 2)",
            "SELECT x::numeric(9,2), CAST(y AS varchar(3)), coalesce(z, 1) FROM t ORDER BY x LIMIT 10 OFFSET $2",
            "SELECT rank() OVER (PARTITION BY a) FROM t WHERE id = ANY($1) AND NOT (a OR b)",
            "SELECT 'für FOR UPDATE' FROM bücher",
        ] {
            assert!(is_harmless(text), "{text}");
        }
    }

    #[test]
    fn what_may_do_more_is_not() {
        for text in [
            "",
            "INSERT INTO t VALUES (1)",
            "EXPLAIN SELECT 1",
            "VALUES (1)",
            "SELECTED",
            "SELECT * FROM t FOR UPDATE",
            "SELECT * FROM t\nfor no key update skip locked",
            "SELECT * INTO u FROM t",
            "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
            "WITH a AS (UPDATE t SET x = 1 RETURNING *) SELECT * FROM a",
            "SELECT nextval('s')",
            "SELECT set_config('a', 'b', false)",
            "SELECT pg_sleep(1)",
            "SELECT \"pg_sleep\"(1)",
            "SELECT mine.lower('x')",
            "SELECT mine . lower ('x')",
            "SELECT my_function(1)",
            "SELECT t.\"f\" (1) FROM t",
            "SELECT * FROM pg_locks",
            "SELECT * FROM information_schema.tables",
            "SELECT 1; SELECT 2",
            "SELECT E'\\'; DROP TABLE t; --'",
            "SELECT '\\' || pg_sleep(9) || '",
            "SELECT U&\"d\\0061t\" (1)",
            "SELECT $$; $$",
            "SELECT $a$x$a$",
            "SELECT 1 -- FOR UPDATE",
            "SELECT /* */ 1",
            "SELECT 'open",
            "SELECT generate_series(1, 1000000000)",
            "SELECT repeat('x', 1000000000)",
            "SELECT current_setting('x')",
            "SELECT dblink('x')",
            "SELECT $1f(1)",
        ] {
            assert!(!is_harmless(text), "{text}");
        }
    }
}
