//! The arguments that decide who may call a handler.

use std::marker::PhantomData;
use std::ops::Deref;

use covet_auth::Principal;
use covet_auth::rbac::{NotPermitted, Permitted, Policy, Requirement};

use super::access::Decision;
use crate::openapi::Operation;
use crate::problem::{INTERNAL, NOT_FOUND, Problem, ProblemDetails, Problems};
use crate::{FromRequest, Rejection, Request};

/// The caller, who has the permissions `P`: nobody else gets into the handler.
///
/// `P` is a permission of [`permissions!`](crate::permissions), a tuple of which all are needed, or
/// [`Any<(A, B)>`](super::Any) of which one is enough. `Auth` alone asks only that the caller is known. The caller is asked for
/// before any other argument is made and before the body is read, wherever this argument stands: who is not let in learns
/// nothing of the rest. Without a credential the answer is 401, with one that is not enough 403 (RFC 6750).
///
/// `Option<Auth>` lets everybody in; a credential that is there must still be good.
///
/// ```
/// use covet::{Auth, Public, get, post};
///
/// covet::permissions! {
///     OrdersRead = "orders:read" => "See orders",
///     OrdersWrite = "orders:write" => "Order books",
/// }
///
/// /// Order.
/// #[post("/orders")]
/// async fn order(auth: Auth<(OrdersRead, OrdersWrite)>) -> String { format!("for {}", auth.subject()) }
///
/// /// Say who I am.
/// #[get("/me")]
/// async fn me(auth: Auth) -> String { auth.subject().to_owned() }
///
/// /// Greet.
/// #[get("/")]
/// async fn index(auth: Option<Auth>) -> String { auth.map_or("hello".into(), |auth| format!("hello {}", auth.subject())) }
///
/// /// Say what o'clock it is.
/// #[get("/time")]
/// async fn time(_: Public) -> String { covet::jiff::Timestamp::now().to_string() }
/// # let _ = covet::routes![order, me, index, time];
/// ```
#[derive(Clone)]
pub struct Auth<P = ()> {
    principal: Principal,
    required: PhantomData<fn() -> P>,
}

/// Everybody may call this handler. In an app with [`App::auth`](crate::App::auth) a route must say so.
#[derive(Debug, Clone, Copy, Default)]
pub struct Public;

impl<P> Auth<P> {
    /// The caller.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The proof that the caller may do `Action` with this thing, as its [`Policy`] says.
    ///
    /// ```
    /// use covet::auth::{NotPermitted, Permitted, Policy, Principal};
    /// use covet::Auth;
    ///
    /// #[covet::model]
    /// struct Order { customer: String, text: String }
    ///
    /// /// Changing an order.
    /// enum Change {}
    ///
    /// impl Policy<Principal, Order> for Change {
    ///     fn permits(who: &Principal, order: &Order) -> bool { order.customer == who.subject() }
    /// }
    ///
    /// /// Takes only orders that the caller may change.
    /// fn save(order: Permitted<Change, Order>) -> Order { order.into_inner() }
    ///
    /// fn change(auth: &Auth, order: Order) -> Result<Order, NotPermitted> {
    ///     Ok(save(auth.check::<Change, _>(order)?))
    /// }
    /// ```
    ///
    /// # Errors
    /// [`NotPermitted`] where the policy says no: a 404 that is the same as that of a path which is not there.
    pub fn check<Action, Thing>(&self, thing: Thing) -> Result<Permitted<Action, Thing>, NotPermitted>
    where
        Action: Policy<Principal, Thing>,
    {
        Permitted::check(&self.principal, thing)
    }
}

impl<P> Deref for Auth<P> {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

impl<P> std::fmt::Debug for Auth<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Auth").field(&self.principal).finish()
    }
}

impl<P: Requirement> FromRequest for Auth<P> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.decide(Decision::required::<P>());
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        // The route's guard has let the caller in; it is asked again here, so that a call on another way fails closed.
        match request.head.extensions.get::<Principal>() {
            Some(principal) if principal.has::<P>() => Ok(Auth { principal: principal.clone(), required: PhantomData }),
            _ => {
                let cause = "`Auth` was made without the guard that its description puts in front of the route";
                Err(Rejection::Problem(ProblemDetails::new(&INTERNAL).cause(cause)))
            }
        }
    }
}

impl FromRequest for Option<Auth> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.decide(Decision::Optional);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        let caller = request.head.extensions.get::<Principal>().cloned();
        Ok(caller.map(|principal| Auth { principal, required: PhantomData }))
    }
}

impl Problem for NotPermitted {
    fn describe(problems: &mut Problems) {
        problems.add(&NOT_FOUND);
    }

    fn into_details(self) -> ProblemDetails {
        ProblemDetails::new(&NOT_FOUND)
    }
}

impl FromRequest for Public {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.decide(Decision::Public);
    }

    async fn from_request(_: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        Ok(Public)
    }
}
