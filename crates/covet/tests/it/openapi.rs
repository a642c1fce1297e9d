//! The document.

use covet::test::Client;
use covet::{App, Created, Header, Json, NoContent, Page, Path, Query, get, post, routes};
use serde_json::{Value, json};

/// A book.
#[covet::model]
struct Book {
    /// The number.
    #[serde(skip_deserializing)]
    id: i64,
    /// The title.
    #[check(length(min = 1, max = 200))]
    title: String,
    #[serde(default)]
    tags: Vec<String>,
}

/// A shelf of books.
#[covet::model]
struct Shelf {
    books: Vec<Book>,
}

/// The order.
#[covet::model]
#[serde(rename_all = "lowercase")]
enum Sort {
    Title,
    Price,
}

/// What to look for.
#[covet::model]
struct Filter {
    author: Option<String>,
    min: Option<i64>,
}

/// Which books.
#[covet::model]
struct Search {
    /// A part of the title.
    q: Option<String>,
    sort: Option<Sort>,
    filter: Option<Filter>,
    #[serde(default)]
    tag: Vec<String>,
    #[check(range(min = 1, max = 100))]
    limit: u32,
}

/// List books.
///
/// The *newest* come first.
#[get("/books", tag = "books")]
async fn list(search: Query<Search>, x_client: Header<Option<String>>) -> Page<Book> {
    let _ = (search.q.is_some(), &search.tag, search.limit, search.sort.is_some(), search.filter.is_some(), &*x_client);
    let _ = search.filter.as_ref().map(|filter| (&filter.author, filter.min));
    Page { items: Vec::new(), next: None, prev: None }
}

/// Add a book.
#[post("/books", tag = "books", operation_id = "addBook")]
async fn add(book: Json<Book>) -> Created<Book> {
    Created::at("/books/1", book.0)
}

/// Put a shelf up.
#[post("/shelves")]
#[deprecated]
async fn shelve(shelf: Json<Shelf>) -> Json<Shelf> {
    shelf
}

/// A book.
#[get("/books/{id}")]
async fn book(id: Path<i64>) -> Json<Book> {
    Json(Book { id: *id, title: "Emma".into(), tags: Vec::new() })
}

fn app() -> App {
    App::new("Shop", "2.1.0").description("A *shop*.").routes(routes![list, add, shelve, book])
}

fn document() -> Value {
    app().build().unwrap().openapi().clone()
}

#[test]
fn the_document_says_what_the_signatures_say() {
    let document = document();
    let list = &document["paths"]["/books"]["get"];
    assert_eq!(document["openapi"], "3.1.1");
    assert_eq!(document["info"], json!({ "title": "Shop", "version": "2.1.0", "description": "A *shop*." }));
    assert_eq!(
        (&list["summary"], &list["description"], &list["operationId"], &list["tags"]),
        (&json!("List books"), &json!("The *newest* come first."), &json!("list"), &json!(["books"]))
    );
    let parameter = |name: &str| {
        list["parameters"].as_array().unwrap().iter().find(|parameter| parameter["name"] == name).unwrap().clone()
    };
    assert_eq!(parameter("q")["description"], "A part of the title.");
    assert_eq!((&parameter("q")["required"], &parameter("limit")["required"]), (&false.into(), &true.into()));
    assert_eq!(parameter("limit")["schema"]["maximum"], 100);
    assert_eq!((&parameter("filter")["style"], &parameter("filter")["explode"]), (&json!("deepObject"), &json!(true)));
    assert_eq!(parameter("x-client")["in"], "header");
    assert_eq!(document["paths"]["/books"]["post"]["operationId"], "addBook");
    assert_eq!(document["paths"]["/shelves"]["post"]["deprecated"], true);
    let statuses: Vec<&String> = document["paths"]["/books"]["post"]["responses"].as_object().unwrap().keys().collect();
    assert_eq!(statuses, ["201", "400", "406", "408", "413", "414", "415", "422", "431", "500", "503"]);
}

