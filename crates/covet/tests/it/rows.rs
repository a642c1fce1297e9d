//! Rows of any number, as lines of JSON and as tables.

use covet::test::Client;
use covet::{App, BoxError, RowError, Rows, get, post, routes};
use futures_util::stream;
#[cfg(feature = "csv")]
use serde_json::{Value, json};

/// A book on its way in.
#[covet::model(deny_unknown)]
#[derive(Debug, PartialEq)]
struct NewBook {
    #[check(length(min = 1))]
    title: String,
    #[check(range(min = 0))]
    price: i64,
    #[serde(default)]
    stock: u32,
    subtitle: Option<String>,
    #[serde(default)]
    signed: bool,
}

/// Something that does not fit into a row.
#[covet::model]
struct Shelf {
    books: Vec<i64>,
}

/// Say what was read, and the lines that are wrong.
#[post("/books")]
async fn read(books: Rows<NewBook>) -> Result<String, RowError> {
    let mut books = books.row_limit(100);
    let mut found = Vec::new();
    loop {
        match books.next().await {
            Ok(None) => return Ok(found.join("\n")),
            Ok(Some(book)) => found.push(serde_json::to_string(&book).unwrap_or_default()),
            Err(error) if error.is_of_one_line() => found.push(error.to_string()),
            Err(error) => return Err(error),
        }
    }
}

/// Stop at the first fault.
#[post("/strict")]
async fn strict(mut books: Rows<NewBook>) -> Result<String, RowError> {
    let mut count = 0;
    while books.next().await?.is_some() {
        count += 1;
    }
    Ok(count.to_string())
}

/// Read shelves.
#[post("/shelves")]
async fn shelves(_: Rows<Shelf>) -> &'static str {
    ""
}

/// Two books, and perhaps a failure.
#[get("/books")]
async fn write() -> Rows<NewBook> {
    let book = |title: &str, subtitle: Option<&str>| NewBook {
        title: title.to_owned(),
        price: 999,
        stock: 1,
        subtitle: subtitle.map(str::to_owned),
        signed: true,
    };
    Rows::new(stream::iter([Ok::<_, BoxError>(book("Emma", None)), Ok(book("A \"b\", c\nd", Some("")))]))
}

/// Shelves cannot be a table.
#[get("/shelves")]
async fn list_shelves() -> Rows<Shelf> {
    Rows::new(stream::iter([Ok::<_, BoxError>(Shelf { books: vec![1] })]))
}

fn client() -> Client {
    Client::new(App::new("Books", "1.0.0").routes(routes![read, strict, shelves, write, list_shelves])).unwrap()
}

async fn send(media_type: &str, body: &str) -> String {
    client().post("/books").body(media_type, body.to_owned()).send().await.text().to_owned()
}

#[tokio::test]
async fn lines_of_json_are_rows() {
    let text = send("application/jsonl", "{\"title\":\"Emma\",\"price\":1}\n{\"title\":\"\",\"price\":1}\n").await;
    let expected = r#"{"title":"Emma","price":1,"stock":0,"subtitle":null,"signed":false}"#;
    assert_eq!(text, format!("{expected}\nline 2: body /title: must not be empty"));
}

#[cfg(feature = "csv")]
#[tokio::test]
async fn a_table_is_read_by_the_names_of_its_columns() {
    let check = async |body: &str, expected: Value| {
        let text = send("text/csv; charset=utf-8; header=present", body).await;
        let found: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| json!(line))).collect();
        assert_eq!(Value::from(found), expected, "{body}");
    };
    let emma = json!({ "title": "Emma", "price": 1, "stock": 0, "subtitle": null, "signed": false });
    check("price,title\r\n1,Emma\r\n", json!([emma])).await;
    check("title,price,stock,subtitle,signed\n\"Emma\",1.0,,,", json!([emma])).await;
    let full = json!({ "title": "12", "price": 1, "stock": 2, "subtitle": "", "signed": true });
    check("title,price,stock,subtitle,signed\n12,1,2,\"\",true\n", json!([full])).await;
    check("title,price\n\n", json!([])).await;
    // Wrong rows are told with their lines, also behind a text of several lines.
    check(
        "title,price\n\"a\nb\",x\nEmma\n,1\nEmma,1",
        json!([
            "line 2: body /price: must be a whole number",
            "line 4: body: must have 2 cells, as the first line has, and not 1",
            "line 5: body /title: must not be empty",
            emma,
        ]),
    )
    .await;
}

#[cfg(feature = "csv")]
#[tokio::test]
async fn what_is_wrong_with_a_table_is_a_problem() {
    let client = client();
    let send = |body: &[u8]| client.post("/strict").body("text/csv", body.to_vec()).send();
    let answer = send(b"title,title,colour\nEmma,Emma,red\n").await;
    assert_eq!(answer.status(), 422);
    assert_eq!(answer.faults(), ["body /title duplicate", "body /price missing", "body /colour unknown"]);
    assert_eq!(answer.problem()["errors"][0]["line"], 1);
    assert_eq!(send(b"").await.faults(), ["body /title missing", "body /price missing"]);
    let answer = send(b"title,price\nEmma,-1\n").await;
    assert_eq!((answer.status().as_u16(), answer.faults()), (422, vec!["body /price minimum".to_owned()]));
    let answer = send(b"title,price\nok,1\n5\" disk,1\n").await;
    assert_eq!((answer.status().as_u16(), answer.faults()), (400, vec!["body  syntax".to_owned()]));
    let fault = &answer.problem()["errors"][0];
    assert_eq!((&fault["line"], &fault["column"]), (&json!(3), &json!(2)), "{fault}");
    assert_eq!(send(b"title,price\n\xff,1\n").await.faults(), ["body  encoding"]);
    assert_eq!(send(b"title,price\n\"open,1\n").await.faults(), ["body  syntax"]);
    let long = format!("title,price\n\"{}\",1\n", "x".repeat(100));
    let answer = client.post("/books").body("text/csv", long).send().await;
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn only_what_can_be_read_is_taken() {
    let client = client();
    let status = async |path: &str, media_type: &str| client.post(path).body(media_type, "x").send().await.status();
    assert_eq!(status("/strict", "application/json").await, 415);
    assert_eq!(status("/shelves", "text/csv").await, 415);
    let content = &client.openapi()["paths"]["/books"]["post"]["requestBody"]["content"];
    let names: Vec<_> = content.as_object().unwrap().keys().collect();
    let expected: &[&str] =
        if cfg!(feature = "csv") { &["application/x-ndjson", "text/csv"] } else { &["application/x-ndjson"] };
    assert_eq!(names, expected);
}

#[tokio::test]
async fn rows_are_written_in_the_format_that_the_client_likes() {
    let client = client();
    let answer = client.get("/books").send().await;
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(answer.text().lines().count(), 2);
    assert_eq!(client.get("/shelves").header("accept", "text/csv").send().await.status(), 406);
    let answer = client.get("/books").header("accept", "text/csv").send().await;
    #[cfg(not(feature = "csv"))]
    assert_eq!(answer.status(), 406);
    #[cfg(feature = "csv")]
    {
        let expected =
            "title,price,stock,subtitle,signed\r\n\"Emma\",999,1,,true\r\n\"A \"\"b\"\", c\nd\",999,1,\"\",true\r\n";
        assert_eq!((answer.text(), answer.header("vary")), (expected, Some("Accept")));
        // What was written is read as what it was.
        let read = client.post("/books").body("text/csv", expected).send().await;
        assert_eq!(read.text(), client.get("/books").send().await.text().trim_end());
    }
}
