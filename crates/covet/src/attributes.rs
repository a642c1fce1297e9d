//! The attribute macros and the derive, documented where users find them.

/// Makes an `async fn` a handler of GET requests; the function stays a function.
///
/// ```
/// use covet::{App, Json, Path, Query, Result, get, routes, test::Client};
///
/// /// A book.
/// #[covet::model]
/// struct Book {
///     id: i64,
///     pages: Option<u32>,
/// }
///
/// /// Fetch one book.
/// ///
/// /// Books that are sold out are found as well.
/// #[get("/books/{id}", tag = "books", operation_id = "fetchBook")]
/// async fn book(id: Path<i64>, pages: Query<Option<u32>>) -> Json<Book> {
///     Json(Book { id: *id, pages: *pages })
/// }
///
/// # #[covet::main]
/// # async fn main() -> Result<()> {
/// let client = Client::new(App::new("Shop", "1.0.0").routes(routes![book]))?;
/// assert_eq!(client.get("/books/7?pages=300").send().await.text(), r#"{"id":7,"pages":300}"#);
/// assert_eq!(client.openapi()["paths"]["/books/{id}"]["get"]["operationId"], "fetchBook");
/// # Ok(())
/// # }
/// ```
///
/// # The path
/// It begins with `/`. A parameter is a whole segment, `{name}`; the last one may take all that is left, `{*name}`. Each
/// parameter is read by an argument of its name, or by a model with a field of its name, and each
/// [`Path`](crate::Path) argument is a parameter. An argument that is taken apart, `Path(id): Path<i64>`, has the name inside.
///
/// # Settings
/// | setting | meaning |
/// |---|---|
/// | `tag = "…"` | a tag of the operation; may stand several times |
/// | `operation_id = "…"` | the operation's id, which otherwise is the function's name |
///
/// The first paragraph of the doc comment is the operation's summary, the rest its description. `#[deprecated]` marks it as
/// deprecated.
///
/// # Arguments and result
/// Each argument is a [`FromRequest`](crate::FromRequest), the result is a [`Responder`](crate::Responder). All arguments are made
/// before the function is called, and the faults of all of them are one answer. At most one argument reads the body.
///
/// # Errors of the compiler
/// When the function is not an `async fn`, has type parameters or `self`, or answers nothing; when an argument or the result is
/// none; when a name is in the path and not in the arguments, or the other way round; when two arguments read the body.
pub use covet_macros::get;

/// Makes an `async fn` a handler of POST requests. All that is said at [`get`](macro@crate::get) holds here.
///
/// ```
/// use covet::{Created, Json, post};
///
/// /// A note.
/// #[covet::model]
/// struct Note {
///     text: String,
/// }
///
/// /// Write a note.
/// #[post("/notes")]
/// async fn write(note: Json<Note>) -> Created<Note> {
///     Created::at("/notes/7", note.0)
/// }
/// # let _ = covet::routes![write];
/// ```
pub use covet_macros::post;

/// Makes an `async fn` a handler of PUT requests. All that is said at [`get`](macro@crate::get) holds here.
///
/// ```
/// use covet::{Json, NoContent, Path, put};
///
/// /// Set a price, in cents.
/// #[put("/prices/{id}")]
/// async fn set_price(id: Path<i64>, price: Json<u32>) -> NoContent {
///     println!("{} costs {}", *id, *price);
///     NoContent
/// }
/// # let _ = covet::routes![set_price];
/// ```
pub use covet_macros::put;

/// Makes an `async fn` a handler of PATCH requests. All that is said at [`get`](macro@crate::get) holds here.
///
/// ```
/// use covet::{Json, NoContent, Path, patch};
///
/// /// What is to be changed; what is left out stays.
/// #[covet::model(input)]
/// struct Change {
///     title: Option<String>,
///     price: Option<i64>,
/// }
///
/// /// Change a book.
/// #[patch("/books/{id}")]
/// async fn change(id: Path<i64>, change: Json<Change>) -> NoContent {
///     println!("{}: {:?}, {:?}", *id, change.title, change.price);
///     NoContent
/// }
/// # let _ = covet::routes![change];
/// ```
pub use covet_macros::patch;

