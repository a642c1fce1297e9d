//! `#[derive(Template)]` and `#[derive(Context)]`.

use covet::template::{Context as _, Engine, ErrorKind, Render};
use covet::{Context, Template};

#[derive(Context, Template)]
#[template(path = "shop.html", folder = "tests/it/templates/as_rust", reload = false)]
struct Shop<'t> {
    title: &'t str,
    links: Vec<Link>,
    books: Vec<Book>,
    note: Option<String>,
    #[context(skip)]
    _unread: std::time::Duration,
}

#[derive(Context)]
struct Link {
    id: u32,
    text: String,
}

#[derive(Context)]
struct Book {
    title: String,
    price: i64,
    stock: u64,
    tags: Vec<String>,
    r#type: Kind,
}

#[derive(Context, Clone, Copy)]
enum Kind {
    #[context(rename = "on paper")]
    Paper,
    Digital,
}

fn shop(stock: u64) -> Shop<'static> {
    let book = |title: &str, price, stock, tags: &[&str], r#type| Book {
        title: title.to_owned(),
        price,
        stock,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        r#type,
    };
    Shop {
        title: "Books <& more>",
        links: vec![Link { id: 1, text: "New".into() }, Link { id: 2, text: "\"Old\"".into() }],
        books: vec![
            book("Emma", 999, stock, &["classic", "<b>"], Kind::Paper),
            book("Sold", 1, 0, &[], Kind::Paper),
            book("Dune", 1205, stock * 2, &[], Kind::Digital),
        ],
        note: None,
        _unread: std::time::Duration::ZERO,
    }
}

/// What the engine makes of the same struct and the same files.
fn at_run_time(shop: &Shop<'_>) -> String {
    let mut engine = Engine::new();
    engine.set_folder(<Shop<'_> as Render>::FOLDER);
    engine.template("shop.html").and_then(|template| template.render(shop)).expect("a page")
}

#[test]
fn a_template_that_is_rust_gives_what_the_engine_gives() {
    for stock in [0, 1, 3] {
        let shop = shop(stock);
        let page = shop.render().expect("a page");
        assert_eq!(page, at_run_time(&shop));
        assert!(page.contains("<title>Books &lt;&amp; more&gt; at Shop</title>"), "{page}");
        assert_eq!(page.contains("sold out"), stock == 0);
    }
}

#[derive(Context, Template)]
#[template(path = "shop.html", folder = "tests/it/templates/as_rust")]
struct Reloaded<'t> {
    title: &'t str,
    links: [Link; 0],
    #[template(dynamic)]
    books: Vec<Book>,
    note: &'t str,
}

#[test]
fn development_reads_the_folder() {
    let page = Reloaded { title: "a", links: [], books: shop(1).books, note: "n" };
    assert_eq!(Reloaded::RELOADS, cfg!(debug_assertions));
    assert_eq!(page.render().expect("a page"), page.render_compiled(&Engine::new()).expect("a page"));
}

#[test]
fn errors_say_where_they_are() {
    let mut broken = shop(1);
    broken.books[0].price = i64::MAX;
    broken.books[2].price = i64::MAX;
    let mut engine = Engine::new();
    engine.budget_mut().output = 100;
    let error = broken.render_compiled(&engine).expect_err("too little room");
    assert_eq!(error.kind(), ErrorKind::Budget);
    assert_eq!(error.places().len(), 1, "{error:#}");
}

#[test]
fn a_context_has_the_names_of_its_fields() {
    let shop = shop(1);
    assert_eq!(shop.names(), ["title", "links", "books", "note"]);
    assert_eq!(shop.books[0].names(), ["title", "price", "stock", "tags", "type"]);
    let mut engine = Engine::new();
    engine
        .add("kinds.txt", "{% for book in books %}{{ book.type }} {{ book.price + 1 }};{% endfor %}{{ note }}")
        .expect("a template");
    let text = engine.template("kinds.txt").and_then(|template| template.render(&shop)).expect("a text");
    assert_eq!(text, "on paper 1000;on paper 2;Digital 1206;None");
}
