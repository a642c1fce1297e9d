//! The pages as a browser without scripts sees them: only links and forms that are there are followed.

use covet::test::{Answer, Client};
use html5ever::tendril::TendrilSink;
use markup5ever_rcdom::RcDom;

use super::access::{log_in, shop_with_users};
use super::{on_each_database, shop};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn open(shop: &Client, target: &str) -> Answer {
    shop.get(target).header("accept", BROWSER).send().await
}

async fn post(shop: &Client, target: &str, form: &[(&str, &str)]) -> Answer {
    shop.post(target).header("accept", BROWSER).header("sec-fetch-site", "same-origin").form(form).send().await
}

/// The titles on the shelf.
fn titles(page: &Answer) -> Vec<String> {
    let parts = page.text().split("<span class=\"card-title\">").skip(1);
    parts.map(|part| part.split('<').next().unwrap().to_owned()).collect()
}

/// The first text between these two.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1.split_once(after).unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shelf_is_searched_sorted_and_paged() {
    let shop = shop().await;
    let first = open(&shop, "/").await;
    assert_eq!((first.status().as_u16(), first.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(titles(&first).len(), 24);
    assert!(first.text().contains("<h2>206 books</h2>") && first.text().contains("Page 1 of 9"));

    // Leafing through with the links of the pages shows every book once, in the chosen order.
    let mut seen = Vec::new();
    let mut target = "/?q=&author=&max_price=&sort=title".to_owned();
    loop {
        let page = open(&shop, &target).await;
        seen.extend(titles(&page));
        let Some((before, _)) = page.text().split_once("\">After →</a>") else { break };
        target = before.rsplit_once("href=\"").unwrap().1.replace("&amp;", "&");
    }
    assert_eq!(seen.len(), 206);
    assert!(seen.windows(2).all(|pair| pair[0] <= pair[1]), "{seen:?}");

    let check = async |query: &str, expected: &[&str]| {
        assert_eq!(titles(&open(&shop, &format!("/?{query}")).await), expected, "{query}");
    };
    check("q=PEACE&author=&max_price=&sort=id", &["War and Peace"]).await;
    check("author=Emily+Bront%C3%AB", &["Wuthering Heights"]).await;
    check("q=%25", &[]).await;
    check("q=emma&max_price=27", &[]).await;
    check("q=emma&max_price=28", &["Emma"]).await;
    assert!(open(&shop, "/?page=1000").await.text().contains("Page 9 of 9"));
    let wrong = open(&shop, "/?page=many").await;
    assert_eq!(wrong.status(), 422);
    assert!(wrong.text().contains("Bookshop</span></a>") && wrong.text().contains("page: "), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_looked_for_stands_in_the_form_and_nowhere_else() {
    let shop = shop().await;
    let page = open(&shop, "/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(!page.text().contains("<script"), "{page:?}");
    assert!(
        page.text().contains("value=\"&#34;&gt;&lt;script&gt;")
            || page.text().contains("value=\"&quot;&gt;&lt;script&gt;")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn books_are_put_into_the_cart_changed_and_taken_out() {
    let shop = shop().await;
    let page = open(&shop, "/?q=Bleak+House").await;
    let book = between(page.text(), "<a href=\"/books/", "\"").to_owned();
    let page = open(&shop, &format!("/books/{book}")).await;
    assert!(page.text().contains("<h1>Bleak House</h1>") && page.text().contains("€7.99"));
    assert!(titles(&page).contains(&"Hard Times".to_owned()), "{:?}", titles(&page));
    assert_eq!(between(page.text(), "name=\"book\" value=\"", "\""), book);

    let put = post(&shop, "/cart", &[("book", &book), ("count", "2")]).await;
    assert_eq!((put.status().as_u16(), put.header("location")), (303, Some("/cart")));
    let cart = open(&shop, "/cart").await;
    assert_eq!(between(cart.text(), "<p class=\"sum\">", "<"), "€15.98");
    assert!(cart.text().contains("2 copies"), "{cart:?}");
    post(&shop, "/cart", &[("book", &book)]).await;
    assert!(open(&shop, "/cart").await.text().contains("3 copies"));
    post(&shop, &format!("/cart/books/{book}"), &[("count", "1")]).await;
    assert!(open(&shop, "/cart").await.text().contains("1 copy"));
    assert!(open(&shop, "/").await.text().contains("<span class=\"count\">1<span"));
    post(&shop, &format!("/cart/books/{book}"), &[("count", "0")]).await;
    assert!(open(&shop, "/cart").await.text().contains("There is nothing in it yet."));

    // A book that is not sold is not in the cart, whatever the cookie says.
    post(&shop, "/cart", &[("book", "999999")]).await;
    assert!(open(&shop, "/cart").await.text().contains("There is nothing in it yet."));
    assert_eq!(post(&shop, "/cart", &[("book", &book), ("count", "0")]).await.status(), 422);
}

/// The name of the form that orders what is in the cart.
async fn ordering_form(shop: &Client) -> String {
    between(open(shop, "/cart").await.text(), "name=\"form\" value=\"", "\"").to_owned()
}

async fn placed(shop: &Client) -> usize {
    let page: serde_json::Value = shop.get("/api/orders").send().await.json();
    page["items"].as_array().unwrap().len()
}

async fn what_is_in_the_cart_is_ordered(shop: Client) {
    let stock = async || shop.get("/api/books/14").send().await.json::<serde_json::Value>()["stock"].as_i64().unwrap();
    let before = stock().await;
    post(&shop, "/cart", &[("book", "14"), ("count", "2")]).await;
    // Nobody orders whom nobody knows; the cart stays.
    let cart = open(&shop, "/cart").await;
    assert!(cart.text().contains("/login?return_to=/cart") && !cart.text().contains("/cart/order"), "{cart:?}");
    let form = "0a0a0a0a-0000-4000-8000-000000000000";
    let answer = post(&shop, "/cart/order", &[("form", form)]).await;
    assert_eq!((answer.status().as_u16(), answer.header("location")), (303, Some("/login?return_to=%2Fcart")));

    log_in(&shop, "ada").await;
    let form = ordering_form(&shop).await;
    let ordered = post(&shop, "/cart/order", &[("form", &form)]).await;
    assert_eq!((ordered.status().as_u16(), ordered.header("cache-control")), (303, Some("no-store")));
    let page = open(&shop, ordered.header("location").unwrap()).await;
    assert!(page.text().contains("Your order has the number 1.") && page.text().contains("The cart is empty again."));
    assert_eq!(stock().await, before - 2);

    // More than there is: nothing is ordered, and the cart says so.
    post(&shop, "/cart", &[("book", "1"), ("count", "1")]).await;
    post(&shop, "/cart", &[("book", "14"), ("count", "99")]).await;
    let form = ordering_form(&shop).await;
    let refused = post(&shop, "/cart/order", &[("form", &form)]).await;
    let page = open(&shop, refused.header("location").unwrap()).await;
    let left = format!("Only {} left", before - 2);
    assert!(page.text().contains(&left) && page.text().contains("disabled>Order"), "{page:?}");
    assert_eq!(placed(&shop).await, 1);
}

async fn a_form_that_is_sent_twice_orders_once(shop: Client) {
    log_in(&shop, "ada").await;
    post(&shop, "/cart", &[("book", "14"), ("count", "1")]).await;
    let form = ordering_form(&shop).await;
    let send = || {
        let (shop, form) = (shop.clone(), form.clone());
        let request = shop.post("/cart/order").header("accept", BROWSER);
        tokio::spawn(async move { request.form(&[("form", &*form)]).send().await })
    };
    // At once, by an impatient finger.
    for sent in [send(), send(), send()] {
        let answer = sent.await.unwrap();
        assert_eq!(answer.header("location"), Some("/cart?ordered=1"), "{answer:?}");
    }
    // Later, by a browser that loads again, without the cart that it had.
    assert_eq!(post(&shop, "/cart/order", &[("form", &form)]).await.header("location"), Some("/cart?ordered=1"));
    // A cart that was filled meanwhile is not ordered by the old form.
    post(&shop, "/cart", &[("book", "15"), ("count", "1")]).await;
    assert_eq!(post(&shop, "/cart/order", &[("form", &form)]).await.header("location"), Some("/cart"));
    assert!(open(&shop, "/cart").await.text().contains("/books/15"));
    assert_eq!(placed(&shop).await, 1);
    // What somebody else's form was called is nobody's business.
    log_in(&shop, "bob").await;
    let answer = post(&shop, "/cart/order", &[("form", &form)]).await;
    assert_ne!(answer.header("location"), Some("/cart?ordered=1"));
}

on_each_database! {
    of crate::access::shop_with_users:
    what_is_in_the_cart_is_ordered,
    a_form_that_is_sent_twice_orders_once,
    the_account_has_its_own_orders_and_the_dashboard_all,
}

async fn the_account_has_its_own_orders_and_the_dashboard_all(shop: Client) {
    let away = open(&shop, "/account").await;
    assert_eq!((away.status().as_u16(), away.header("location")), (303, Some("/login?return_to=%2Faccount")));
    for login in ["ada", "bob"] {
        log_in(&shop, login).await;
        post(&shop, "/cart", &[("book", if login == "ada" { "14" } else { "15" })]).await;
        let form = ordering_form(&shop).await;
        post(&shop, "/cart/order", &[("form", &form)]).await;
    }
    let page = open(&shop, "/account").await;
    assert!(page.text().contains("<h1>bob</h1>") && page.text().contains("Order 2"), "{page:?}");
    assert!(!page.text().contains("Order 1"), "{page:?}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let refused = open(&shop, "/admin").await;
    assert_eq!(refused.status(), 403);
    assert!(!refused.text().contains("Slow statements") && !page.text().contains("href=\"/admin\""));

    log_in(&shop, "anna").await;
    let page = open(&shop, "/admin").await;
    assert_eq!((page.status().as_u16(), page.header("cache-control")), (200, Some("no-store")));
    for text in ["<th scope=\"row\">1</th>", "<th scope=\"row\">2</th>", "Leases given", "Slow statements", "live."] {
        assert!(page.text().contains(text), "{text}: {page:?}");
    }
    let out = post(&shop, "/logout", &[]).await;
    assert_eq!(out.status(), 303);
    assert_eq!(open(&shop, "/admin").await.status(), 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_says_of_one_reader_is_kept_for_nobody_else() {
    let shop = shop_with_users("sqlite::memory:").await;
    let kept = async |target: &str| open(&shop, target).await.header("cache-control").map(str::to_owned);
    assert_eq!(kept("/").await.as_deref(), Some("private"));
    assert_eq!(kept("/books/1").await.as_deref(), Some("private"));
    assert_eq!(kept("/cart").await.as_deref(), Some("no-store"));
    let put = post(&shop, "/cart", &[("book", "1")]).await;
    assert_eq!(put.header("cache-control"), Some("no-store"));
    let cookie = put.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");
    log_in(&shop, "ada").await;
    let page = open(&shop, "/").await;
    assert!(page.text().contains("action=\"/logout\"") && !page.text().contains("href=\"/login\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_site_fills_the_cart() {
    let shop = shop().await;
    let forged = shop.post("/cart").header("accept", BROWSER).header("sec-fetch-site", "cross-site");
    let answer = forged.form(&[("book", "1")]).send().await;
    assert_eq!((answer.status().as_u16(), answer.header("set-cookie")), (403, None));
    assert!(answer.text().contains("The request comes from another site"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_has_a_page_of_the_shop() {
    let shop = shop().await;
    for target in ["/books/999999", "/nowhere"] {
        let page = open(&shop, target).await;
        assert_eq!(page.status(), 404);
        assert!(page.text().contains("This page is not on our shelf"), "{target} {page:?}");
    }
    assert_eq!(open(&shop, "/api/books/999999").await.problem()["status"], 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_load_what_is_there_and_from_here_alone() {
    let shop = shop_with_users("sqlite::memory:").await;
    log_in(&shop, "anna").await;
    for target in ["/", "/books/1", "/cart", "/nowhere", "/account", "/admin"] {
        let page = open(&shop, target).await;
        let text = page.text();
        let scripts = text.matches("<script").count();
        assert_eq!(scripts, text.matches("<script src=\"/static/live.").count(), "{text}");
        assert!(!text.contains("://") && !text.contains(" style="), "{text}");
        for part in text.split("<link rel=").skip(1) {
            let href = between(part, "href=\"", "\"");
            let file = shop.get(href).send().await;
            assert_eq!(file.status(), 200, "{href}");
        }
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_are_valid_html_with_landmarks_and_labels() {
    let shop = shop_with_users("sqlite::memory:").await;
    log_in(&shop, "anna").await;
    post(&shop, "/cart", &[("book", "1"), ("count", "2")]).await;
    let form = ordering_form(&shop).await;
    post(&shop, "/cart/order", &[("form", &form)]).await;
    post(&shop, "/cart", &[("book", "1"), ("count", "2")]).await;
    for target in [
        "/account",
        "/admin",
        "/",
        "/?q=nothing-like-this",
        "/?author=Jane+Austen&page=1",
        "/books/1",
        "/cart",
        "/cart?ordered=7",
        "/x",
    ] {
        let page = open(&shop, target).await;
        let text = page.text();
        let dom = html5ever::parse_document(RcDom::default(), html5ever::ParseOpts::default()).one(text);
        assert_eq!(*dom.errors.borrow(), Vec::<std::borrow::Cow<'static, str>>::new(), "{target} {text}");
        for landmark in ["<header", "<nav aria-label=", "<main id=\"main\"", "<footer", "<h1>", "<html lang=\"en\">"] {
            assert!(text.contains(landmark), "{target} has no {landmark}");
        }
        assert_eq!(text.matches("<h1>").count(), 1, "{target}");
        // Every field has a label: around it, or by its id.
        for part in text.split("<select ").skip(1).chain(text.split("<input ").skip(1)) {
            let tag = part.split('>').next().unwrap();
            let is_labelled = match tag.split_once("id=\"") {
                Some((_, id)) => text.contains(&format!("<label for=\"{}\"", id.split('"').next().unwrap())),
                None => tag.contains("type=\"hidden\"") || text.contains(&format!("</span>\n<select {tag}")),
            };
            assert!(is_labelled, "{target}: {tag}");
        }
    }
}
