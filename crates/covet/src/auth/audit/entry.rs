//! An event with its time and its request.

use covet_auth::AuditEvent;

use super::Origin;

/// An event as it is written.
#[derive(Debug)]
pub(in crate::auth) struct Record {
    #[cfg(feature = "_db")]
    pub(super) id: String,
    #[cfg(feature = "_db")]
    pub(super) at: jiff::Timestamp,
    pub(super) event: AuditEvent,
    pub(super) request_id: Option<String>,
    pub(super) address: Option<String>,
}

/// The characters of a text that are kept; of permissions and reasons more.
const SHORT: usize = 255;
const LONG: usize = 1000;

impl Record {
    /// The event of now.
    pub(in crate::auth) fn new(mut event: AuditEvent, origin: Option<Origin>) -> Self {
        for text in [&mut event.subject, &mut event.client, &mut event.object].into_iter().flatten() {
            limit(text, SHORT);
        }
        event.permission.iter_mut().for_each(|text| limit(text, LONG));
        if let Some(reason) = &mut event.reason
            && !is_short(reason, LONG)
        {
            limit(reason.to_mut(), LONG);
        }
        if !is_short(&event.event, SHORT) {
            limit(event.event.to_mut(), SHORT);
        }
        Record {
            #[cfg(feature = "_db")]
            id: crate::RequestId::new().to_string(),
            #[cfg(feature = "_db")]
            at: jiff::Timestamp::now(),
            event,
            request_id: origin.map(|origin| origin.id.to_string()),
            address: origin.map(|origin| origin.address.to_string()),
        }
    }

    /// Writes it into the log of the program.
    pub(in crate::auth) fn trace(&self) {
        let AuditEvent { event, outcome, subject, client, object, permission, reason, .. } = &self.event;
        tracing::info!(
            target: "covet::audit",
            event = %event,
            outcome = outcome.name(),
            subject = subject.as_deref(),
            client = client.as_deref(),
            object = object.as_deref(),
            permission = permission.as_deref(),
            reason = reason.as_deref(),
            request.id = self.request_id.as_deref(),
            client.address = self.address.as_deref(),
            "audit",
        );
    }
}

fn is_short(text: &str, limit: usize) -> bool {
    text.len() <= limit && !text.contains(char::is_control)
}

/// What comes from outside can be of any length, and have characters that no database takes.
fn limit(text: &mut String, limit: usize) {
    if !is_short(text, limit) {
        *text = text.chars().filter(|c| !c.is_control()).take(limit).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_cut() {
        let event = AuditEvent::denied("client", "a\u{0}b").client("\n".to_owned() + &"é".repeat(5000));
        let record = Record::new(event, None);
        assert_eq!(record.event.client.as_deref().map(|text| text.chars().count()), Some(255));
        assert_eq!(record.event.reason.as_deref(), Some("ab"));
    }
}
