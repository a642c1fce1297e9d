//! The queue in front of the table.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use covet_auth::AuditEvent;
use covet_db::{Db, Sql, sql};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::origin::current;
use super::{Origin, Record};

/// How many events may wait to be written.
const WAITING: usize = 8192;

/// How many are written at once.
const BATCH: usize = 256;

/// How long after a failure the database is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// How often what is too old is forgotten.
const SWEEP: Duration = Duration::from_secs(3600);

/// Takes events without waiting. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::auth) struct AuditLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sender: mpsc::Sender<Record>,
    /// Until the app starts.
    receiver: Mutex<Option<mpsc::Receiver<Record>>>,
    lost: AtomicU64,
}

impl Default for AuditLog {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        AuditLog(Arc::new(Inner { sender, receiver: Mutex::new(Some(receiver)), lost: AtomicU64::new(0) }))
    }
}

impl AuditLog {
    /// Takes note of an event of the request that is being answered.
    pub(in crate::auth) fn record(&self, event: AuditEvent) {
        self.record_of(event, current());
    }

    /// Takes note of an event of a request.
    pub(in crate::auth) fn record_of(&self, event: AuditEvent, origin: Option<Origin>) {
        let record = Record::new(event, origin);
        record.trace();
        if self.0.sender.try_send(record).is_err() && self.0.lost.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::error!("the audit log loses events: the database does not take them fast enough");
        }
    }

    /// Begins to write into this database, and to forget what is older than `keep`.
    pub(in crate::auth) fn start(&self, db: Db, keep: Duration) {
        let receiver = self.0.receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(receiver) = receiver {
            tokio::spawn(write(receiver, Arc::downgrade(&self.0), db.clone()));
            tokio::spawn(sweep(Arc::downgrade(&self.0), db, keep));
        }
    }
}

/// Writes until the app is gone.
async fn write(mut receiver: mpsc::Receiver<Record>, log: Weak<Inner>, db: Db) {
    let mut batch = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        keep(&db, &batch).await;
        batch.clear();
        let lost = log.upgrade().map_or(0, |log| log.lost.swap(0, Ordering::Relaxed));
        if lost > 0 {
            let event = AuditEvent::denied("audit.lost", format!("{lost} events found no place in the queue"));
            let record = Record::new(event, None);
            record.trace();
            batch.push(record);
            keep(&db, &batch).await;
            batch.clear();
        }
    }
}

/// Writes a batch, however often that takes.
async fn keep(db: &Db, batch: &[Record]) {
    let Err(mut error) = db.execute_many(batch.iter().map(insert)).await else { return };
    loop {
        tracing::warn!(%error, "the audit log could not be written");
        tokio::time::sleep(PAUSE).await;
        // One by one, since some may be there already.
        match one_by_one(db, batch).await {
            Ok(()) => return,
            Err(again) => error = again,
        }
    }
}

async fn one_by_one(db: &Db, batch: &[Record]) -> covet_db::Result<()> {
    for record in batch {
        match db.execute(insert(record)).await {
            Err(error) if error.is_unique_violation() => {}
            done => drop(done?),
        }
    }
    Ok(())
}

fn insert(record: &Record) -> Sql<'_> {
    let AuditEvent { event, outcome, subject, client, object, permission, reason, .. } = &record.event;
    let (at, event, outcome, reason) = (record.at.as_millisecond(), &**event, outcome.name(), reason.as_deref());
    let Record { id, request_id, address, .. } = record;
    sql!(
        "INSERT INTO covet_audit (id, at, event, outcome, subject, client, object, permission, reason, request_id, address)
         VALUES ({id}, {at}, {event}, {outcome}, {subject}, {client}, {object}, {permission}, {reason}, {request_id}, {address})"
    )
}

/// Forgets what is too old, until the app is gone.
async fn sweep(log: Weak<Inner>, db: Db, keep: Duration) {
    let keep = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX);
    while log.strong_count() > 0 {
        let before = Timestamp::now().checked_sub(keep).unwrap_or(Timestamp::MIN).as_millisecond();
        if let Err(error) = db.execute(sql!("DELETE FROM covet_audit WHERE at < {before}")).await {
            tracing::warn!(%error, "old entries of the audit log could not be forgotten");
        }
        tokio::time::sleep(SWEEP).await;
    }
}