#[test]
fn a_type_that_is_read_otherwise_than_written_has_two_names() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let of = |pointer: &str| document.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
    let body = of("/paths/~1books/post/requestBody/content/application~1json/schema/$ref");
    let answer = of("/paths/~1books/post/responses/201/content/application~1json/schema/$ref");
    assert_eq!((body, answer), (&json!("#/components/schemas/BookInput"), &json!("#/components/schemas/Book")));
    assert_eq!(schemas["ShelfInput"]["properties"]["books"]["items"]["$ref"], "#/components/schemas/BookInput");
    assert_eq!(schemas["Shelf"]["properties"]["books"]["items"]["$ref"], "#/components/schemas/Book");
    assert!(schemas["BookInput"]["properties"].get("id").is_none());
    assert_eq!(schemas["Book"]["properties"]["title"]["maxLength"], 200);
    assert!(schemas.get("SortInput").is_none() && schemas.get("Sort").is_some(), "one schema, one name");
    assert!(!document.to_string().contains("x-covet"));
}

#[tokio::test]
async fn it_is_served_as_json_and_as_yaml() {
    let client = Client::new(app()).unwrap();
    let answer = client.get("/openapi.json").send().await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json::<Value>(), document());
    let answer = client.get("/openapi.yaml").send().await;
    assert_eq!(answer.header("content-type"), Some("application/yaml"));
    assert!(answer.text().starts_with("openapi: \"3.1.1\"\n"), "{}", answer.text());
}

mod faults {
    use super::*;

    mod other {
        /// Another book.
        #[covet::model]
        pub(super) struct Book {
            pub(super) isbn: String,
        }
    }

    /// The same schema name.
    #[get("/other")]
    async fn other_book() -> Json<other::Book> {
        Json(other::Book { isbn: String::new() })
    }

    /// The same schema name, only read.
    #[post("/other")]
    async fn read_other(book: Json<other::Book>) -> NoContent {
        let _ = &book.isbn;
        NoContent
    }

    mod again {
        use super::*;

        /// The same operation id.
        #[get("/again")]
        pub(super) async fn list() -> NoContent {
            NoContent
        }
    }

    #[test]
    fn two_types_of_one_name_are_named() {
        for routes in [routes![other_book], routes![read_other]] {
            let text = app().routes(routes).build().unwrap_err().to_string();
            assert!(text.contains("`it::openapi::Book` and `it::openapi::faults::other::Book`"), "{text}");
        }
    }

    #[test]
    fn two_operations_of_one_id_are_a_fault() {
        let text = app().routes(routes![again::list]).build().unwrap_err().to_string();
        assert!(text.contains("has the operation id `list` of `it::openapi::list` at"), "{text}");
    }
}

/// A list under its own name.
#[get("/tagged")]
async fn tagged(tag: Query<Vec<String>>) -> Json<Vec<String>> {
    Json(tag.0)
}

#[tokio::test]
async fn a_list_that_may_be_left_out_is_not_required() {
    let client = Client::new(App::new("Tags", "1.0.0").routes(routes![tagged])).unwrap();
    assert_eq!(client.get("/tagged").send().await.json::<Vec<String>>(), [""; 0]);
    assert_eq!(client.openapi()["paths"]["/tagged"]["get"]["parameters"][0]["required"], false);
}

/// Two of a kind.
#[covet::model]
struct Pair<T> {
    left: T,
    right: T,
}

/// Two of a kind, with a name for each kind.
#[covet::model]
#[schemars(rename = "{T}Twins")]
struct Twins<T> {
    left: T,
    right: T,
}

/// Read pairs and write others.
#[post("/pairs")]
async fn pairs(pair: Json<Pair<i64>>) -> Json<Pair<bool>> {
    Json(Pair { left: pair.left > 0, right: pair.right > 0 })
}

/// Read twins and write others.
#[post("/twins")]
async fn twins(twins: Json<Twins<i64>>) -> Json<Twins<bool>> {
    Json(Twins { left: twins.left > 0, right: twins.right > 0 })
}

#[test]
fn a_generic_type_needs_a_name_for_each_kind() {
    let error = App::new("Pairs", "1.0.0").routes(routes![pairs]).build().unwrap_err().to_string();
    assert!(error.contains("Pair<i64>` and `it::openapi::Pair<bool>` would both be `Pair`"), "{error}");
    assert!(error.contains(r#"with #[schemars(rename = "{T}Pair")]"#), "{error}");
    let document = App::new("Twins", "1.0.0").routes(routes![twins]).build().unwrap().openapi().clone();
    assert!(document["components"]["schemas"]["int64Twins"].is_object());
}
