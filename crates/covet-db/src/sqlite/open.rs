//! Opening a connection and its thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection as Sqlite3, OpenFlags};

use super::connection::Connection;
use super::control::Control;
use super::error::classify;
use super::worker::Worker;
use crate::pool::Lookups;
use crate::{ConnectOptions, Error, ErrorKind, Result, SqliteMode, SqliteSynchronous};

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Reader,
    Writer,
}

/// How many steps of SQLite's machine pass between two looks at the flag of a given-up call.
const STEPS_BETWEEN_LOOKS: i32 = 1000;

/// What SQLite's authorizer saw while the last statement was prepared, and what it lets pass.
#[derive(Debug, Default)]
pub(super) struct Audit {
    /// A user's text is being prepared. What SQLite prepares on its own while a statement runs, as VACUUM does with a
    /// BEGIN, is not looked at.
    watching: AtomicBool,
    inserts: AtomicBool,
    settings: AtomicBool,
}

impl Audit {
    /// Looks at all that is prepared meanwhile.
    pub(super) fn watch<T>(&self, prepare: impl FnOnce() -> T) -> T {
        self.inserts.store(false, Ordering::Relaxed);
        self.settings.store(false, Ordering::Relaxed);
        self.watching.store(true, Ordering::Relaxed);
        let prepared = prepare();
        self.watching.store(false, Ordering::Relaxed);
        prepared
    }

    /// Whether the last statement prepared inserts rows.
    pub(super) fn take_inserts(&self) -> bool {
        self.inserts.swap(false, Ordering::Relaxed)
    }

    /// Whether the last statement prepared changes a setting of the connection.
    pub(super) fn take_settings(&self) -> bool {
        self.settings.swap(false, Ordering::Relaxed)
    }

