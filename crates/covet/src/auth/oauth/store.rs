//! The authorization server's store in the app's database, in the framework's own tables.
//!
//! Instants are milliseconds since 1970. What must happen once happens in one statement whose number of rows says who did it.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use covet_auth::keys::StoredKey;
use covet_auth::oauth2::{
    Client, Code, DeviceDecision, DeviceKey, DeviceRequest, Grant, RefreshToken, Revoke, Revoked, Store, Subject,
};
use covet_auth::{AuditEvent, Error, ErrorKind, Result, Scope};
use covet_db::{Db, sql};
use jiff::Timestamp;

use super::people::People;
use super::rows::{self, ClientRow, CodeRow, DeviceRow, GrantRow, KeyRow, RefreshRow};
use crate::auth::audit::AuditLog;

/// What the authorization server keeps, in a database.
#[derive(Clone)]
pub(crate) struct SqlStore {
    db: Db,
    people: Arc<dyn People>,
    audit: AuditLog,
    /// The ids of the clients that the server has. One that it does not have any more is still in the table, for the
    /// processes that have it.
    clients: Arc<HashSet<String>>,
}

fn failed(error: covet_db::Error) -> Error {
    Error::caused(ErrorKind::Storage, "the database did not do what the authorization server asked", error)
}

fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

impl SqlStore {
    /// The store of a server that has these clients.
    pub(in crate::auth) fn new<'a>(
        db: Db,
        people: Arc<dyn People>,
        audit: AuditLog,
        clients: impl Iterator<Item = &'a Client>,
    ) -> SqlStore {
        SqlStore { db, people, audit, clients: Arc::new(clients.map(|client| client.id.clone()).collect()) }
    }

    /// Registers a client, in place of the one of its id.
    pub(crate) async fn put_client(&self, client: &Client) -> Result<()> {
        let id = &client.id;
        let tx = self.db.begin().await.map_err(failed)?;
        tx.execute(sql!("DELETE FROM covet_clients WHERE id = {id}")).await.map_err(failed)?;
        let row = ClientRow::of(client);
        let (name, secret_hash, scope, key_set) = (&client.name, &client.secret_hash, row.scope, &client.keys);
        let (redirects, logouts, grants) = (row.redirect_uris, row.post_logout_redirect_uris, row.grants);
        let (given, all) = (row.consent_given, row.introspects_all);
        tx.execute(sql!(
            "INSERT INTO covet_clients (id, name, secret_hash, redirect_uris, post_logout_redirect_uris, grants, scope,
                                        consent_given, introspects_all, key_set)
             VALUES ({id}, {name}, {secret_hash}, {redirects}, {logouts}, {grants}, {scope}, {given}, {all}, {key_set})"
        ))
        .await
        .map_err(failed)?;
        tx.commit().await.map_err(failed)
    }
}

impl Store for SqlStore {
    fn record(&self, event: AuditEvent) {
        self.audit.record(event);
    }

    async fn client(&self, id: &str) -> Result<Option<Client>> {
        if !self.clients.contains(id) {
            return Ok(None);
        }
        let sql = sql!(
            "SELECT id, name, secret_hash, redirect_uris, post_logout_redirect_uris, grants, scope, consent_given,
                    introspects_all, key_set
             FROM covet_clients WHERE id = {id}"
        );
        self.db.fetch_optional::<ClientRow>(sql).await.map_err(failed)?.map(ClientRow::into_client).transpose()
    }

    async fn subject(&self, id: &str) -> Result<Option<Subject>> {
        self.people.subject(&self.db, id).await
    }

    async fn consent(&self, subject: &str, client: &str) -> Result<Option<Scope>> {
        let sql = sql!("SELECT scope FROM covet_consents WHERE subject = {subject} AND client = {client}");
        let scope = self.db.fetch_optional::<(String,)>(sql).await.map_err(failed)?;
        scope.map(|(scope,)| rows::scope(&scope)).transpose()
    }

