//! A store for tests, and for looking at the server without a database.

use super::client::Client;
use super::store::{
    Code, DeviceDecision, DeviceKey, DeviceRequest, Grant, RefreshToken, Revoke, Revoked, Store, Subject,
};
use crate::error::Result;
use crate::keys::StoredKey;
use crate::{AuditEvent, Scope};
use jiff::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps everything in this process, until it ends.
#[derive(Default)]
pub struct MemoryStore {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    clients: HashMap<String, Client>,
    subjects: HashMap<String, Subject>,
    consents: HashMap<(String, String), Scope>,
    grants: HashMap<String, Grant>,
    codes: HashMap<String, Code>,
    refresh_tokens: HashMap<String, RefreshToken>,
    names: HashMap<String, Timestamp>,
    pushed: HashMap<String, (String, String, Timestamp)>,
    devices: HashMap<String, DeviceRequest>,
    revoked: Vec<(String, Timestamp, Timestamp)>,
    keys: Vec<StoredKey>,
    events: Vec<AuditEvent>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// Registers a client, in place of the one of its id.
    pub fn add_client(&self, client: Client) {
        self.kept().clients.insert(client.id.clone(), client);
    }

    /// Adds a user, in place of the one of its id.
    pub fn add_subject(&self, subject: Subject) {
        self.kept().subjects.insert(subject.id.clone(), subject);
    }

