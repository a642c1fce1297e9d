//! Pages from templates, problems as pages, and the files of pages.

use covet::test::{Answer, Client};
use covet::{App, Path, Problem, Redirect, Templates, assets, get, post, routes, templates};

/// A book.
#[covet::model(output)]
struct Book {
    title: String,
}

/// The shelf.
#[covet::view("shelf.html")]
struct Shelf {
    title: String,
    books: Vec<Book>,
}

/// Why there is no shelf.
#[derive(Problem)]
enum ShelfError {
    /// No shelf has this number.
    #[problem(status = 404, detail = "shelf <{id}> is not there")]
    NotFound { id: u8 },
    /// It is broken.
    #[problem(status = 500)]
    Broken(std::io::Error),
}

/// Show a shelf.
#[get("/shelves/{id}")]
async fn shelf(id: Path<u8>) -> Result<Shelf, ShelfError> {
    match *id {
        1 => {
            let books = vec![Book { title: "<Emma>".into() }, Book { title: "Persuasion".into() }];
            Ok(Shelf { title: "Austen & co".into(), books })
        }
        2 => Err(ShelfError::Broken(std::io::Error::other("the secret reason"))),
        id => Err(ShelfError::NotFound { id }),
    }
}

/// Empty a shelf.
#[post("/shelves")]
async fn empty() -> Redirect {
    Redirect::to("/shelves/1")
}

/// A book as data.
#[get("/api/book")]
async fn book() -> Result<covet::Json<Book>, ShelfError> {
    Err(ShelfError::NotFound { id: 0 })
}

/// What a browser accepts.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

fn app(templates: Templates) -> App {
    App::new("Shelves", "1").templates(templates).assets(assets!("tests/it/static")).routes(routes![shelf, empty, book])
}

fn client(templates: Templates) -> Client {
    Client::new(app(templates)).unwrap()
}

async fn browse(client: &Client, target: &str) -> Answer {
    client.get(target).header("accept", BROWSER).send().await
}

