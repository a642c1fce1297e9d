//! `/account`: who is logged in, and what they have ordered.

use covet::auth::{RoleError, Users};
use covet::{Auth, Db, get};

use super::visitor::{Fresh, Top, Visitor};
use crate::access::OrdersRead;
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
    users: Users,
    db: Db,
) -> Result<Fresh<AccountPage>, RoleError> {
    let user = users.get(caller.subject()).await?;
    let orders = match caller.has::<OrdersRead>() {
        true => Some(latest(&Reader::own(&caller), ORDERS, &db).await?),
        false => None,
    };
    Ok(Fresh(AccountPage {
        name: user.as_ref().map_or(caller.subject(), |user| &user.login).to_owned(),
        email: user.as_ref().and_then(|user| user.email.clone()),
        roles: user.map(|user| user.roles).unwrap_or_default(),
        orders,
        top: visitor.top(),
    }))
}
