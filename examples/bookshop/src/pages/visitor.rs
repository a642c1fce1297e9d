//! Who looks at a page, and what every page shows of that.

use covet::auth::Principal;
use covet::http::{HeaderValue, header};
use covet::openapi::Operation;
use covet::{Auth, Cookie, FromRequest, Rejection, Request, Responder, Responding, Response};

use super::cart::{self, Cart};
use crate::access::{OrdersWrite, UsersAdmin};

/// A reader, who may have logged in, with their cart.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) caller: Option<Auth>,
    pub(super) cart: Cart,
}

/// What stands at the top of every page.
#[covet::model(output)]
#[derive(Debug, Clone, Copy)]
pub(super) struct Top {
    /// How many copies are in the cart.
    cart_size: u32,
    is_known: bool,
    is_admin: bool,
}

impl Visitor {
    pub(super) fn top(&self) -> Top {
        let caller = self.caller.as_deref();
        Top {
            cart_size: self.cart.size(),
            is_known: caller.is_some(),
            is_admin: caller.is_some_and(Principal::has::<UsersAdmin>),
        }
    }

    /// Whether they may order; `None` where nobody knows them.
    pub(super) fn may_order(&self) -> Option<bool> {
        self.caller.as_deref().map(Principal::has::<OrdersWrite>)
    }
}

impl FromRequest for Visitor {
    fn describe(operation: &mut Operation<'_>, name: &str) {
        <Option<Auth> as FromRequest>::describe(operation, name);
        <Cookie<Option<String>> as FromRequest>::describe(operation, cart::COOKIE);
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        let caller = <Option<Auth> as FromRequest>::from_request(request, name).await?;
        let cart = Cookie::from_request(request, cart::COOKIE).await?;
        Ok(Visitor { caller, cart: Cart::of(&cart) })
    }
}

/// An answer that nobody keeps, not even the browser that it is for: it is about one reader at one moment.
#[derive(Debug)]
pub(super) struct Fresh<T>(pub(super) T);

impl<T: Responder> Responder for Fresh<T> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        let mut response = self.0.respond(to);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
