//! A call on a connection.
//!
//! A lease is marked busy before a call sends its first byte. A call that is answered marks it clean again; one that is
//! dropped before leaves the lease to a task of its own, which stops the statement on the server, proves the connection
//! clean, and gives it back.

use std::sync::Arc;

use super::connection::{Connection, Failure, Session, lost};
use super::{control, error};
use crate::Result;
use crate::pool::Lease;

/// Whose lease a call runs on.
pub(super) enum Holder {
    /// The call's own, which goes back with its answer.
    Call(Lease<Connection>),
    /// The transaction's.
    Transaction,
}

/// A call under way.
pub(super) struct Call {
    pub(super) session: Arc<Session>,
    holder: Option<Holder>,
    /// The savepoint before a stream of a transaction, to go back to.
    pub(super) has_savepoint: bool,
}

impl Call {
    /// On a lease of its own.
    pub(super) fn once(mut lease: Lease<Connection>) -> Result<Self> {
        let session = Arc::clone(&lease.connection().ok_or_else(lost)?.session);
        lease.mark_busy();
        Ok(Self { session, holder: Some(Holder::Call(lease)), has_savepoint: false })
    }

    /// On a transaction's.
    pub(super) async fn within(lease: &Lease<Connection>) -> Result<Self> {
        let session = Arc::clone(&lease.connection().ok_or_else(lost)?.session);
        session.in_order().await?;
        Ok(Self { session, holder: Some(Holder::Transaction), has_savepoint: false })
    }

    pub(super) fn is_within_transaction(&self) -> bool {
        matches!(self.holder, Some(Holder::Transaction))
    }

    /// Takes the server's answer to the whole call.
    pub(super) fn over<T>(mut self, result: Result<T, Failure>) -> Result<T> {
        let within = self.is_within_transaction();
        let failure = match result {
            Ok(value) => {
                self.answered();
                return Ok(value);
            }
            Err(failure) => failure,
        };
        let is_midway = matches!(failure, Failure::Midway(_));
        let is_driver = matches!(failure, Failure::Driver(_));
        let error = failure.into_error();
        if error::ends_epoch(&error, within) {
            self.session.shared.next_epoch();
        }
        if is_driver && within {
            self.session.standing.set_aborted(true);
        }
        if !is_midway {
            self.answered();
        }
        Err(error)
    }

    /// Keeps the lease of a call that was answered, still marked busy.
    pub(super) fn keep(mut self) -> Option<Lease<Connection>> {
        match self.holder.take() {
            Some(Holder::Call(lease)) => Some(lease),
            _ => None,
        }
    }

    fn answered(&mut self) {
        if let Some(Holder::Call(lease)) = self.holder.take() {
            control::give_back(lease, &self.session);
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        match self.holder.take() {
            Some(Holder::Call(lease)) => control::recover(lease, control::Left::Statement),
            Some(Holder::Transaction) => control::put_in_order(&self.session, self.has_savepoint),
            None => {}
        }
    }
}
