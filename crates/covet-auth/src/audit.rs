//! What who looks after a server wants to find later: who did what, and who was kept from what.

use std::borrow::Cow;

/// One thing that happened. It never has a token, a code or a password in it.
///
/// ```
/// use covet_auth::AuditEvent;
///
/// let event = AuditEvent::new("order.refunded").subject("alice").object("order 7");
/// assert!(event.is_allowed());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEvent {
    /// What happened: `access`, `login`, `token.issued` and so on.
    pub event: Cow<'static, str>,
    /// Whether it was let happen.
    pub outcome: AuditOutcome,
    /// The user, or the client where it acts for itself.
    pub subject: Option<String>,
    /// The client.
    pub client: Option<String>,
    /// What it was done with: a route, a role, a user.
    pub object: Option<String>,
    /// The names of the permissions that decided, with spaces between them.
    pub permission: Option<String>,
    /// Why it was decided so.
    pub reason: Option<Cow<'static, str>>,
}

/// Whether something was let happen. Complete: there is nothing between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It happened.
    Allowed,
    /// It was refused.
    Denied,
}

impl AuditEvent {
    /// Something that happened.
    pub fn new(event: impl Into<Cow<'static, str>>) -> Self {
        let (outcome, event) = (AuditOutcome::Allowed, event.into());
        AuditEvent { event, outcome, subject: None, client: None, object: None, permission: None, reason: None }
    }

    /// Something that was refused, and why.
    pub fn denied(event: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        AuditEvent { outcome: AuditOutcome::Denied, ..AuditEvent::new(event) }.reason(reason)
    }

    /// Of this user, or client where it acts for itself.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Through this client.
    #[must_use]
    pub fn client(mut self, client: impl Into<String>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// With this.
    #[must_use]
    pub fn object(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// By these permissions.
    #[must_use]
    pub fn permission(mut self, names: impl Into<String>) -> Self {
        self.permission = Some(names.into());
        self
    }

    /// For this reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Whether it was let happen.
    pub fn is_allowed(&self) -> bool {
        self.outcome == AuditOutcome::Allowed
    }
}

impl AuditOutcome {
    /// `allowed` or `denied`.
    pub fn name(self) -> &'static str {
        match self {
            AuditOutcome::Allowed => "allowed",
            AuditOutcome::Denied => "denied",
        }
    }
}
