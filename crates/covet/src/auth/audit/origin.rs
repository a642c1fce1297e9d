//! The request that an event belongs to.

use std::net::IpAddr;

use crate::openapi::Operation;
use crate::{FromRequest, Rejection, Request, RequestId};

/// Which request, and from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) id: RequestId,
    pub(crate) address: IpAddr,
}

impl Origin {
    pub(crate) fn of(request: &Request) -> Self {
        Origin { id: request.id(), address: request.client.ip() }
    }
}

/// An argument that says nothing of itself.
impl FromRequest for Origin {
    fn describe(_: &mut Operation<'_>, _: &str) {}

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        Ok(Origin::of(request))
    }
}

#[cfg(feature = "_db")]
tokio::task_local! {
    static CURRENT: Origin;
}

/// Does something whose events belong to this request: what is below HTTP does not know it.
#[cfg(feature = "_db")]
pub(in crate::auth) async fn within<T>(origin: Origin, work: impl Future<Output = T>) -> T {
    CURRENT.scope(origin, work).await
}

/// The request that is being answered, where it was told.
#[cfg(feature = "_db")]
pub(super) fn current() -> Option<Origin> {
    CURRENT.try_with(|origin| *origin).ok()
}