    async fn remember_consent(&self, subject: &str, client: &str, scope: &Scope) -> Result<()> {
        let scope = scope.to_string();
        let update =
            || sql!("UPDATE covet_consents SET scope = {scope} WHERE subject = {subject} AND client = {client}");
        if self.db.execute(update()).await.map_err(failed)?.rows_affected > 0 {
            return Ok(());
        }
        let insert = sql!("INSERT INTO covet_consents (subject, client, scope) VALUES ({subject}, {client}, {scope})");
        match self.db.execute(insert).await {
            Err(error) if error.is_unique_violation() => self.db.execute(update()).await.map(drop).map_err(failed),
            done => done.map(drop).map_err(failed),
        }
    }

    async fn insert_grant(&self, grant: &Grant) -> Result<()> {
        let Grant { id, client, subject, session, .. } = grant;
        let (scope, auth_time) = (grant.scope.to_string(), millis(grant.auth_time));
        let (created_at, expires_at) = (millis(grant.created_at), millis(grant.expires_at));
        let sql = sql!(
            "INSERT INTO covet_grants (id, client, subject, scope, session_id, auth_time, created_at, expires_at)
             VALUES ({id}, {client}, {subject}, {scope}, {session}, {auth_time}, {created_at}, {expires_at})"
        );
        self.db.execute(sql).await.map(drop).map_err(failed)
    }

    async fn grant(&self, id: &str) -> Result<Option<Grant>> {
        let sql = sql!(
            "SELECT id, client, subject, scope, session_id, auth_time, created_at, expires_at, revoked_at
             FROM covet_grants WHERE id = {id}"
        );
        self.db.fetch_optional::<GrantRow>(sql).await.map_err(failed)?.map(GrantRow::into_grant).transpose()
    }

    async fn revoke(&self, which: Revoke<'_>, now: Timestamp) -> Result<Vec<String>> {
        let now = millis(now);
        let live = match which {
            Revoke::Grant(id) => sql!("SELECT id FROM covet_grants WHERE id = {id} AND revoked_at IS NULL"),
            Revoke::Session(id) => sql!("SELECT id FROM covet_grants WHERE session_id = {id} AND revoked_at IS NULL"),
            Revoke::Subject(id) => sql!("SELECT id FROM covet_grants WHERE subject = {id} AND revoked_at IS NULL"),
            _ => return Err(Error::new(ErrorKind::Storage, "what is to be revoked is not known here")),
        };
        let ids: Vec<(String,)> = self.db.fetch_all(live).await.map_err(failed)?;
        let mut revoked = Vec::with_capacity(ids.len());
        for (id,) in ids {
            let sql = sql!("UPDATE covet_grants SET revoked_at = {now} WHERE id = {id} AND revoked_at IS NULL");
            self.db.execute(sql).await.map_err(failed)?;
            revoked.push(id);
        }
        Ok(revoked)
    }

    async fn insert_code(&self, code: &Code) -> Result<()> {
        let Code { hash, grant, redirect_uri, challenge, nonce, dpop_key, .. } = code;
        let expires_at = millis(code.expires_at);
        let sql = sql!(
            "INSERT INTO covet_codes (hash, grant_id, redirect_uri, challenge, nonce, dpop_key, expires_at)
             VALUES ({hash}, {grant}, {redirect_uri}, {challenge}, {nonce}, {dpop_key}, {expires_at})"
        );
        self.db.execute(sql).await.map(drop).map_err(failed)
    }

    async fn code(&self, hash: &str) -> Result<Option<Code>> {
        let sql = sql!(
            "SELECT hash, grant_id, redirect_uri, challenge, nonce, dpop_key, expires_at, used_at
             FROM covet_codes WHERE hash = {hash}"
        );
        self.db.fetch_optional::<CodeRow>(sql).await.map_err(failed)?.map(CodeRow::into_code).transpose()
    }

    async fn take_code(&self, hash: &str, now: Timestamp) -> Result<bool> {
        let now = millis(now);
        let sql = sql!("UPDATE covet_codes SET used_at = {now} WHERE hash = {hash} AND used_at IS NULL");
        Ok(self.db.execute(sql).await.map_err(failed)?.rows_affected == 1)
    }

