//! The roles of the database as they are in force in this process.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use covet_auth::rbac::{self, LiveRoles, Registry, RoleFaults};
use covet_db::Db;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::store::Snapshot;
use super::{Role, RoleError, SqlRoles};

/// How far the clocks of processes may be apart.
const CLOCKS: SignedDuration = SignedDuration::from_mins(5);

/// Which roles are in force, and up to which change of the database. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(in crate::auth) struct RoleBook(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The permissions of the app; there before anything is written.
    registry: OnceLock<&'static Registry>,
    /// There once the app is built.
    live: OnceLock<Arc<LiveRoles>>,
    /// What was read before that, by [`App::prepare`](crate::App::prepare).
    early: std::sync::Mutex<Option<Snapshot>>,
    seen: Mutex<Option<i64>>,
}

impl RoleBook {
    /// By which permissions roles are judged.
    pub(in crate::auth) fn know(&self, registry: &'static Registry) {
        self.0.registry.get_or_init(|| registry);
    }

    /// Where the roles are put in force; what was read before is now.
    pub(in crate::auth) fn open(&self, live: &Arc<LiveRoles>) -> Result<(), RoleFaults> {
        self.0.live.get_or_init(|| live.clone());
        match self.early().take() {
            Some(snapshot) => snapshot.apply(live),
            None => Ok(()),
        }
    }

    /// The roles in force now; none before the app is built.
    pub(super) fn current(&self) -> Arc<rbac::Roles> {
        self.0.live.get().map(|live| live.current()).unwrap_or_default()
    }

    fn early(&self) -> std::sync::MutexGuard<'_, Option<Snapshot>> {
        self.0.early.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The permissions that roles can give.
    pub(super) fn registry(&self) -> Option<&'static Registry> {
        self.0.registry.get().copied()
    }

    /// Adds the roles that are not there yet, and puts those of the database in force. `tokens_live` is how long a token lives.
    pub(in crate::auth) async fn begin(&self, db: &Db, roles: &[Role], tokens_live: Duration) -> Result<(), RoleError> {
        let store = SqlRoles::new(db.clone());
        let mut absent = Vec::new();
        for role in roles {
            if store.id(&role.name).await?.is_none() {
                absent.push(role);
            }
        }
        if !absent.is_empty() {
            let change = store.change().await?;
            let mut new = Vec::new();
            for role in absent {
                // Another process may have added it meanwhile.
                if change.id(&role.name).await?.is_none() {
                    new.push((change.insert(&role.name).await?, role));
                }
            }
            for (id, role) in new {
                change.write(id, role).await?;
            }
            change.commit_if_good(self.registry()).await?;
        }
        self.refresh(db, tokens_live).await
    }

    /// Puts what is in the database now in force, where it has changed.
    ///
    /// # Errors
    /// That the database failed, or that its roles are wrong: those before stay in force then.
    pub(in crate::auth) async fn refresh(&self, db: &Db, tokens_live: Duration) -> Result<(), RoleError> {
        let store = SqlRoles::new(db.clone());
        let mut seen = self.0.seen.lock().await;
        if *seen == Some(store.version().await?) {
            return Ok(());
        }
        let life = SignedDuration::try_from(tokens_live).unwrap_or(SignedDuration::MAX);
        let since = Timestamp::now().checked_sub(life.saturating_add(CLOCKS)).unwrap_or(Timestamp::MIN);
        let Some(snapshot) = store.snapshot(since).await? else { return Ok(()) };
        *seen = Some(snapshot.version);
        match self.0.live.get() {
            Some(live) => snapshot.apply(live).map_err(|faults| RoleError::invalid(&faults)),
            None => {
                *self.early() = Some(snapshot);
                Ok(())
            }
        }
    }
}