/// Makes an `async fn` a handler of DELETE requests. All that is said at [`get`](macro@crate::get) holds here.
///
/// ```
/// use covet::{NoContent, Path, delete};
///
/// /// Tear a note up.
/// #[delete("/notes/{id}")]
/// async fn tear_up(id: Path<i64>) -> NoContent {
///     println!("{} is gone", *id);
///     NoContent
/// }
/// # let _ = covet::routes![tear_up];
/// ```
pub use covet_macros::delete;

/// Makes an `async fn` a handler of HEAD requests, where what GET would answer without its body costs too much. All that is
/// said at [`get`](macro@crate::get) holds here.
///
/// ```
/// use covet::{NoContent, Path, head};
///
/// /// Whether there is such a file.
/// #[head("/files/{name}")]
/// async fn exists(_name: Path<String>) -> NoContent {
///     NoContent
/// }
/// # let _ = covet::routes![exists];
/// ```
pub use covet_macros::head;

/// Makes an `async fn` a handler of OPTIONS requests, in place of the answer that a path has anyway: 204 with `Allow`. All that
/// is said at [`get`](macro@crate::get) holds here.
///
/// ```
/// use covet::options;
///
/// /// Say in words what can be done.
/// #[options("/notes")]
/// async fn what() -> &'static str {
///     "read them and write them"
/// }
/// # let _ = covet::routes![what];
/// ```
pub use covet_macros::options;

/// Runs an `async fn main` on a runtime with a thread for each core.
///
/// The log goes to standard error, as the environment's `COVET_LOG` says (`info` unless told). An error is printed there too, and
/// the exit code is 1 then. The function has no arguments, and answers a `Result<(), E>` whose error can be displayed.
///
/// ```
/// #[covet::main]
/// async fn main() -> covet::Result<()> {
///     println!("{}", std::fs::metadata(".")?.is_dir());
///     Ok(())
/// }
/// ```
///
/// A program that needs a runtime or a `tracing` subscriber of its own does without this macro:
/// [`App::serve`](crate::App::serve) runs on any tokio runtime with its I/O and time drivers.
pub use covet_macros::main;

/// Makes a struct a page: its fields are the variables of a template, and a handler answers it. Implements
/// [`View`](trait@crate::View), [`Responder`](crate::Responder) and serde's `Serialize`.
///
/// ```
/// use covet::{Path, get};
///
/// #[covet::model(output)]
/// struct Book { title: String }
///
/// /// The page of a book.
/// #[covet::view("book.html")]
/// struct BookPage { book: Book }
///
/// /// Show a book.
/// #[get("/books/{id}")]
/// async fn book(_id: Path<i64>) -> BookPage {
///     BookPage { book: Book { title: "Emma".into() } }
/// }
/// # let _ = covet::routes![book];
/// ```
///
/// When the app is built, the template and those that it extends, includes and imports are read, and an error in them, or a
/// variable that is not a field, is an error of the start. A struct with attributes of serde is not held against its
/// template, since they may change the names.
#[cfg(feature = "template")]
pub use covet_macros::view;

#[doc = include_str!("validation/model.md")]
pub use covet_macros::model;

