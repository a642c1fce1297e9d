//! `/cart`: what somebody is about to order.
//!
//! The cart is a cookie, `12-1.7-2` for one copy of book 12 and two of book 7. It holds nothing that its owner may not
//! change, so it is not signed; whatever it says is checked against the shelf when the cart is shown and ordered.
//!
//! The form that orders has a name of its own. Sent twice, by an impatient finger or by a browser that loads again, it
//! orders once.

use std::collections::BTreeMap;
use std::time::Duration;

use covet::db::sql;
use covet::{Cookie, Db, Form, Path, Query, Redirect, Result, SetCookie, State, Uuid, WithCookie, get, post};

use super::visitor::{Fresh, Top, Visitor};
use crate::access::Site;
use crate::books::Book;
use crate::orders::{Feed, Order, OrderError, Placing, order_by_form, order_copies};

/// The cookie's name.
pub(super) const COOKIE: &str = "cart";

/// How many different books a cart holds, and how many copies of each.
const MOST_BOOKS: usize = 30;
const MOST_COPIES: u32 = 99;

/// The numbers of books, and how many copies of each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cart(Vec<(i64, u32)>);

impl Cart {
    /// What a cookie says; what is no cart in it is left out.
    pub(super) fn of(cookie: &Cookie<Option<String>>) -> Self {
        let mut cart = Cart::default();
        for line in cookie.as_deref().unwrap_or_default().split('.') {
            if let Some((book, count)) = line.split_once('-')
                && let (Ok(book), Ok(count)) = (book.parse(), count.parse())
            {
                cart.add(book, count);
            }
        }
        cart
    }

    /// How many copies are in it.
    pub(super) fn size(&self) -> u32 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    fn add(&mut self, book: i64, count: u32) {
        let before = self.0.iter().find(|(known, _)| *known == book).map_or(0, |(_, count)| *count);
        self.set(book, before.saturating_add(count));
    }

    /// So many copies from now on; none takes the book out.
    fn set(&mut self, book: i64, count: u32) {
        let count = count.min(MOST_COPIES);
        match self.0.iter().position(|(known, _)| *known == book) {
            Some(at) if count == 0 => {
                self.0.remove(at);
            }
            Some(at) => self.0[at].1 = count,
            None if count > 0 && self.0.len() < MOST_BOOKS => self.0.push((book, count)),
            None => {}
        }
    }

    /// The answer to every change: the cart's page, which shows what became of it.
    fn kept(&self, site: &Site) -> Answer {
        self.kept_at(site, "/cart")
    }

    /// The same with another page.
    fn kept_at(&self, site: &Site, page: &str) -> Answer {
        if self.0.is_empty() {
            return answer(SetCookie::removed(COOKIE), site, page);
        }
        let lines: Vec<String> = self.0.iter().map(|(book, count)| format!("{book}-{count}")).collect();
        let cookie = SetCookie::new(COOKIE, lines.join(".")).max_age(Duration::from_secs(30 * 86_400));
        answer(cookie, site, page)
    }

    fn copies(&self) -> BTreeMap<i64, i64> {
        self.0.iter().map(|(book, count)| (*book, i64::from(*count))).collect()
    }
}

/// A cookie, and the page to go on with.
type Answer = Fresh<WithCookie<Redirect>>;

fn answer(cookie: SetCookie, site: &Site, target: &str) -> Answer {
    let cookie = if site.is_secure { cookie.secure() } else { cookie };
    Fresh(cookie.on(Redirect::to(target)))
}

/// The cart with what the shelf has.
#[covet::view("cart.html")]
pub(super) struct CartPage {
    lines: Vec<Line>,
    total: i64,
    /// Whether the shop has all of it.
    available: bool,
    /// The order that was just placed.
    ordered: Option<i64>,
    copies: u32,
    /// Whether the reader may order; none where nobody knows them.
    may_order: Option<bool>,
    /// The name of the form that orders.
    form: String,
    top: Top,
}

/// One book in the cart.
#[covet::model(output)]
struct Line {
    book: Book,
    count: u32,
    sum: i64,
}

/// Show the cart.
#[get("/cart")]
pub(super) async fn cart(ordered: Query<Option<i64>>, visitor: Visitor, db: Db) -> Result<Fresh<CartPage>> {
    let Cart(wanted) = visitor.cart.clone();
    let ids: Vec<i64> = wanted.iter().map(|(book, _)| *book).collect();
    let books: Vec<Book> =
        db.fetch_all(sql!("SELECT id, title, author, published, price, stock FROM books WHERE id IN ({ids*})")).await?;
    // In the order of the cart; a book that is no longer sold is not in it any more.
    let lines: Vec<Line> = wanted
        .into_iter()
        .filter_map(|(id, count)| {
            let book = books.iter().find(|book| book.id == id)?.clone();
            Some(Line { sum: book.price * i64::from(count), book, count })
        })
        .collect();
    Ok(Fresh(CartPage {
        total: lines.iter().map(|line| line.sum).sum(),
        available: lines.iter().all(|line| i64::from(line.count) <= line.book.stock),
        ordered: ordered.0,
        copies: lines.iter().map(|line| line.count).sum(),
        may_order: visitor.may_order(),
        form: Uuid::new_v4().to_string(),
        top: visitor.top(),
        lines,
    }))
}

