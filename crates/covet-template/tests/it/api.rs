//! What applications say to the engine beside templates.

use std::collections::BTreeMap;

use covet_template::{
    AttributeKind, Context, Data, Datum, Engine, Error, ErrorKind, Format, Keywords, Memory, Safe, Vouched,
};

struct Book {
    title: String,
    tags: Vec<&'static str>,
    prices: BTreeMap<String, u64>,
    note: Option<Safe>,
}

impl Context for Book {
    fn names(&self) -> &'static [&'static str] {
        &["title", "tags", "prices", "note"]
    }

    fn field<'a>(&'a self, index: usize, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
        match index {
            0 => self.title.read(memory),
            1 => self.tags.read(memory),
            2 => self.prices.read(memory),
            _ => self.note.read(memory),
        }
    }
}

impl Data for Book {
    fn read<'a>(&'a self, _: Memory<'a>) -> Result<Datum<'a>, Error> {
        Ok(Datum::record(self))
    }
}

struct Shelf {
    books: Vec<Book>,
}

impl Context for Shelf {
    fn names(&self) -> &'static [&'static str] {
        &["books"]
    }

    fn field<'a>(&'a self, _: usize, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
        self.books.read(memory)
    }
}

fn shelf() -> Shelf {
    let prices = BTreeMap::from([("eur".to_owned(), 10), ("all".to_owned(), u64::MAX)]);
    let book = |title: &str, tags: &[&'static str], note| Book {
        title: title.to_owned(),
        tags: tags.to_vec(),
        prices: prices.clone(),
        note,
    };
    Shelf { books: vec![book("Emma <1>", &["b", "a"], None), book("Dune", &[], Some(Safe::new("<i>")))] }
}

#[test]
fn borrowed_data_is_what_its_copy_would_be() {
    let check = |template: &str, expected: &str| {
        let mut engine = Engine::new();
        engine.set_format(Some(Format::Html));
        engine.add("main", template).expect("a template");
        let found = engine.template("main").and_then(|main| main.render(&shelf()));
        assert_eq!(found.unwrap_or_else(|error| panic!("{template}: {error:#}")), expected, "{template}");
    };
    check("{% for b in books %}{{ b.title }}{{ b.note or '-' }};{% endfor %}", "Emma &lt;1&gt;-;Dune<i>;");
    check("{{ books|length }}{{ books[1].title }}{{ books.0.tags[-1] }}{{ books[-1]['title'] }}", "2DuneaDune");
    check("{{ books|map(attribute='title')|join('|') }}", "Emma &lt;1&gt;|Dune");
    check("{{ books|sort(attribute='title')|first|attr('title') }}", "Dune");
    check("{{ books[0].tags|sort|join }}{{ books[0].tags }}", "ab[&#39;b&#39;, &#39;a&#39;]");
    check("{{ books[0].prices.all }} {{ books[0].prices['eur'] + 1 }}", "18446744073709551615 11");
    check("{% for k, v in books[0].prices.items() %}{{ k }}{{ v % 100 }}{% endfor %}", "all15eur10");
    check("{{ books[1] is mapping }}{{ books is sequence }}{{ books[1].tags is iterable }}", "TrueTrueTrue");
    check(
        "{% for b in books if b.tags %}{{ loop.nextitem is defined }}{{ b.title }}{% endfor %}",
        "FalseEmma &lt;1&gt;",
    );
    check("{{ 'a' in books[0].tags }}{{ books[0].tags == ['b', 'a'] }}{{ books[:1]|length }}", "TrueTrue1");
    check("{{ (books[0].tags + ['c'])|join }}{{ books|groupby('title')|length }}", "bac2");
    check("{{ books[0].tags|tojson }}{{ books[0].nope is defined }}", "[\"b\", \"a\"]False");
    check("{% for a, b in [books[0].tags] %}{{ a }}-{{ b }}{% endfor %}{{ '%s' % books[1].tags }}", "b-a[]");
    check("{% macro m(b) %}{{ b.title }}{% endmacro %}{{ m(books[1]) }}{{ m(**{'b': books[1]}) }}", "DuneDune");
}

