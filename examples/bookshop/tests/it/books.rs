//! The shelf.

use covet::test::Client;
use serde_json::{Value, json};

use super::{on_each_database, staff};

on_each_database! {
    a_book_is_added_read_replaced_and_deleted,
    a_wrong_book_is_refused_with_all_reasons,
    pages_lead_through_the_whole_list_in_every_order,
    books_are_found_by_title_author_and_price,
    a_wrong_query_is_refused,
    the_list_comes_in_the_format_that_is_asked_for,
    members_of_a_book_are_changed,
    of_two_who_saw_the_same_book_one_replaces_it,
}

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|book| book["title"].as_str().unwrap()).collect()
}

async fn a_book_is_added_read_replaced_and_deleted(shop: Client) {
    let shop = staff(&shop).await;
    let emma = json!({ "title": "Emma", "author": "Jane Austen", "published": 1815, "price": 999 });
    let added = shop.post("/api/books").json(&emma).send().await;
    assert_eq!(added.status(), 201);
    let location = added.header("location").unwrap().to_owned();
    let book: Value = added.json();
    assert_eq!((&book["title"], &book["stock"]), (&json!("Emma"), &json!(0)));
    let read = shop.get(&location).send().await;
    assert_eq!(read.json::<Value>(), book);
    let tag = read.header("etag").unwrap().to_owned();
    let again = shop.get(&location).header("if-none-match", &tag).send().await;
    assert_eq!((again.status().as_u16(), again.text(), again.header("etag")), (304, "", Some(tag.as_str())));

    let changed = json!({ "title": "Emma", "author": "Jane Austen", "published": 1815, "price": 1099, "stock": 3 });
    assert_eq!(shop.put(&location).json(&changed).send().await.status(), 428);
    let replace = async || shop.put(&location).header("if-match", &tag).json(&changed).send().await;
    let answer = replace().await;
    assert_eq!((answer.status().as_u16(), &answer.json::<Value>()["price"]), (200, &json!(1099)));
    assert_eq!(replace().await.status(), 412, "somebody has changed it meanwhile");
    assert_eq!(shop.delete(&location).header("if-match", &tag).send().await.status(), 412);
    assert_eq!(shop.delete(&location).header("if-match", "nonsense").send().await.status(), 400);

    assert_eq!(shop.delete(&location).send().await.status(), 204);
    for answer in [
        shop.get(&location).send().await,
        shop.delete(&location).send().await,
        shop.put(&location).header("if-match", "*").json(&changed).send().await,
    ] {
        assert_eq!(answer.status(), 404);
        let problem = answer.problem();
        assert_eq!((&problem["type"], &problem["id"]), (&json!("/problems/book-not-found"), &book["id"]));
    }
}

async fn a_wrong_book_is_refused_with_all_reasons(shop: Client) {
    let shop = staff(&shop).await;
    let answer = shop.post("/api/books").json(&json!({ "title": "", "price": -1, "colour": "red" })).send().await;
    let mut faults = answer.faults();
    faults.sort();
    assert_eq!(
        faults,
        [
            "body /author missing",
            "body /colour unknown",
            "body /price minimum",
            "body /published missing",
            "body /title min_length"
        ]
    );
}

async fn pages_lead_through_the_whole_list_in_every_order(shop: Client) {
    let shop = staff(&shop).await;
    for sort in ["id", "title", "price", "-price"] {
        let mut target = format!("/api/books?limit=50&sort={sort}");
        let mut seen: Vec<Value> = Vec::new();
        loop {
            let answer = shop.get(&target).send().await;
            let page: Value = answer.json();
            seen.extend(page["items"].as_array().unwrap().iter().cloned());
            let mut links = answer.header("link").unwrap_or_default().split(", ");
            let Some(next) = links.find_map(|link| link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")) else {
                break;
            };
            assert!(page["next"].is_string() && next != target, "{answer:?}");
            target = next.to_owned();
        }
        assert_eq!(seen.len(), 206, "{sort}");
        let ids: std::collections::HashSet<_> = seen.iter().map(|book| book["id"].as_i64().unwrap()).collect();
        assert_eq!(ids.len(), 206, "{sort}");
        let sorted = seen.windows(2).all(|pair| match sort {
            "id" => pair[0]["id"].as_i64() < pair[1]["id"].as_i64(),
            "title" => pair[0]["title"].as_str() <= pair[1]["title"].as_str(),
            "price" => pair[0]["price"].as_i64() <= pair[1]["price"].as_i64(),
            _ => pair[0]["price"].as_i64() >= pair[1]["price"].as_i64(),
        });
        assert!(sorted, "{sort}");
    }
}

async fn books_are_found_by_title_author_and_price(shop: Client) {
    let shop = staff(&shop).await;
    let check = async |query: &str, expected: &[&str]| {
        let page: Value = shop.get(&format!("/api/books?sort=title&{query}")).send().await.json();
        assert_eq!(titles(&page), expected, "{query}");
    };
    check("q=PEACE", &["War and Peace"]).await;
    check("q=%25", &[]).await;
    check("q=_", &[]).await;
    check("q=%27%20OR%201=1%20--", &[]).await;
    check("author=Anne+Bront%C3%AB", &["Agnes Grey", "The Tenant of Wildfell Hall"]).await;
    check("author=Anne+Bront%C3%AB&q=grey", &["Agnes Grey"]).await;
    check("min_price=3300&max_price=3398&author=nobody", &[]).await;
}