    /// Takes a user away, as where they are disabled.
    pub fn remove_subject(&self, id: &str) {
        self.kept().subjects.remove(id);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No call leaves half of a change behind.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryStore {
    /// What was recorded, oldest first.
    pub fn events(&self) -> Vec<AuditEvent> {
        self.kept().events.clone()
    }
}

impl Store for MemoryStore {
    fn record(&self, event: AuditEvent) {
        self.kept().events.push(event);
    }

    async fn client(&self, id: &str) -> Result<Option<Client>> {
        Ok(self.kept().clients.get(id).cloned())
    }

    async fn subject(&self, id: &str) -> Result<Option<Subject>> {
        Ok(self.kept().subjects.get(id).cloned())
    }

    async fn consent(&self, subject: &str, client: &str) -> Result<Option<Scope>> {
        Ok(self.kept().consents.get(&(subject.to_owned(), client.to_owned())).cloned())
    }

    async fn remember_consent(&self, subject: &str, client: &str, scope: &Scope) -> Result<()> {
        self.kept().consents.insert((subject.to_owned(), client.to_owned()), scope.clone());
        Ok(())
    }

    async fn insert_grant(&self, grant: &Grant) -> Result<()> {
        self.kept().grants.insert(grant.id.clone(), grant.clone());
        Ok(())
    }

    async fn grant(&self, id: &str) -> Result<Option<Grant>> {
        Ok(self.kept().grants.get(id).cloned())
    }

    async fn revoke(&self, which: Revoke<'_>, now: Timestamp) -> Result<Vec<String>> {
        let mut revoked = Vec::new();
        for grant in self.kept().grants.values_mut().filter(|grant| grant.revoked_at.is_none()) {
            let meant = match which {
                Revoke::Grant(id) => grant.id == id,
                Revoke::Session(id) => grant.session.as_deref() == Some(id),
                Revoke::Subject(id) => grant.subject == id,
            };
            if meant {
                grant.revoked_at = Some(now);
                revoked.push(grant.id.clone());
            }
        }
        Ok(revoked)
    }

    async fn insert_code(&self, code: &Code) -> Result<()> {
        self.kept().codes.insert(code.hash.clone(), code.clone());
        Ok(())
    }

    async fn code(&self, hash: &str) -> Result<Option<Code>> {
        Ok(self.kept().codes.get(hash).cloned())
    }

    async fn take_code(&self, hash: &str, now: Timestamp) -> Result<bool> {
        let mut kept = self.kept();
        let taken = kept.codes.get_mut(hash).filter(|code| code.used_at.is_none());
        Ok(taken.map(|code| code.used_at = Some(now)).is_some())
    }

    async fn insert_refresh_token(&self, token: &RefreshToken) -> Result<()> {
        self.kept().refresh_tokens.insert(token.hash.clone(), token.clone());
        Ok(())
    }

    async fn refresh_token(&self, hash: &str) -> Result<Option<RefreshToken>> {
        Ok(self.kept().refresh_tokens.get(hash).cloned())
    }

    async fn rotate(&self, hash: &str, child: &RefreshToken, now: Timestamp) -> Result<bool> {
        let mut kept = self.kept();
        let Some(token) = kept.refresh_tokens.get_mut(hash).filter(|token| token.used_at.is_none()) else {
            return Ok(false);
        };
        token.used_at = Some(now);
        kept.refresh_tokens.insert(child.hash.clone(), child.clone());
        Ok(true)
    }

    async fn once(&self, name: &str, until: Timestamp) -> Result<bool> {
        Ok(self.kept().names.insert(name.to_owned(), until).is_none())
    }

    async fn is_noted(&self, name: &str) -> Result<bool> {
        Ok(self.kept().names.contains_key(name))
    }

    async fn push(&self, hash: &str, client: &str, parameters: &str, until: Timestamp) -> Result<()> {
        self.kept().pushed.insert(hash.to_owned(), (client.to_owned(), parameters.to_owned(), until));
        Ok(())
    }

    async fn pushed(&self, hash: &str, now: Timestamp) -> Result<Option<(String, String)>> {
        let kept = self.kept();
        let live = kept.pushed.get(hash).filter(|(_, _, until)| now < *until);
        Ok(live.map(|(client, parameters, _)| (client.clone(), parameters.clone())))
    }

    async fn take_pushed(&self, hash: &str) -> Result<bool> {
        Ok(self.kept().pushed.remove(hash).is_some())
    }

    async fn insert_device_request(&self, request: &DeviceRequest) -> Result<()> {
        self.kept().devices.insert(request.hash.clone(), request.clone());
        Ok(())
    }

    async fn device_request(&self, by: DeviceKey<'_>) -> Result<Option<DeviceRequest>> {
        let kept = self.kept();
        Ok(match by {
            DeviceKey::DeviceCode(hash) => kept.devices.get(hash).cloned(),
            DeviceKey::UserCode(hash) => kept.devices.values().find(|request| request.user_code == hash).cloned(),
        })
    }

    async fn poll_device_request(&self, hash: &str, now: Timestamp, interval: i64) -> Result<()> {
        if let Some(request) = self.kept().devices.get_mut(hash) {
            (request.polled_at, request.interval) = (Some(now), interval);
        }
        Ok(())
    }

    async fn decide_device_request(&self, hash: &str, from: &DeviceDecision, to: &DeviceDecision) -> Result<bool> {
        let mut kept = self.kept();
        let request = kept.devices.get_mut(hash).filter(|request| request.decision == *from);
        Ok(request.map(|request| request.decision = to.clone()).is_some())
    }

    async fn revoke_token(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<()> {
        self.kept().revoked.push((id.to_owned(), now, until));
        Ok(())
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<Revoked>> {
        let kept = self.kept();
        let grants = kept.grants.values().filter(|grant| grant.revoked_at.is_some_and(|at| at >= since));
        let tokens = kept.revoked.iter().filter(|(_, at, _)| *at >= since);
        let grants = grants.map(|grant| Revoked::Grant(grant.id.clone()));
        Ok(grants.chain(tokens.map(|(id, ..)| Revoked::Token(id.clone()))).collect())
    }

    async fn keys(&self) -> Result<Vec<StoredKey>> {
        Ok(self.kept().keys.clone())
    }

    async fn insert_key(&self, key: &StoredKey) -> Result<()> {
        self.kept().keys.push(key.clone());
        Ok(())
    }

    async fn delete_key(&self, id: &str) -> Result<()> {
        self.kept().keys.retain(|key| key.id != id);
        Ok(())
    }

    async fn sweep(&self, ended_before: Timestamp) -> Result<()> {
        let mut kept = self.kept();
        kept.codes.retain(|_, code| code.expires_at >= ended_before);
        kept.refresh_tokens.retain(|_, token| token.expires_at >= ended_before);
        kept.grants.retain(|_, grant| grant.expires_at >= ended_before);
        kept.names.retain(|_, until| *until >= ended_before);
        kept.pushed.retain(|_, (_, _, until)| *until >= ended_before);
        kept.devices.retain(|_, request| request.expires_at >= ended_before);
        kept.revoked.retain(|(_, _, until)| *until >= ended_before);
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
