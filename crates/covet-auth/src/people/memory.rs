//! A store for tests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::store::{Failures, PeopleStore, SessionRecord, User};
use crate::error::Result;

/// Keeps everything in this process, until it ends. The clones share it.
#[derive(Default, Clone)]
pub struct MemoryPeople(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    users: HashMap<String, User>,
    failures: HashMap<String, Failures>,
    devices: HashMap<(String, String), Timestamp>,
    sessions: HashMap<String, SessionRecord>,
}

impl MemoryPeople {
    /// An empty store.
    pub fn new() -> MemoryPeople {
        MemoryPeople::default()
    }

    /// Changes a user.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut User)) {
        if let Some(user) = self.kept().users.get_mut(id) {
            change(user);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No call leaves half of a change behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PeopleStore for MemoryPeople {
    async fn user_by_login(&self, login: &str) -> Result<Option<User>> {
        Ok(self.kept().users.values().find(|user| user.login == login).cloned())
    }

    async fn user(&self, id: &str) -> Result<Option<User>> {
        Ok(self.kept().users.get(id).cloned())
    }

    async fn insert_user(&self, user: &User) -> Result<bool> {
        let mut kept = self.kept();
        let is_new = !kept.users.values().any(|known| known.login == user.login);
        if is_new {
            kept.users.insert(user.id.clone(), user.clone());
        }
        Ok(is_new)
    }

    async fn set_password_hash(&self, user: &str, hash: &str) -> Result<()> {
        self.change(user, |user| user.password_hash = Some(hash.to_owned()));
        Ok(())
    }

    async fn failures(&self, key: &str) -> Result<Option<Failures>> {
        Ok(self.kept().failures.get(key).copied())
    }

    async fn count_failure(&self, key: &str, now: Timestamp, since: Timestamp) -> Result<()> {
        let mut kept = self.kept();
        let failures = kept.failures.entry(key.to_owned()).or_insert(Failures { count: 0, last_at: now });
        let count = if failures.last_at < since { 0 } else { failures.count };
        *failures = Failures { count: count.saturating_add(1), last_at: now };
        Ok(())
    }

    async fn forgive(&self, key: &str, all: bool) -> Result<()> {
        let mut kept = self.kept();
        match kept.failures.get_mut(key) {
            Some(failures) if !all && failures.count > 1 => failures.count -= 1,
            _ => drop(kept.failures.remove(key)),
        }
        Ok(())
    }

    async fn insert_device(&self, hash: &str, user: &str, until: Timestamp) -> Result<()> {
        self.kept().devices.insert((hash.to_owned(), user.to_owned()), until);
        Ok(())
    }

    async fn is_device_of(&self, hash: &str, user: &str, now: Timestamp) -> Result<bool> {
        let until = self.kept().devices.get(&(hash.to_owned(), user.to_owned())).copied();
        Ok(until.is_some_and(|until| now < until))
    }

    async fn insert_session(&self, session: &SessionRecord) -> Result<()> {
        self.kept().sessions.insert(session.id.clone(), session.clone());
        Ok(())
    }

    async fn session(&self, id: &str) -> Result<Option<SessionRecord>> {
        Ok(self.kept().sessions.get(id).cloned())
    }

    async fn touch_session(&self, id: &str, now: Timestamp) -> Result<()> {
        if let Some(session) = self.kept().sessions.get_mut(id) {
            session.seen_at = now;
        }
        Ok(())
    }

    async fn delete_session(&self, id: &str) -> Result<()> {
        self.kept().sessions.remove(id);
        Ok(())
    }

    async fn delete_sessions_of(&self, user: &str) -> Result<()> {
        self.kept().sessions.retain(|_, session| session.user != user);
        Ok(())
    }

    async fn sweep_people(&self, before: Timestamp) -> Result<()> {
        let mut kept = self.kept();
        kept.failures.retain(|_, failures| failures.last_at >= before);
        kept.devices.retain(|_, until| *until >= before);
        kept.sessions.retain(|_, session| session.expires_at >= before);
        Ok(())
    }
}

impl std::fmt::Debug for MemoryPeople {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryPeople").field("users", &self.kept().users.len()).finish_non_exhaustive()
    }
}
