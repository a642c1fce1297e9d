//! The servers that have a copy of a database and take reads.
//!
//! A task for each connects to it and asks it now and then; a server that does not answer, or whose copy is too old, gets no
//! reads until it does again. How old a copy is cannot be learned from its own server, which does not know what it lacks: the
//! primary's position is noted with its time, and a copy is as old as the newest noted position that it has reached.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::backend::Backend;
use crate::executor::{Database, Executor};
use crate::transaction::scope::Scope;
use crate::url::Source;
use crate::{ConnectOptions, Result, Sql};

/// How often a server is asked, unless the age that is allowed asks for more.
const OFTEN: Duration = Duration::from_secs(1);

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The replicas of one database.
#[derive(Debug, Default)]
pub(crate) struct Replicas {
    all: Box<[Replica]>,
    next: AtomicUsize,
    positions: Mutex<Positions>,
}

#[derive(Debug)]
struct Replica {
    database: OnceLock<Arc<Database>>,
    takes_reads: AtomicBool,
}

/// Where the primary's log was when; the oldest first.
type Positions = VecDeque<(Instant, i64)>;

impl Replicas {
    pub(crate) fn new(options: &ConnectOptions) -> Arc<Self> {
        let count = match options.source {
            Source::Postgres(_) => options.postgres.replicas.len(),
            Source::Sqlite { .. } | Source::Mysql(_) => 0,
        };
        let replica = || Replica { database: OnceLock::new(), takes_reads: AtomicBool::new(false) };
        Arc::new(Self { all: (0..count).map(|_| replica()).collect(), ..Self::default() })
    }

    /// The next one that takes reads.
    pub(crate) fn pick(&self) -> Option<Arc<Database>> {
        if self.all.is_empty() {
            return None;
        }
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        let in_turn = (0..self.all.len()).filter_map(|offset| self.all.get((start + offset) % self.all.len()));
        let ready = in_turn.filter(|replica| replica.takes_reads.load(Ordering::Relaxed));
        ready.filter_map(|replica| replica.database.get()).next().cloned()
    }

    pub(crate) async fn close(&self) {
        for database in self.all.iter().filter_map(|replica| replica.database.get()) {
            database.backend.close().await;
        }
    }

    /// Starts to look after the replicas of a database. The tasks end with its last handle.
    pub(crate) fn watch(database: &Arc<Database>) {
        let options = &database.options;
        let allowed = options.postgres.replica_lag;
        let pause = allowed.map_or(OFTEN, |lag| (lag / 4).clamp(Duration::from_millis(20), OFTEN));
        if allowed.is_some() && !database.replicas.all.is_empty() {
            tokio::spawn(note_positions(Arc::downgrade(database), pause));
        }
        for (index, (host, port)) in options.postgres.replicas.iter().take(database.replicas.all.len()).enumerate() {
            let mut options = ConnectOptions::clone(options);
            options.postgres.replicas = Vec::new();
            options.postgres.target_session = crate::TargetSession::Any;
            options.attempts = 1;
            if let Some(server) = options.source.server_mut() {
                server.host.clone_from(host);
                server.port = *port;
                server.others = Vec::new();
            }
            let replicas = Arc::downgrade(&database.replicas);
            tokio::spawn(keep(replicas, index, Arc::new(options), allowed, pause));
        }
    }

    fn positions(&self) -> MutexGuard<'_, Positions> {
        self.positions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How old a copy is that has reached a position; none where that is older than all that is known.
    fn age(&self, reached: i64) -> Option<Duration> {
        let positions = self.positions();
        let newest = positions.iter().rev().find(|(_, position)| *position <= reached);
        newest.map(|(noted, _)| noted.elapsed())
    }
}

async fn keep(
    replicas: Weak<Replicas>,
    index: usize,
    options: Arc<ConnectOptions>,
    allowed: Option<Duration>,
    pause: Duration,
) {
    let mut told = None;
    while let Some(replicas) = replicas.upgrade() {
        let Some(replica) = replicas.all.get(index) else { return };
        let result = tokio::time::timeout(PATIENCE, ask(replica, &options)).await;
        let takes_reads = match &result {
            Ok(Ok(reached)) => allowed.is_none_or(|allowed| replicas.age(*reached).is_some_and(|age| age <= allowed)),
            Ok(Err(_)) | Err(_) => false,
        };
        replica.takes_reads.store(takes_reads, Ordering::Relaxed);
        if told.replace(takes_reads) != Some(takes_reads) {
            let server = &options.source;
            match result {
                Ok(Ok(_)) if takes_reads => tracing::info!(?server, "a replica takes reads"),
                Ok(Ok(_)) => tracing::warn!(?server, "a replica is too far behind to take reads"),
                Ok(Err(error)) => tracing::warn!(?server, %error, "a replica takes no reads"),
                Err(_) => tracing::warn!(?server, "a replica takes no reads: it does not answer"),
            }
        }
        drop(replicas);
        tokio::time::sleep(pause).await;
    }
}

/// The position that a replica has reached; a primary that was named as one has reached all.
async fn ask(replica: &Replica, options: &Arc<ConnectOptions>) -> Result<i64> {
    let database = match replica.database.get() {
        Some(database) => database,
        None => {
            let backend = Backend::connect(options).await?;
            replica.database.get_or_init(|| Database::new(backend, Arc::clone(options)))
        }
    };
    let reached = "SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0')::bigint ELSE 9223372036854775807 END";
    position(database, reached).await
}

/// Notes where the primary is. While it does not answer nothing is noted, so that copies grow older.
async fn note_positions(database: Weak<Database>, pause: Duration) {
    while let Some(database) = database.upgrade() {
        let before = Instant::now();
        let written = "SELECT (pg_current_wal_lsn() - '0/0')::bigint";
        if let Ok(Ok(written)) = tokio::time::timeout(PATIENCE, position(&database, written)).await {
            let mut positions = database.replicas.positions();
            positions.push_back((before, written));
            let kept = database.options.postgres.replica_lag.unwrap_or_default() * 2 + PATIENCE;
            // One that is older than what is allowed stays, so that there is always something to compare with.
            while positions.get(1).is_some_and(|(noted, _)| noted.elapsed() > kept) {
                positions.pop_front();
            }
        }
        drop(database);
        tokio::time::sleep(pause).await;
    }
}

async fn position(database: &Arc<Database>, text: &'static str) -> Result<i64> {
    let executor = Executor { database: Arc::clone(database), scope: Scope::Pool };
    executor.fetch_value::<i64>(Sql::from(text)).await
}
