//! `/audit`: who was refused what, and who used what is marked.

use covet::auth::{Audit, AuditEntry, AuditFilter, AuditOrder};
use covet::{Auth, Page, Paging, Query, Result, get};

use super::AuditRead;

/// Read the audit log.
#[get("/audit")]
pub(super) async fn audit_log(
    _: Auth<AuditRead>,
    filter: Query<AuditFilter>,
    paging: Paging<AuditOrder>,
    audit: Audit,
) -> Result<Page<AuditEntry>> {
    Ok(audit.page(&filter, &paging).await?)
}