    async fn insert_refresh_token(&self, token: &RefreshToken) -> Result<()> {
        let RefreshToken { hash, grant, dpop_key, .. } = token;
        let expires_at = millis(token.expires_at);
        let sql = sql!(
            "INSERT INTO covet_refresh_tokens (hash, grant_id, dpop_key, expires_at)
             VALUES ({hash}, {grant}, {dpop_key}, {expires_at})"
        );
        self.db.execute(sql).await.map(drop).map_err(failed)
    }

    async fn refresh_token(&self, hash: &str) -> Result<Option<RefreshToken>> {
        let sql =
            sql!("SELECT hash, grant_id, dpop_key, expires_at, used_at FROM covet_refresh_tokens WHERE hash = {hash}");
        self.db.fetch_optional::<RefreshRow>(sql).await.map_err(failed)?.map(RefreshRow::into_token).transpose()
    }

    async fn rotate(&self, hash: &str, child: &RefreshToken, now: Timestamp) -> Result<bool> {
        let (now, expires_at) = (millis(now), millis(child.expires_at));
        let RefreshToken { hash: own, grant, dpop_key, .. } = child;
        let tx = self.db.begin().await.map_err(failed)?;
        let take = sql!("UPDATE covet_refresh_tokens SET used_at = {now} WHERE hash = {hash} AND used_at IS NULL");
        if tx.execute(take).await.map_err(failed)?.rows_affected != 1 {
            tx.rollback().await.map_err(failed)?;
            return Ok(false);
        }
        let keep = sql!(
            "INSERT INTO covet_refresh_tokens (hash, grant_id, dpop_key, expires_at)
             VALUES ({own}, {grant}, {dpop_key}, {expires_at})"
        );
        tx.execute(keep).await.map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(true)
    }

