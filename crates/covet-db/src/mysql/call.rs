//! A call on a connection.
//!
//! A lease is marked busy before a call sends its first byte. A call that is answered marks it clean again. One that is
//! dropped before is not cut off, because then nobody would know what the next bytes on the wire belong to: it is handed
//! to a task of its own, which stops its statement on the server, brings it to its end, and gives the lease back.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::connection::{Connection, Failure, Session, Work};
use super::error::lost;
use super::{control, error};
use crate::pool::Lease;
use crate::sql::Text;
use crate::{ErrorKind, Result};

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
    pub(super) holder: Holder,
    /// What the call is to leave undone once nobody waits for it.
    pub(super) given_up: Arc<AtomicBool>,
}

impl Call {
    /// On a lease of its own.
    pub(super) fn once(mut lease: Lease<Connection>) -> Result<Self> {
        let session = Arc::clone(&lease.connection().ok_or_else(lost)?.session);
        lease.mark_busy();
        Ok(Self { session, holder: Holder::Call(lease), given_up: Arc::default() })
    }

    /// On a transaction's.
    pub(super) fn within(lease: &Lease<Connection>) -> Result<Self> {
        let session = Arc::clone(&lease.connection().ok_or_else(lost)?.session);
        Ok(Self { session, holder: Holder::Transaction, given_up: Arc::default() })
    }

    /// Runs the work to its end.
    pub(super) async fn run<T: Send + 'static>(self, text: &Text, work: Work<T>) -> Result<T> {
        let mut under_way = UnderWay { call: Some(self), work };
        let (guard, result) = poll_fn(|context| under_way.work.as_mut().poll(context)).await;
        drop(guard);
        match under_way.call.take() {
            Some(call) => call.over(text.as_str(), result),
            None => Err(lost()),
        }
    }

    /// Takes the server's answer to the whole call.
    pub(super) fn over<T>(self, text: &str, result: Result<T, Failure>) -> Result<T> {
        let within = matches!(self.holder, Holder::Transaction);
        let session = &self.session;
        let result = result.map_err(|failure| {
            if let Failure::Driver(driver) = &failure
                && driver.is_fatal()
            {
                session.standing.break_off();
            }
            let error = failure.into_error(text);
            if error::ends_epoch(&error, within) {
                session.shared.next_epoch();
            }
            if error.kind() == ErrorKind::ConnectionLost {
                session.standing.break_off();
            }
            // The server has rolled back more than the statement, so that what follows would stand alone.
            if within && matches!(error.kind(), ErrorKind::Deadlock | ErrorKind::Serialization) {
                session.standing.set_aborted(true);
            }
            error.with_statement(text)
        });
        if let Holder::Call(lease) = self.holder {
            control::give_back(lease, &self.session);
        }
        result
    }
}

/// A call that somebody waits for. Dropped before its end it goes on without them.
struct UnderWay<T: Send + 'static> {
    call: Option<Call>,
    work: Work<T>,
}

impl<T: Send + 'static> Drop for UnderWay<T> {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            let never: Work<T> = Box::pin(std::future::pending());
            let work = std::mem::replace(&mut self.work, never);
            control::take_over(
                call,
                Box::pin(async move {
                    let (guard, result) = work.await;
                    (guard, result.map(drop))
                }),
            );
        }
    }
}
