//! `sql!` as users write it.

use covet_db::{Direction, Ident, Sql, sql};

struct Filter<'a> {
    author: Option<&'a str>,
    ids: Vec<i64>,
}

impl<'a> Filter<'a> {
    /// Borrows from what the filter borrows from, not from the filter.
    fn by_author(&self) -> Option<Sql<'a>> {
        self.author.map(|author| sql!("AND author = {author}"))
    }

    fn query(&self) -> Sql<'_> {
        sql!("SELECT id FROM books WHERE id IN ({self.ids*}) {..self.by_author()} AND price < {self.ids[0] + 1}")
    }
}

#[test]
fn parts_outlive_what_made_them() {
    let name = String::from("Le Guin");
    let part = {
        let filter = Filter { author: Some(&name), ids: vec![1, 2, 3] };
        assert_eq!(filter.query().text(), "SELECT id FROM books WHERE id IN (?,?,?,?) AND author = ? AND price < ?");
        filter.by_author()
    };
    assert_eq!(sql!("WHERE 1 = 1 {..part}").text(), "WHERE 1 = 1 AND author = ?");
}

#[test]
fn names_mean_what_they_mean_where_they_are_written() {
    macro_rules! wrapper {
        ($($tokens:tt)*) => {{
            #[expect(unused_variables, reason = "it must not be seen from inside the statement")]
            let id = "wrong";
            sql!($($tokens)*)
        }};
    }
    macro_rules! literal {
        ($text:literal) => {
            sql!($text)
        };
    }
    let id = 7;
    assert_eq!(wrapper!("a = {id}").text(), "a = ?");
    assert_eq!(literal!("a = {id}").text(), "a = ?");
    let (template, args) = (1, 2);
    assert_eq!(sql!("{template} {args} {{}}").text(), "? ? {}");
}

#[test]
fn raw_strings_escapes_and_line_ends() {
    let a = 1;
    assert_eq!(sql!(r#"SELECT "a" || '}' || {a}"#).text(), r#"SELECT "a" || '}' || ?"#);
    assert_eq!(sql!("SELECT \"a\\\" || {a}").text(), "SELECT \"a\\\" || ?");
    assert_eq!(
        sql!(
            "SELECT 1 \
         + {a}",
        )
        .text(),
        "SELECT 1 + ?"
    );
}

#[test]
fn debug_shows_text_and_no_value() {
    let secret = "hunter2";
    let direction = Direction::Descending;
    let column = Ident::new("a\"b").unwrap();
    let sql = sql!("SELECT * FROM t WHERE a = {secret} ORDER BY {..column} {..direction}");
    assert_eq!(format!("{sql:?}"), r#"Sql("SELECT * FROM t WHERE a = ? ORDER BY \"a\"\"b\" DESC")"#);
}