    async fn once(&self, name: &str, until: Timestamp) -> Result<bool> {
        let until = millis(until);
        match self.db.execute(sql!("INSERT INTO covet_used_names (name, expires_at) VALUES ({name}, {until})")).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_unique_violation() => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    async fn is_noted(&self, name: &str) -> Result<bool> {
        let sql = sql!("SELECT count(*) FROM covet_used_names WHERE name = {name}");
        Ok(self.db.fetch_value::<i64>(sql).await.map_err(failed)? > 0)
    }

    async fn push(&self, hash: &str, client: &str, parameters: &str, until: Timestamp) -> Result<()> {
        let until = millis(until);
        let sql = sql!(
            "INSERT INTO covet_pushed_requests (hash, client, parameters, expires_at)
             VALUES ({hash}, {client}, {parameters}, {until})"
        );
        self.db.execute(sql).await.map(drop).map_err(failed)
    }

    async fn pushed(&self, hash: &str, now: Timestamp) -> Result<Option<(String, String)>> {
        let now = millis(now);
        let sql =
            sql!("SELECT client, parameters FROM covet_pushed_requests WHERE hash = {hash} AND expires_at > {now}");
        self.db.fetch_optional(sql).await.map_err(failed)
    }

    async fn take_pushed(&self, hash: &str) -> Result<bool> {
        let sql = sql!("DELETE FROM covet_pushed_requests WHERE hash = {hash}");
        Ok(self.db.execute(sql).await.map_err(failed)?.rows_affected == 1)
    }

    async fn insert_device_request(&self, request: &DeviceRequest) -> Result<()> {
        let DeviceRequest { hash, user_code, client, interval, .. } = request;
        let (scope, expires_at) = (request.scope.to_string(), millis(request.expires_at));
        let decision = rows::decision(&request.decision);
        let sql = sql!(
            "INSERT INTO covet_device_requests (hash, user_code, client, scope, expires_at, wait_seconds, decision)
             VALUES ({hash}, {user_code}, {client}, {scope}, {expires_at}, {interval}, {decision})"
        );
        self.db.execute(sql).await.map(drop).map_err(failed)
    }

    async fn device_request(&self, by: DeviceKey<'_>) -> Result<Option<DeviceRequest>> {
        let sql = match by {
            DeviceKey::DeviceCode(hash) => sql!(
                "SELECT hash, user_code, client, scope, expires_at, wait_seconds, polled_at, decision
                 FROM covet_device_requests WHERE hash = {hash}"
            ),
            DeviceKey::UserCode(hash) => sql!(
                "SELECT hash, user_code, client, scope, expires_at, wait_seconds, polled_at, decision
                 FROM covet_device_requests WHERE user_code = {hash}"
            ),
            _ => {
                return Err(Error::new(ErrorKind::Storage, "how the device's request is looked for is not known here"));
            }
        };
        self.db.fetch_optional::<DeviceRow>(sql).await.map_err(failed)?.map(DeviceRow::into_request).transpose()
    }

    async fn poll_device_request(&self, hash: &str, now: Timestamp, interval: i64) -> Result<()> {
        let now = millis(now);
        let sql =
            sql!("UPDATE covet_device_requests SET polled_at = {now}, wait_seconds = {interval} WHERE hash = {hash}");
        self.db.execute(sql).await.map(drop).map_err(failed)
    }

    async fn decide_device_request(&self, hash: &str, from: &DeviceDecision, to: &DeviceDecision) -> Result<bool> {
        let (from, to) = (rows::decision(from), rows::decision(to));
        let sql = sql!("UPDATE covet_device_requests SET decision = {to} WHERE hash = {hash} AND decision = {from}");
        Ok(self.db.execute(sql).await.map_err(failed)?.rows_affected == 1)
    }

    async fn revoke_token(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<()> {
        let (now, until) = (millis(now), millis(until));
        let sql = sql!("INSERT INTO covet_revoked_tokens (id, revoked_at, expires_at) VALUES ({id}, {now}, {until})");
        match self.db.execute(sql).await {
            Err(error) if error.is_unique_violation() => Ok(()),
            done => done.map(drop).map_err(failed),
        }
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<Revoked>> {
        let since = millis(since);
        let grants = sql!("SELECT id FROM covet_grants WHERE revoked_at >= {since}");
        let grants: Vec<(String,)> = self.db.fetch_all(grants).await.map_err(failed)?;
        let tokens = sql!("SELECT id FROM covet_revoked_tokens WHERE revoked_at >= {since}");
        let tokens: Vec<(String,)> = self.db.fetch_all(tokens).await.map_err(failed)?;
        let grants = grants.into_iter().map(|(id,)| Revoked::Grant(id));
        Ok(grants.chain(tokens.into_iter().map(|(id,)| Revoked::Token(id))).collect())
    }

    async fn keys(&self) -> Result<Vec<StoredKey>> {
        let sql = sql!("SELECT id, algorithm, active_from, private_key FROM covet_keys");
        let keys: Vec<KeyRow> = self.db.fetch_all(sql).await.map_err(failed)?;
        keys.into_iter().map(KeyRow::into_key).collect()
    }

    async fn insert_key(&self, key: &StoredKey) -> Result<()> {
        let (id, algorithm, active_from) = (&key.id, key.algorithm.name(), millis(key.active_from));
        let private_key = key.private.as_str();
        let sql = sql!(
            "INSERT INTO covet_keys (id, algorithm, active_from, private_key)
             VALUES ({id}, {algorithm}, {active_from}, {private_key})"
        );
        self.db.execute(sql).await.map(drop).map_err(failed)
    }

    async fn delete_key(&self, id: &str) -> Result<()> {
        self.db.execute(sql!("DELETE FROM covet_keys WHERE id = {id}")).await.map(drop).map_err(failed)
    }

    async fn sweep(&self, ended_before: Timestamp) -> Result<()> {
        let end = millis(ended_before);
        for sql in [
            sql!("DELETE FROM covet_codes WHERE expires_at < {end}"),
            sql!("DELETE FROM covet_refresh_tokens WHERE expires_at < {end}"),
            sql!("DELETE FROM covet_grants WHERE expires_at < {end}"),
            sql!("DELETE FROM covet_used_names WHERE expires_at < {end}"),
            sql!("DELETE FROM covet_pushed_requests WHERE expires_at < {end}"),
            sql!("DELETE FROM covet_device_requests WHERE expires_at < {end}"),
            sql!("DELETE FROM covet_revoked_tokens WHERE expires_at < {end}"),
        ] {
            self.db.execute(sql).await.map_err(failed)?;
        }
        Ok(())
    }
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore").finish_non_exhaustive()
    }
}