/// Makes a struct something that templates read where it lies, without serde: its fields are variables or attributes.
///
/// An enum whose variants have no fields is the text of its variant's name. `#[context(skip)]` leaves a field out,
/// `#[context(rename = "…")]` gives it or a variant another name, `#[context(display)]` reads it as the text it displays, and
/// `#[context(serialize)]` as what serde makes of it.
///
/// ```
/// use covet::{Context, template::Engine};
///
/// #[derive(Context)]
/// struct Page {
///     books: Vec<Book>,
/// }
///
/// #[derive(Context)]
/// struct Book {
///     title: String,
/// }
///
/// let mut engine = Engine::new();
/// engine.add("page.html", "{% for book in books %}<li>{{ book.title }}</li>{% endfor %}")?;
/// let page = Page { books: vec![Book { title: "Emma".into() }] };
/// assert_eq!(engine.template("page.html")?.render(&page)?, "<li>Emma</li>");
/// # Ok::<(), covet::template::Error>(())
/// ```
#[cfg(feature = "template")]
pub use covet_macros::Context;
/// Makes an enum or a struct of errors an answer and an entry of the OpenAPI document: derives the trait
/// [`Problem`](trait@crate::Problem).
///
/// ```
/// use covet::Problem;
///
/// /// Why an order was not taken.
/// #[derive(Problem)]
/// enum OrderError {
///     /// There are fewer copies in stock than were ordered.
///     ///
///     /// More come every Monday.
///     #[problem(status = 409, detail = "only {left} copies are left")]
///     OutOfStock { left: i64 },
///     /// The printer is out of paper.
///     #[problem(status = 503)]
///     Printer(std::io::Error),
///     #[problem(transparent)]
///     Db(covet::db::Error),
/// }
///
/// let details = OrderError::OutOfStock { left: 3 }.into_details();
/// assert_eq!((details.status().as_u16(), details.kind().uri().as_str()), (409, "/problems/order-out-of-stock"));
/// assert_eq!(details.detail_text(), Some("only 3 copies are left"));
/// ```
///
/// # Attributes of a variant
/// | `#[problem(…)]` | meaning |
/// |---|---|
/// | `status = 409` | the status, from 400 to 599; needed unless the variant is transparent |
/// | `detail = "…"` | a text about this time, with the fields in braces |
/// | `title = "…"` | the title; otherwise the first paragraph of the doc comment |
/// | `type = "…"` | the last segment of the type; otherwise made of the names of enum and variant, without `Error` or `Problem` |
/// | `transparent` | the one field without a name is the problem |
///
/// # Fields
/// Fields with names are members of the document, and need a schema and serde's `Serialize`. One field without a name is the
/// cause, which is logged and never sent. A variant with one field without a name has a `From` conversion, so that `?` works.
///
/// # Errors of the compiler
/// When a status is missing or is no error's; when a field has the name of a member that every problem has; when a variant has
/// several fields without names; all at once.
pub use covet_macros::Problem;
/// Compiles a template to Rust: the fields of the struct are its variables, and
/// [`Render::render`](crate::template::Render::render) renders it.
///
/// ```no_run
/// use covet::{Context, Template, template::Render};
///
/// #[derive(Context, Template)]
/// #[template(path = "shop.html", folder = "tests/it/templates/as_rust")]
/// struct Shop {
///     title: String,
///     links: Vec<Link>,
///     books: Vec<Book>,
///     note: Option<String>,
/// }
///
/// #[derive(Context)]
/// struct Link {
///     id: u32,
///     text: String,
/// }
///
/// #[derive(Context)]
/// struct Book {
///     title: String,
///     price: i64,
///     stock: u64,
///     tags: Vec<String>,
///     r#type: String,
/// }
///
/// let shop = Shop { title: "Books".into(), links: vec![], books: vec![], note: None };
/// assert!(shop.render()?.contains("<title>Books at Shop</title>"));
/// # Ok::<(), covet::template::Error>(())
/// ```
///
/// The struct and those in it derive [`Context`] as well. `path` is the file inside of `folder`, which is `templates` beside
/// the package's `Cargo.toml` unless told. A path such as `book.title` is one of Rust, so that a field that is not there is an
/// error of the build; a field with `#[template(dynamic)]` is read as at run time, for maps, options of structs, and values of
/// other types. In a build with debug assertions `render` reads the files anew, so that a change shows without a build;
/// `reload = false` keeps it from that.
#[cfg(feature = "compiled-templates")]
pub use covet_macros::Template;