    fn see(&self, context: &AuthContext<'_>) -> Authorization {
        if !self.watching.load(Ordering::Relaxed) {
            return Authorization::Allow;
        }
        match context.action {
            AuthAction::Transaction { .. }
            | AuthAction::Savepoint { .. }
            | AuthAction::Attach { .. }
            | AuthAction::Detach { .. } => return Authorization::Deny,
            AuthAction::Insert { .. } if context.accessor.is_none() => {
                self.inserts.store(true, Ordering::Relaxed);
            }
            AuthAction::Pragma { pragma_name, pragma_value: Some(_) } if !is_harmless(pragma_name) => {
                self.settings.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
        Authorization::Allow
    }
}

/// Whether a pragma with a value leaves the connection as it was: it reads, or what it sets belongs to the file or
/// ends with the transaction.
fn is_harmless(pragma: &str) -> bool {
    let pragma = pragma.to_ascii_lowercase();
    ["_info", "_xinfo", "_list", "_check"].iter().any(|end| pragma.ends_with(end))
        || matches!(
            pragma.as_str(),
            "application_id"
                | "defer_foreign_keys"
                | "optimize"
                | "user_version"
                | "wal_checkpoint"
                | "incremental_vacuum"
        )
}

/// Opens a connection on a thread of its own.
///
/// The thread keeps `lookups` until the connection is closed.
pub(super) async fn open(options: &Arc<ConnectOptions>, role: Role, lookups: Arc<Lookups>) -> Result<Connection> {
    let (jobs, queue) = sync_channel(super::connection::QUEUE);
    let (ready, opened) = tokio::sync::oneshot::channel();
    let options = Arc::clone(options);
    std::thread::Builder::new()
        .name(format!("covet-sqlite-{}", if role == Role::Reader { "read" } else { "write" }))
        .spawn(move || {
            let (sqlite, control, audit) = match connect(&options, role) {
                Ok(opened) => opened,
                Err(error) => {
                    // Nobody to tell: the caller was dropped, and the thread ends.
                    let _ = ready.send(Err(error));
                    return;
                }
            };
            let control = Arc::new(control);
            if ready.send(Ok(Arc::clone(&control))).is_ok() {
                Worker::new(&sqlite, &control, &audit, &lookups, &options, role).run(&queue);
            }
            drop(sqlite);
            drop(lookups);
        })
        .map_err(|error| Error::new(ErrorKind::Connect, "a thread for SQLite cannot be started").with_source(error))?;
    let control = opened
        .await
        .map_err(|_| Error::new(ErrorKind::Connect, "the thread for SQLite ended while it opened the file"))??;
    Ok(Connection::new(jobs, control))
}

fn connect(options: &ConnectOptions, role: Role) -> Result<(Sqlite3, Control, Arc<Audit>)> {
    let mut sqlite = open_file(options, role).map_err(|error| cannot_open(options, error))?;
    let cancelled = Arc::new(AtomicBool::new(false));
    install(&mut sqlite, options, &cancelled)
        .and_then(|audit| configure(&sqlite, options, role).map(|()| audit))
        .map(|audit| {
            let control = Control::new(sqlite.get_interrupt_handle(), cancelled);
            (sqlite, control, audit)
        })
        .map_err(|error| cannot_open(options, error))
}

fn cannot_open(options: &ConnectOptions, error: rusqlite::Error) -> Error {
    let reason = classify(error);
    let code = reason.code().map(str::to_owned);
    let error = Error::new(ErrorKind::Connect, format!("{:?} cannot be opened", options.source)).with_source(reason);
    match code {
        Some(code) => error.with_code(code),
        None => error,
    }
}

fn open_file(options: &ConnectOptions, role: Role) -> rusqlite::Result<Sqlite3> {
    let Some(path) = options.source.file() else {
        return Sqlite3::open_in_memory();
    };
    let access = match (options.sqlite.mode, role) {
        (SqliteMode::Read, _) | (_, Role::Reader) => OpenFlags::SQLITE_OPEN_READ_ONLY,
        (SqliteMode::Write, Role::Writer) => OpenFlags::SQLITE_OPEN_READ_WRITE,
        (SqliteMode::Create, Role::Writer) => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    // One thread uses the connection, so that SQLite need not lock it; an interrupt needs no lock.
    Sqlite3::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Installs the handlers through which SQLite asks and tells.
fn install(
    sqlite: &mut Sqlite3,
    options: &ConnectOptions,
    cancelled: &Arc<AtomicBool>,
) -> rusqlite::Result<Arc<Audit>> {
    let audit = Arc::new(Audit::default());
    let seen = Arc::clone(&audit);
    sqlite.authorizer(Some(move |context: AuthContext<'_>| seen.see(&context)))?;
    let flag = Arc::clone(cancelled);
    sqlite.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || flag.load(Ordering::Relaxed)))?;
    let flag = Arc::clone(cancelled);
    let patience = options.sqlite.busy_timeout;
    let mut since = Instant::now();
    sqlite.busy_handler(Some(move |asked: i32| {
        if asked == 0 {
            since = Instant::now();
        }
        let waits = !flag.load(Ordering::Relaxed) && since.elapsed() < patience;
        if waits {
            std::thread::sleep(Duration::from_micros(200 << asked.clamp(0, 4)));
        }
        waits
    }))?;
    Ok(audit)
}

/// Brings the connection's settings to what this crate promises; also after a statement has changed one.
pub(super) fn configure(sqlite: &Sqlite3, options: &ConnectOptions, role: Role) -> rusqlite::Result<()> {
    let writes = role == Role::Writer && options.sqlite.mode != SqliteMode::Read;
    if writes && options.source.file().is_some() {
        sqlite.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    }
    let synchronous = match options.sqlite.synchronous {
        SqliteSynchronous::Off => "OFF",
        SqliteSynchronous::Normal => "NORMAL",
        SqliteSynchronous::Full => "FULL",
    };
    sqlite.pragma_update(None, "synchronous", synchronous)?;
    sqlite.pragma_update(None, "foreign_keys", true)?;
    sqlite.pragma_update(None, "query_only", !writes)?;
    // A schema from a stranger must not call functions with side effects.
    sqlite.pragma_update(None, "trusted_schema", false)?;
    // Opening reads nothing of the file; this does, and finds out that it is no database.
    sqlite.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}
