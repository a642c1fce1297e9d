//! Lists, a page at a time.

use covet::db::{FromRow, sql};
use covet::test::{Answer, Client};
use covet::{App, Column, Db, Key, Keyset, Page, Paging, Query, Result, get, routes};
use serde_json::{Value, json};

/// A book.
#[covet::model(output)]
#[derive(Debug, Clone, FromRow)]
struct Book {
    id: i64,
    title: String,
    price: i64,
}

/// The order of the books.
#[covet::model(input)]
#[derive(Debug, Clone, Default)]
#[serde(rename_all = "snake_case")]
enum Order {
    /// As they came.
    #[default]
    Id,
    /// By title.
    Title,
    /// The dearest first.
    #[serde(rename = "-price")]
    Dearest,
    /// The dearest first, of equals the oldest.
    Mixed,
}

impl Keyset for Order {
    type Item = Book;

    fn columns(&self) -> Vec<Column> {
        match self {
            Order::Id => vec![Column::ascending("id")],
            Order::Title => vec![Column::ascending("title").of("books"), Column::ascending("id")],
            Order::Dearest => vec![Column::descending("price"), Column::descending("id")],
            Order::Mixed => vec![Column::descending("price"), Column::ascending("id")],
        }
    }

    fn key(&self, book: &Book) -> Key {
        match self {
            Order::Id => book.id.into(),
            Order::Title => (book.title.as_str(), book.id).into(),
            Order::Dearest | Order::Mixed => (book.price, book.id).into(),
        }
    }
}

/// List books.
#[get("/shops/{shop}/books")]
async fn books(
    shop: covet::Path<i64>,
    max_price: Query<Option<i64>>,
    paging: Paging<Order, 3, 10>,
    db: Db,
) -> Result<Page<Book>> {
    assert!(*shop > 0 && paging.limit() <= 10);
    let cheap = max_price.map(|price| sql!("AND price <= {price}"));
    let (behind, order) = (paging.condition(), paging.order());
    let found = db.fetch_all(sql!("SELECT id, title, price FROM books WHERE {..behind} {..cheap} {..order}"));
    Ok(paging.page(found.await?))
}

const BOOKS: i64 = 23;

async fn database() -> Db {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    db.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT NOT NULL, price INTEGER NOT NULL)")
        .await
        .unwrap();
    for id in 1..=BOOKS {
        // Many titles and prices are equal, and some titles are awkward.
        let title = ["é\"'", "b", "B", "", "a,]"][id as usize % 5];
        db.execute(sql!("INSERT INTO books VALUES ({id}, {title}, {id % 4})")).await.unwrap();
    }
    db
}

fn app(db: &Db) -> App {
    App::new("Books", "1.0.0").database(db.clone()).routes(routes![books])
}

async fn client() -> (Client, Db) {
    let db = database().await;
    (Client::new(app(&db)).unwrap(), db)
}

fn ids(answer: &Answer) -> Vec<i64> {
    answer.json::<Value>()["items"].as_array().unwrap().iter().map(|book| book["id"].as_i64().unwrap()).collect()
}

/// The target of a link with this relation.
fn link(answer: &Answer, relation: &str) -> Option<String> {
    let ending = format!(">; rel=\"{relation}\"");
    let links = answer.header("link")?.split(", ").find_map(|link| link.strip_suffix(&ending).map(str::to_owned));
    links.map(|link| link.trim_start_matches('<').to_owned())
}

#[tokio::test]
async fn every_order_goes_through_the_list_and_back() {
    let (client, db) = client().await;
    for (sort, order) in [
        ("", "id"),
        ("sort=id&", "id"),
        ("sort=title&", "title, id"),
        ("sort=-price&", "price DESC, id DESC"),
        ("sort=mixed&", "price DESC, id"),
        ("sort=mixed&max_price=2&", "price DESC, id"),
    ] {
        let filter = if sort.contains("max_price") { "WHERE price <= 2" } else { "" };
        let text = format!("SELECT id FROM books {filter} ORDER BY {order}");
        let expected: Vec<(i64,)> = db.fetch_all(covet::db::Sql::unchecked(text)).await.unwrap();
        let expected: Vec<i64> = expected.into_iter().map(|(id,)| id).collect();
        let mut target = Some(format!("/shops/1/books?{sort}limit=4"));
        let (mut found, mut last) = (Vec::new(), None);
        while let Some(next) = target {
            let answer = client.get(&next).send().await;
            assert_eq!(answer.status(), 200, "{answer:?}");
            found.extend(ids(&answer));
            assert_eq!(answer.json::<Value>()["prev"].is_null(), last.is_none(), "the first page has none before it");
            target = link(&answer, "next");
            last = Some(answer);
        }
        assert_eq!(found, expected, "{sort}");
        let mut back = ids(last.as_ref().unwrap());
        let mut target = link(last.as_ref().unwrap(), "prev");
        while let Some(prev) = target {
            let answer = client.get(&prev).send().await;
            back.splice(0..0, ids(&answer));
            target = link(&answer, "prev");
            assert!(link(&answer, "next").is_some());
        }
        assert_eq!(back, expected, "{sort} backwards");
    }
}