async fn a_wrong_query_is_refused(shop: Client) {
    let shop = staff(&shop).await;
    let answer = shop.get("/api/books?limit=0&sort=colour&min_price=cheap").send().await;
    assert_eq!(answer.faults(), ["query min_price type", "query sort one_of", "query limit minimum"]);
    for target in ["/api/books?cursor=x", "/api/books?sort=price&cursor=5", "/api/books?sort=price&cursor=5.x"] {
        let answer = shop.get(target).send().await;
        assert_eq!(
            (answer.status().as_u16(), answer.faults()),
            (422, vec!["query cursor invalid".to_owned()]),
            "{target}"
        );
    }
}

async fn the_list_comes_in_the_format_that_is_asked_for(shop: Client) {
    let shop = staff(&shop).await;
    let list = async |accept: &str| shop.get("/api/books?limit=2").header("accept", accept).send().await;
    let answer = list("text/csv").await;
    let mut lines = answer.text().lines();
    assert_eq!(lines.next(), Some("id,title,author,published,price,stock"));
    assert_eq!(lines.next(), Some("1,\"Pride and Prejudice\",\"Jane Austen\",1813,2199,7"));
    for format in ["application/cbor", "application/vnd.msgpack", "application/json"] {
        let answer = list(format).await;
        assert_eq!((answer.status().as_u16(), answer.header("content-type")), (200, Some(format)));
    }
    assert_eq!(list("text/html").await.status(), 406);
}

async fn members_of_a_book_are_changed(shop: Client) {
    let shop = staff(&shop).await;
    let patch = |body: &str, tag: &str| {
        let request = shop.patch("/api/books/1").header("if-match", tag);
        request.body("application/merge-patch+json", body.to_owned()).send()
    };
    let before: Value = shop.get("/api/books/1").send().await.json();
    let answer = patch(r#"{"price": 5}"#, "*").await;
    let tag = answer.header("etag").unwrap().to_owned();
    let mut expected = before.clone();
    expected["price"] = json!(5);
    assert_eq!(answer.json::<Value>(), expected);
    assert_eq!(patch(r#"{"price": 6}"#, "\"old\"").await.status(), 412);
    assert_eq!(
        patch(r#"{"price": -1, "title": null}"#, &tag).await.faults(),
        ["body /price minimum", "body /title missing"]
    );
    assert_eq!(shop.get("/api/books/1").send().await.json::<Value>(), expected);
}

async fn of_two_who_saw_the_same_book_one_replaces_it(shop: Client) {
    let shop = staff(&shop).await;
    let book = |price| json!({ "title": "Emma", "author": "Jane Austen", "published": 1815, "price": price });
    let location = shop.post("/api/books").json(&book(1)).send().await.header("location").unwrap().to_owned();
    for round in 1..=10 {
        let tag = shop.get(&location).send().await.header("etag").unwrap().to_owned();
        let writers = (0..4).map(|writer| {
            let (shop, location, tag, book) = (shop.clone(), location.clone(), tag.clone(), book(10 * round + writer));
            tokio::spawn(async move { shop.put(&location).header("if-match", &tag).json(&book).send().await })
        });
        let writers: Vec<_> = writers.collect();
        let mut statuses = Vec::new();
        for writer in writers {
            statuses.push(writer.await.unwrap().status().as_u16());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412, 412, 412], "round {round}");
    }
}

/// U+0000 is a character of JSON and of a query like any other, and only PostgreSQL has no place for it.
async fn add_and_seek_a_title_with_u0000(shop: Client) -> [u16; 2] {
    let shop = staff(&shop).await;
    let book = json!({ "title": "a\u{0}b", "author": "Jane Austen", "published": 1815, "price": 999 });
    let added = shop.post("/api/books").json(&book).send().await;
    if added.status() == 201 {
        assert_eq!(added.json::<Value>()["title"], "a\u{0}b");
    } else {
        let problem = added.problem();
        assert_eq!(problem["type"], "/problems/invalid-request");
        assert!(problem["detail"].as_str().unwrap().contains("U+0000"), "{problem}");
    }
    let found = shop.get("/api/books?author=a%00b").send().await;
    [added.status().as_u16(), found.status().as_u16()]
}

#[tokio::test(flavor = "multi_thread")]
async fn u0000_is_stored_by_sqlite() {
    assert_eq!(add_and_seek_a_title_with_u0000(crate::shop().await).await, [201, 200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn u0000_is_the_clients_fault_on_postgres() {
    if let Some(url) = covet_testsuite::servers::fresh_postgres() {
        assert_eq!(add_and_seek_a_title_with_u0000(crate::shop_on(&url).await).await, [422, 422]);
    }
}
