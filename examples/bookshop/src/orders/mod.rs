//! Orders: `/orders`, and the events of those that are placed.

mod events;
mod list;
mod model;
mod place;
mod reader;

pub use events::Feed;
pub use list::{Head, OrderSort};
pub(crate) use list::{latest, order_by_form};
pub use model::{Line, NewLine, NewOrder, Order, OrderError};
pub(crate) use place::{Placing, order_copies};
pub(crate) use reader::Reader;

use covet::{Routes, routes};

/// The routes of orders.
pub fn routes() -> Routes {
    routes![place::place_order, list::list_orders, list::get_order, events::events].tag("orders")
}