/// A book for the cart.
#[covet::model]
pub(super) struct Put {
    book: i64,
    #[check(range(min = 1, max = 99))]
    #[serde(default = "one")]
    count: u32,
}

fn one() -> u32 {
    1
}

/// Put a book into the cart.
#[post("/cart")]
pub(super) async fn put(form: Form<Put>, cart: Cookie<Option<String>>, site: State<Site>) -> Answer {
    let mut cart = Cart::of(&cart);
    cart.add(form.book, form.count);
    cart.kept(&site)
}

/// How many copies there shall be.
#[covet::model]
pub(super) struct Change {
    #[check(range(max = 99))]
    count: u32,
}

/// Change how many copies of a book are in the cart; none takes it out.
#[post("/cart/books/{id}")]
pub(super) async fn change(
    id: Path<i64>,
    form: Form<Change>,
    cart: Cookie<Option<String>>,
    site: State<Site>,
) -> Answer {
    let mut cart = Cart::of(&cart);
    cart.set(*id, form.count);
    cart.kept(&site)
}

/// The form that orders.
#[covet::model]
pub(super) struct Ordering {
    /// Its name, which the cart's page has given it.
    form: Uuid,
}

/// Order what is in the cart.
#[post("/cart/order")]
pub(super) async fn order(
    ordering: Form<Ordering>,
    visitor: Visitor,
    site: State<Site>,
    db: Db,
    feed: State<Feed>,
) -> Result<Answer, OrderError> {
    let cart = &visitor.cart;
    let customer = match (&visitor.caller, visitor.may_order()) {
        (Some(caller), Some(true)) => caller.subject().to_owned(),
        // The session has ended meanwhile; the cart outlives it. Who may not order is told so on the cart's page.
        (None, _) => return Ok(cart.kept_at(&site, "/login?return_to=%2Fcart")),
        _ => return Ok(cart.kept(&site)),
    };
    let form = ordering.form.to_string();
    let before = || order_by_form(&form, &customer, &db);
    if let Some(order) = before().await? {
        return Ok(again(&order, cart, &site));
    }
    if cart.0.is_empty() {
        return Ok(cart.kept(&site));
    }
    let placing = Placing { customer: customer.clone(), copies: cart.copies(), key: None, form: Some(form.clone()) };
    match order_copies(&db, &feed, placing).await {
        Ok(order) => Ok(thanks(&order, &site)),
        // Somebody was faster. The cart's page says what there is less of.
        Err(OrderError::OutOfStock { .. } | OrderError::UnknownBook { .. }) => match before().await? {
            // It was this very form.
            Some(order) => Ok(again(&order, cart, &site)),
            None => Ok(cart.kept(&site)),
        },
        Err(OrderError::Db(error)) if error.is_unique_violation() => match before().await? {
            Some(order) => Ok(again(&order, cart, &site)),
            None => Err(error.into()),
        },
        Err(error) => Err(error),
    }
}

fn thanks(order: &Order, site: &Site) -> Answer {
    answer(SetCookie::removed(COOKIE), site, &format!("/cart?ordered={}", order.id))
}

/// The answer to a form that has ordered before: the same. A cart that was filled anew meanwhile stays, and is shown with a
/// new form.
fn again(order: &Order, cart: &Cart, site: &Site) -> Answer {
    let ordered: BTreeMap<i64, i64> = order.lines.iter().map(|line| (line.book, line.copies)).collect();
    if cart.0.is_empty() || cart.copies() == ordered { thanks(order, site) } else { cart.kept(site) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cart(text: &str) -> Cart {
        Cart::of(&Cookie(Some(text.to_owned())))
    }

    #[test]
    fn a_cookie_is_a_cart_whatever_it_says() {
        assert_eq!(cart("12-1.7-2"), Cart(vec![(12, 1), (7, 2)]));
        assert_eq!(cart("12-1.12-98.12-5"), Cart(vec![(12, 99)]));
        assert_eq!(cart("x.1.-.1--1.2-0.3-4294967296.5-3"), Cart(vec![(5, 3)]));
        assert_eq!(cart(""), Cart::default());
        let many: Vec<String> = (0..500).map(|book| format!("{book}-99")).collect();
        assert_eq!(cart(&many.join(".")).size(), 30 * 99);
    }
}
