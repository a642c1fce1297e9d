//! One server-sent event.

use std::time::Duration;

use serde::Serialize;

/// One server-sent event (HTML standard, section 9.2).
///
/// ```
/// use covet::Event;
///
/// let event = Event::new("two\nlines").name("note").id("7");
/// assert_eq!(event.to_string(), "event: note\nid: 7\ndata: two\ndata: lines\n\n");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    data: String,
    name: Option<String>,
    id: Option<String>,
    retry: Option<Duration>,
}

impl Event {
    /// An event with this text, which may have several lines.
    pub fn new(data: impl Into<String>) -> Self {
        Event { data: data.into(), ..Event::default() }
    }

    /// An event with a value as JSON.
    ///
    /// # Errors
    /// That the value cannot be JSON, such as a map whose names are not texts.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        Ok(Event::new(serde_json::to_string(value)?))
    }

    /// With the name under which a browser's script listens; without one it is `message`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With the id that a client which connects again sends as [`LastEventId`](crate::LastEventId).
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// With the time that the client waits before it connects again.
    pub fn retry(mut self, wait: Duration) -> Self {
        self.retry = Some(wait);
        self
    }
}

/// As it is sent. Line breaks in a name or an id, and NUL in an id, are left out: they would begin another field, or
/// make the client ignore this one.
impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plain = |text: &str| text.replace(['\r', '\n', '\0'], "");
        if let Some(name) = &self.name {
            writeln!(f, "event: {}", plain(name))?;
        }
        if let Some(id) = &self.id {
            writeln!(f, "id: {}", plain(id))?;
        }
        if let Some(retry) = self.retry {
            writeln!(f, "retry: {}", retry.as_millis())?;
        }
        for line in self.data.replace("\r\n", "\n").split(['\n', '\r']) {
            writeln!(f, "data: {line}")?;
        }
        f.write_str("\n")
    }
}
