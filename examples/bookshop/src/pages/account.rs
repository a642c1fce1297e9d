//! `/account`: who is logged in, and what they have ordered.

use std::sync::Arc;

use covet::auth::{Accounts, People};
use covet::{Auth, Db, Result, State, get};

use super::visitor::{Fresh, Top, Visitor};
use crate::access::{OrdersRead, Roles};
use crate::orders::{Order, Reader, latest};

/// How many orders the page has.
const ORDERS: i64 = 50;

/// The account.
#[covet::view("account.html")]
pub(super) struct AccountPage {
    name: String,
    email: Option<String>,
    roles: Vec<String>,
    /// None where they may not see orders.
    orders: Option<Vec<Order>>,
    top: Top,
}

/// Show the account.
#[get("/account")]
pub(super) async fn account(
    caller: Auth,
    visitor: Visitor,
    accounts: State<Arc<Accounts>>,
    roles: State<Roles>,
    db: Db,
) -> Result<Fresh<AccountPage>> {
    let user = accounts.subject(&db, caller.subject()).await?;
    let claim = |name: &str| user.as_ref().and_then(|user| user.claims.get(name)?.as_str().map(str::to_owned));
    let orders = match caller.has::<OrdersRead>() {
        true => Some(latest(&Reader::own(&caller), ORDERS, &db).await?),
        false => None,
    };
    Ok(Fresh(AccountPage {
        name: claim("preferred_username").unwrap_or_else(|| caller.subject().to_owned()),
        email: claim("email"),
        roles: caller.identity().roles.as_ref().map(|ids| roles.names(ids)).unwrap_or_default(),
        orders,
        top: visitor.top(),
    }))
}
