//! The audit log: what was refused, what was worth a record, and what became of tokens, logins and roles.
//!
//! Everything goes to `tracing` under the target `covet::audit`, and where the app has a database into the table
//! `covet_audit`. A request never waits for that: events go through a queue, and where it is full they are counted instead.

#[cfg(feature = "_db")]
mod argument;
mod entry;
#[cfg(feature = "_db")]
mod log;
mod origin;
#[cfg(feature = "_db")]
mod page;

#[cfg(feature = "_db")]
pub use argument::Audit;
pub(in crate::auth) use entry::Record;
#[cfg(feature = "_db")]
pub(in crate::auth) use log::AuditLog;
pub(crate) use origin::Origin;
#[cfg(feature = "_db")]
pub(in crate::auth) use origin::within;
#[cfg(feature = "_db")]
pub use page::{AuditEntry, AuditFilter, AuditOrder};