#[tokio::test]
async fn what_is_added_or_deleted_meanwhile_neither_hides_nor_repeats() {
    let (client, db) = client().await;
    let first = client.get("/shops/1/books?limit=5&sort=-price").send().await;
    let mut seen = ids(&first);
    // Before the place, behind it, and the very item at it.
    db.execute("INSERT INTO books VALUES (100, 'x', 99), (101, 'x', 0)").await.unwrap();
    let at = *seen.last().unwrap();
    db.execute(sql!("DELETE FROM books WHERE id = {at}")).await.unwrap();
    let mut next = link(&first, "next");
    while let Some(target) = next {
        let answer = client.get(&target).send().await;
        seen.extend(ids(&answer));
        next = link(&answer, "next");
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), seen.len(), "nothing is repeated: {seen:?}");
    let expected: Vec<i64> = (1..=BOOKS).chain([101]).collect();
    assert_eq!(sorted, expected, "nothing that was there is hidden");
}

#[tokio::test]
async fn a_cursor_is_one_of_its_list_and_of_no_other() {
    let (client, db) = client().await;
    let page: Value = client.get("/shops/1/books?sort=title&max_price=3").send().await.json();
    let cursor = page["next"].as_str().unwrap();
    let check = async |client: &Client, target: &str, expected: u16| {
        let answer = client.get(target).send().await;
        assert_eq!(answer.status().as_u16(), expected, "{target} {answer:?}");
        if expected == 422 {
            assert_eq!(answer.faults(), ["query cursor invalid"], "{target}");
        }
    };
    check(&client, &format!("/shops/1/books?sort=title&max_price=3&cursor={cursor}"), 200).await;
    check(&client, &format!("/shops/1/books?cursor={cursor}&limit=9&max_price=3&sort=title"), 200).await;
    for target in
        ["sort=title", "sort=title&max_price=4", "sort=-price&max_price=3", "max_price=3", "sort=title&max_price=3&x=1"]
    {
        check(&client, &format!("/shops/1/books?{target}&cursor={cursor}"), 422).await;
    }
    check(&client, &format!("/shops/2/books?sort=title&max_price=3&cursor={cursor}"), 422).await;
    // Every letter of it counts, and so does its length.
    for index in 0..cursor.len() {
        let mut wrong = cursor.to_owned();
        let other = if wrong.as_bytes()[index] == b'A' { "B" } else { "A" };
        wrong.replace_range(index..=index, other);
        let answer = client.get(&format!("/shops/1/books?sort=title&max_price=3&cursor={wrong}")).send().await;
        assert_eq!(answer.status(), 422, "{index}");
    }
    for wrong in ["", "x", "A", &cursor[..cursor.len() - 2], &format!("{cursor}AA"), &"A".repeat(3000)] {
        let answer = client.get(&format!("/shops/1/books?sort=title&max_price=3&cursor={wrong}")).send().await;
        assert_eq!(answer.status(), 422, "{wrong}");
    }
    // Another process on the same database knows the secret, and one with a secret of its own does not.
    let second = Client::new(app(&db)).unwrap();
    check(&second, &format!("/shops/1/books?sort=title&max_price=3&cursor={cursor}"), 200).await;
    let other = Client::new(app(&db).secret("another secret that has 32 bytes!")).unwrap();
    check(&other, &format!("/shops/1/books?sort=title&max_price=3&cursor={cursor}"), 422).await;
}

#[tokio::test]
async fn all_faults_of_the_parameters_come_at_once() {
    let (client, _) = client().await;
    let answer = client.get("/shops/1/books?sort=secret_column&limit=11").send().await;
    assert_eq!(answer.status(), 422);
    assert_eq!(answer.faults(), ["query sort one_of", "query limit maximum"]);
    assert_eq!(client.get("/shops/1/books?limit=0").send().await.faults(), ["query limit minimum"]);
    assert_eq!(client.get("/shops/1/books?limit=x&limit=2").send().await.faults(), ["query limit duplicate"]);
    assert_eq!(ids(&client.get("/shops/1/books").send().await).len(), 3);
    assert_eq!(ids(&client.get("/shops/1/books?limit=10").send().await).len(), 10);
    let empty = client.get("/shops/1/books?max_price=-1").send().await;
    assert_eq!(empty.json::<Value>(), json!({ "items": [], "next": null, "prev": null }));
    assert_eq!(empty.header("link"), None);
}

#[tokio::test]
async fn the_document_lists_the_orders_and_the_bounds() {
    let (client, db) = client().await;
    let operation = &client.openapi()["paths"]["/shops/{shop}/books"]["get"];
    let parameter = |name: &str| {
        operation["parameters"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone()
    };
    assert_eq!(parameter("sort")["schema"]["enum"], json!(["id", "title", "-price", "mixed"]));
    assert_eq!(parameter("limit")["schema"], json!({ "type": "integer", "minimum": 1, "maximum": 10, "default": 3 }));
    for name in ["sort", "limit", "cursor"] {
        assert_eq!(parameter(name)["required"], false, "{name}");
    }
    for status in ["200", "400", "422", "503"] {
        assert!(operation["responses"].get(status).is_some(), "{status}");
    }
    let error = app(&db).secret("short").build().unwrap_err().to_string();
    assert!(error.contains("the secret of the app has 5 bytes"), "{error}");
}