#[test]
fn what_is_vouched_for_is_trusted_in_its_own_place_only() {
    let check = |template: &str, value: Vouched, expected: &str| {
        let mut engine = Engine::new();
        engine.set_format(Some(Format::Html));
        let found = engine.render_text(template, &BTreeMap::from([("x", value)]));
        assert_eq!(found.unwrap_or_else(|error| panic!("{template}: {error:#}")), expected, "{template}");
    };
    check("<a href=\"{{ x }}\">", Vouched::url("data:a?b&c"), "<a href=\"data:a?b&amp;c\">");
    check("<script src=\"{{ x }}\"></script>", Vouched::url("//a.b/c"), "<script src=\"#blocked\"></script>");
    check(
        "<script src=\"{{ x }}\"></script>",
        Vouched::resource_url("https://a.b/c\"d"),
        "<script src=\"https://a.b/c&#34;d\"></script>",
    );
    check("<script>{{ x }}</script>", Vouched::script("f(1)"), "<script>f(1)</script>");
    check("<p onclick=\"{{ x }}\">", Vouched::script("f(\"1\")"), "<p onclick=\"f(&#34;1&#34;)\">");
    check("<script>'{{ x }}'</script>", Vouched::script("f'"), "<script>'f\\u0027'</script>");
    check("<p style=\"{{ x }}\">", Vouched::style("a: url(\"b\")"), "<p style=\"a: url(&#34;b&#34;)\">");
    check("<style>{{ x }}</style>", Vouched::style("a { b: c }"), "<style>a { b: c }</style>");
    check("<p>{{ x }}</p>{{ x|length }}", Vouched::script("<b>"), "<p>&lt;b&gt;</p>3");
    let mut engine = Engine::new();
    engine.set_format(Some(Format::Html));
    let ends = BTreeMap::from([("x", Vouched::script("'</script>'"))]);
    assert_eq!(engine.render_text("<script>{{ x }}</script>", &ends).unwrap_err().kind(), ErrorKind::Value);
}

#[test]
fn scripts_and_styles_get_the_nonce() {
    let mut engine = Engine::new();
    engine.set_nonce(Some("nonce"));
    engine.set_format(Some(Format::Html));
    let page = "<style>a{}</style>{% if a %}<SCRIPT async>{% endif %}{% if a %}1</SCRIPT>{% endif %}<script nonce=\"b\">\
                </script><scripts><p title='<script>'></p>{% for i in [1] %}<script>{{ i }}</script>{% endfor %}";
    let with = BTreeMap::from([("nonce", "r&1"), ("a", "")]);
    let expected = "<style nonce=\"r&amp;1\">a{}</style><script nonce=\"b\"></script><scripts>\
                    <p title='<script>'></p><script nonce=\"r&amp;1\"> 1 </script>";
    let page = page.replace("{% if a %}<SCRIPT async>{% endif %}{% if a %}1</SCRIPT>{% endif %}", "");
    assert_eq!(engine.render_text(&page, &with).expect("a page"), expected);
    let without = expected.replace(" nonce=\"r&amp;1\"", "");
    assert_eq!(engine.render_text(&page, &BTreeMap::from([("a", "")])).expect("a page"), without);
}

#[test]
fn the_table_of_attributes_grows() {
    let render = |engine: &Engine, template: &str| {
        engine.render_text(template, &BTreeMap::from([("x", "javascript:a")])).expect("a page")
    };
    let mut engine = Engine::new();
    engine.set_format(Some(Format::Html));
    let template = "<p up-target=\"{{ x }}\" up-on-ready=\"{{ x }}\">";
    assert_eq!(render(&engine, template), "<p up-target=\"javascript:a\" up-on-ready=\"javascript:a\">");
    engine.add_attribute("up-on-*", AttributeKind::Script);
    engine.add_attribute("UP-target", AttributeKind::Url);
    let expected = "<p up-target=\"#blocked\" up-on-ready=\"&#34;javascript\\u003Aa&#34;\">";
    assert_eq!(render(&engine, template), expected);
}

#[test]
fn functions_take_arguments_by_name() {
    let mut engine = Engine::new();
    engine.add_function("f", |first: i64, mut named: Keywords| -> Result<i64, Error> {
        let by: Option<i64> = named.take("by")?;
        named.finish()?;
        Ok(first * by.unwrap_or(1))
    });
    engine.add_function("g", |first: i64| first);
    engine.add_filter("times", |value: i64, mut named: Keywords| named.take::<i64>("by").map(|by| value * by));
    let render = |text: &str| engine.render_text(text, &());
    assert_eq!(
        render("{{ f(2) }} {{ f(2, by=3) }} {{ 4|times(by=2) }} {{ [1, 2]|map('times', by=5)|list }}").ok().as_deref(),
        Some("2 6 8 [5, 10]")
    );
    for wrong in ["{{ f(2, bye=3) }}", "{{ g(1, by=2) }}", "{{ f(1, 2) }}", "{{ 4|times }}"] {
        assert_eq!(render(wrong).expect_err(wrong).kind(), ErrorKind::Type, "{wrong}");
    }
}

#[test]
fn a_misspelt_variable_is_recognized() {
    let mut engine = Engine::new();
    engine.add_global("company", "Covet");
    let context = BTreeMap::from([("customer", 1)]);
    let help = |text: &str| engine.render_text(text, &context).unwrap_err().help().map(str::to_owned);
    assert_eq!(help("{{ custommer }}").as_deref(), Some("did you mean `customer`?"));
    assert_eq!(help("{{ compny|upper }}").as_deref(), Some("did you mean `company`?"));
    assert_eq!(help("{% set total = 1 %}{{ totl }}").as_deref(), Some("did you mean `total`?"));
    assert_eq!(help("{{ something_else }}"), None);
}
