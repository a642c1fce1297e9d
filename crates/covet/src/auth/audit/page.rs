//! Reading the log.

use covet_db::{FromRow, Row};
use jiff::Timestamp;

use crate::{Column, Key, Keyset};

/// A line of the audit log.
#[crate::attributes::model(output, crate = crate)]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Its id; later lines have greater ones.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened: `access`, `login`, `token`, `token.reuse`, `role.defined` and so on.
    pub event: String,
    /// `allowed` or `denied`.
    pub outcome: String,
    /// The user, or the client where it acts for itself.
    pub subject: Option<String>,
    /// The client.
    pub client: Option<String>,
    /// What it was done with, such as the route.
    pub object: Option<String>,
    /// The permissions that decided.
    pub permission: Option<String>,
    /// Why it was decided so.
    pub reason: Option<String>,
    /// The request, as in the program's log and in `X-Request-Id`.
    pub request_id: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
}

/// Which lines of the audit log: those that have all that is named here.
#[crate::attributes::model(input, crate = crate)]
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct AuditFilter {
    /// What happened.
    pub event: Option<String>,
    /// `allowed` or `denied`.
    pub outcome: Option<String>,
    /// The user, or the client where it acts for itself.
    pub subject: Option<String>,
    /// The client.
    pub client: Option<String>,
}

/// The orders in which the audit log can be read.
#[crate::attributes::model(input, crate = crate)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AuditOrder {
    /// The latest first.
    #[default]
    Latest,
    /// As it happened.
    Earliest,
}

impl Keyset for AuditOrder {
    type Item = AuditEntry;

    fn columns(&self) -> Vec<Column> {
        vec![match self {
            AuditOrder::Latest => Column::descending("id"),
            AuditOrder::Earliest => Column::ascending("id"),
        }]
    }

    fn key(&self, entry: &AuditEntry) -> Key {
        entry.id.as_str().into()
    }
}

impl FromRow for AuditEntry {
    fn from_row(row: &Row) -> covet_db::Result<Self> {
        let at: i64 = row.get("at")?;
        Ok(AuditEntry {
            id: row.get("id")?,
            at: Timestamp::from_millisecond(at).unwrap_or(Timestamp::MIN),
            event: row.get("event")?,
            outcome: row.get("outcome")?,
            subject: row.get("subject")?,
            client: row.get("client")?,
            object: row.get("object")?,
            permission: row.get("permission")?,
            reason: row.get("reason")?,
            request_id: row.get("request_id")?,
            address: row.get("address")?,
        })
    }
}
