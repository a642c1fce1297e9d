//! The argument by which an app reads the log and writes into it.

use covet_auth::{AuditEvent, Principal};
use covet_db::{Db, sql};

use super::{AuditEntry, AuditFilter, AuditOrder, Origin};
use crate::auth::oauth::Provider;
use crate::openapi::Operation;
use crate::{FromRequest, Page, Paging, Rejection, Request, State};

/// The audit log, of an app that has [`Server`](super::super::Server) as its authentication. An argument.
///
/// ```
/// use covet::auth::{Audit, AuditEntry, AuditEvent, AuditFilter, AuditOrder};
/// use covet::{Auth, NoContent, Page, Paging, Path, Query, Result, get, post, routes};
///
/// covet::permissions! {
///     AuditRead = "audit:read" => "Read the audit log",
///     OrdersWrite = "orders:write" => "Change orders",
/// }
///
/// /// Who did what.
/// #[get("/api/audit")]
/// async fn list(
///     _auth: Auth<AuditRead>, filter: Query<AuditFilter>, paging: Paging<AuditOrder>, audit: Audit,
/// ) -> Result<Page<AuditEntry>> {
///     Ok(audit.page(&filter, &paging).await?)
/// }
///
/// /// Give the money back.
/// #[post("/api/orders/{id}/refund")]
/// async fn refund(_auth: Auth<OrdersWrite>, id: Path<i64>, audit: Audit) -> NoContent {
///     audit.record(AuditEvent::new("order.refunded").object(format!("order {}", *id)));
///     NoContent
/// }
/// # let _ = routes![list, refund];
/// ```
#[derive(Debug, Clone)]
pub struct Audit {
    db: Db,
    provider: Provider,
    origin: Origin,
    caller: Option<Principal>,
}

impl Audit {
    /// A page of the lines that the filter lets through.
    ///
    /// # Errors
    /// The database's.
    pub async fn page<const LIMIT: u32, const MAX: u32>(
        &self,
        filter: &AuditFilter,
        paging: &Paging<AuditOrder, LIMIT, MAX>,
    ) -> covet_db::Result<Page<AuditEntry>> {
        let AuditFilter { event, outcome, subject, client, .. } = filter;
        let event = event.as_ref().map(|event| sql!("AND event = {event}"));
        let outcome = outcome.as_ref().map(|outcome| sql!("AND outcome = {outcome}"));
        let subject = subject.as_ref().map(|subject| sql!("AND subject = {subject}"));
        let client = client.as_ref().map(|client| sql!("AND client = {client}"));
        let (behind, order) = (paging.condition(), paging.order());
        let sql = sql!(
            "SELECT id, at, event, outcome, subject, client, object, permission, reason, request_id, address
             FROM covet_audit WHERE {..behind} {..event} {..outcome} {..subject} {..client} {..order}"
        );
        Ok(paging.page(self.db.fetch_all(sql).await?))
    }

    /// Takes note of something, as of this request and, unless the event says otherwise, of its caller. It does not wait for the
    /// database.
    pub fn record(&self, mut event: AuditEvent) {
        if let Some(caller) = &self.caller {
            event.subject.get_or_insert_with(|| caller.subject().to_owned());
            event.client = event.client.or_else(|| caller.client().map(str::to_owned));
        }
        self.provider.audit.record_of(event, Some(self.origin));
    }
}

impl FromRequest for Audit {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.requires_state::<Db>();
        operation.requires_state::<Provider>();
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        let db = Db::from_request(request, name).await?;
        let provider = State::<Provider>::from_request(request, name).await?;
        let caller = request.head.extensions.get::<Principal>().cloned();
        Ok(Audit { db, provider: Provider::clone(&provider), origin: Origin::of(request), caller })
    }
}