#[tokio::test]
async fn a_page_is_its_template_with_the_fields_as_variables() {
    let client = client(templates!("tests/it/templates").development(false));
    let page = browse(&client, "/shelves/1").await;
    assert_eq!((page.status().as_u16(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let text = page.text();
    assert!(text.contains("<title>Austen &amp; co</title>"), "{text}");
    assert!(text.contains("<p>&lt;Emma&gt;</p>") && text.contains("<p>Persuasion</p>"), "{text}");
    assert!(text.contains(r#"let title = "Austen \u0026 co";"#), "{text}");

    let policy = page.header("content-security-policy").unwrap();
    let nonce = text.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(nonce.len() >= 32 && policy.contains(&format!("script-src 'self' 'nonce-{nonce}'")), "{policy}");
    assert!(!browse(&client, "/shelves/1").await.text().contains(nonce), "the nonce is used twice");

    let content = &client.openapi()["paths"]["/shelves/{id}"]["get"]["responses"]["200"]["content"];
    assert_eq!(content["text/html"]["schema"]["type"], "string");
    assert_eq!(client.get("/shelves/1").header("accept", "application/json").send().await.status(), 406);
}

#[tokio::test]
async fn pages_that_take_no_nonce_have_none_in_their_policy() {
    let check = async |template: &'static [(&'static str, &'static str)], expected: bool| {
        let client = client(Templates::in_memory(template).development(false));
        let page = browse(&client, "/shelves/1").await;
        assert_eq!(page.status(), 200, "{page:?}");
        let policy = page.header("content-security-policy").unwrap();
        assert_eq!(policy.contains("script-src 'self' 'nonce-"), expected, "{policy}");
        assert!(policy.contains("script-src 'self'") && !policy.contains("{nonce}"), "{policy}");
    };
    check(&[("shelf.html", "<p>{{ title }}</p>")], false).await;
    check(&[("shelf.html", "<p>{{ title }}</p><script nonce=\"{{ csp_nonce }}\"></script>")], true).await;
    check(&[("shelf.html", "{% include 'a' ~ 'b' %}"), ("ab", "{{ csp_nonce|default('') }}")], true).await;
}

#[tokio::test]
async fn problems_are_pages_for_those_who_like_pages() {
    let client = client(templates!("tests/it/templates").development(false));
    let check = async |target: &str, accept: &str, status: u16, expected: &str| {
        let answer = client.get(target).header("accept", accept).send().await;
        assert_eq!(answer.status(), status, "{target} {accept}");
        assert!(answer.text().contains(expected), "{target} {accept} {answer:?}");
        answer
    };
    let page = check("/shelves/7", BROWSER, 404, "<p>shelf &lt;7&gt; is not there</p>").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("vary"), Some("Accept"));
    assert!(page.header("content-security-policy").unwrap().contains("style-src 'nonce-"));
    check("/nowhere", BROWSER, 404, "<h1>Nothing is served at this path</h1>").await;
    check("/shelves/many", BROWSER, 422, "<code>id</code>").await;
    let broken = check("/shelves/2", BROWSER, 500, "<h1>It is broken</h1>").await;
    assert!(!broken.text().contains("secret"), "{broken:?}");
    let wrong = client.request(covet::http::Method::PUT, "/shelves").header("accept", BROWSER).send().await;
    assert_eq!((wrong.status().as_u16(), wrong.header("allow")), (405, Some("POST, OPTIONS")));
    assert!(wrong.text().contains("<p class=\"status\">405</p>"), "{wrong:?}");

    for accept in ["*/*", "application/json", "application/problem+json, text/html;q=0.5"] {
        check("/nowhere", accept, 404, r#""type":"/problems/not-found""#).await;
    }
    // What answers JSON answers its problems as JSON, to a browser too.
    check("/api/book", BROWSER, 404, r#""type":"/problems/shelf-not-found""#).await;
}

#[tokio::test]
async fn the_app_has_the_look_of_its_problems() {
    let templates = &[
        (
            "error.html",
            "{% extends 'frame.html' %}{% block body %}{{ problem.status }} {{ problem.title }}{% endblock %}",
        ),
        ("frame.html", "<main>{% block body %}{% endblock %}</main>"),
        ("shelf.html", "{{ title }}{{ books|length }}"),
    ];
    let client = client(Templates::in_memory(templates));
    let page = browse(&client, "/nowhere").await;
    assert_eq!(page.text(), "<main>404 Nothing is served at this path</main>");

    let templates = &[("error.html", "{{ problem.status.x.y }}"), ("shelf.html", "")];
    let client = Client::new(app(Templates::in_memory(templates))).unwrap();
    let page = browse(&client, "/nowhere").await;
    assert!(page.text().contains("<h1>Nothing is served at this path</h1>"), "{page:?}");
}

/// The sum of numbers that may not be numbers.
#[covet::view("sum.html")]
struct Sum {
    sum: Option<i64>,
}

/// Sum.
#[get("/sum")]
async fn sum() -> Sum {
    Sum { sum: None }
}

#[tokio::test]
async fn an_error_in_a_template_is_shown_to_its_author_alone() {
    static TEMPLATES: &[(&str, &str)] =
        &[("sum.html", "<p>\n{% include 'part.html' %}\n"), ("part.html", "a\nb\n\t{{ sum + '<1>' }}\nc\n")];
    let answer = async |development: bool| {
        let templates = Templates::in_memory(TEMPLATES).development(development);
        let client = Client::new(App::new("Sums", "1").templates(templates).routes(routes![sum])).unwrap();
        browse(&client, "/sum").await
    };
    let page = answer(true).await;
    assert_eq!(page.status(), 500);
    let text = page.text();
    assert!(text.contains("<figcaption>part.html:3:5</figcaption>"), "{text}");
    assert!(text.contains("<figcaption>reached from sum.html:2:1</figcaption>"), "{text}");
    assert!(text.contains("{{ sum + &#39;&lt;1&gt;&#39; }}"), "{text}");
    assert!(text.contains("<b>1</b>a") && text.contains("<b>4</b>c"), "{text}");
    assert!(text.contains("<b> </b>\t   ^"), "{text}");

    let page = answer(false).await;
    assert_eq!(page.status(), 500);
    assert!(page.text().contains("<h1>The server failed</h1>") && !page.text().contains("part.html"), "{page:?}");
}

#[test]
fn wrong_templates_are_faults_of_the_start() {
    let faults = |templates: &'static [(&'static str, &'static str)]| {
        let error = app(Templates::in_memory(templates)).build().unwrap_err();
        let faults: Vec<String> = error.start_faults().iter().map(|fault| fault.message()).collect();
        faults.join("\n")
    };
    let check = |templates, expected: &str| {
        let found = faults(templates);
        assert!(found.contains(expected), "{found}");
        assert!(found.contains("views::shelf"), "{found}");
    };
    check(&[], "there is no template `shelf.html`");
    check(&[("shelf.html", "{% extends 'fame.html' %}")], "--> shelf.html:1:12");
    check(&[("shelf.html", "{{ title|uper }}")], "did you mean `upper`?");
    check(&[("shelf.html", "<a {{ title }}>")], "a value cannot be the name of an attribute");
    check(
        &[("shelf.html", "{{ titel }}{{ csp_nonce }}{{ books }}")],
        "the template `shelf.html` takes `titel`, which `Shelf` does not have; it has `title`, `books`",
    );
    let found = faults(&[("shelf.html", ""), ("error.html", "{{ user }}")]);
    assert!(found.contains("the template `error.html` takes `user`"), "{found}");

    let error = App::new("Sums", "1").routes(routes![sum]).build().unwrap_err();
    assert!(error.to_string().contains("add it with .templates(…)"), "{error}");
}

#[tokio::test]
async fn a_change_is_seen_in_development() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("sum.html"), text).unwrap();
    write("one");
    let templates = Templates::in_folder(folder.path()).development(true);
    let client = Client::new(App::new("Sums", "1").templates(templates).routes(routes![sum])).unwrap();
    assert_eq!(browse(&client, "/sum").await.text(), "one");
    write("two");
    assert_eq!(browse(&client, "/sum").await.text(), "two");
    write("{{ sun }}");
    let page = browse(&client, "/sum").await;
    assert!(page.text().contains("`sun` is undefined"), "{page:?}");
}
