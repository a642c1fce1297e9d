//! Bodies that are read or written piece by piece: lines of JSON, events, bytes.

mod bytes;
mod event;
mod events;
mod last_event_id;
mod lines;
mod ndjson;
mod row_error;
mod rows;
#[cfg(feature = "csv")]
mod table;
mod written;

pub(crate) use bytes::disposition;
pub use bytes::{MediaType, Stream, media};
pub use event::Event;
pub use events::Events;
pub use last_event_id::LastEventId;
pub use ndjson::NdJson;
pub use row_error::RowError;
pub use rows::Rows;
