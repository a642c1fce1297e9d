//! The thread of one connection.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use rusqlite::types::{Value, ValueRef as Sqlite3Value};
use rusqlite::{Connection as Sqlite3, Statement as Sqlite3Statement};
use tokio::sync::{mpsc, oneshot};

use super::connection::{Answer, Connection, Job, Statement, Work};
use super::control::Control;
use super::error::classify;
use super::open::{Audit, Role, configure};
use super::statement_cache::{Prepared, StatementCache, Watch};
use crate::backend::Wanted;
use crate::pool::{Lease, Lookups};
use crate::row::Batch;
use crate::sql::Text;
use crate::{ConnectOptions, Error, ErrorKind, Executed, Result, ValueRef};

/// How large a batch of a fetched result grows.
const FETCHED_BATCH: usize = 1 << 20;

/// How large a batch of a stream grows, in bytes and in rows.
const STREAMED_BATCH: usize = 64 << 10;
const STREAMED_ROWS: usize = 256;

/// How many statements of this crate's own are kept: BEGIN, COMMIT, ROLLBACK, and savepoints some levels deep.
const CONTROLS: usize = 16;

pub(super) struct Worker<'c> {
    sqlite: &'c Sqlite3,
    control: &'c Control,
    audit: &'c Audit,
    options: &'c ConnectOptions,
    role: Role,
    statements: StatementCache<'c>,
    controls: StatementCache<'c>,
    settings_changed: bool,
}

impl<'c> Worker<'c> {
    pub(super) fn new(
        sqlite: &'c Sqlite3,
        control: &'c Control,
        audit: &'c Audit,
        lookups: &'c Lookups,
        options: &'c ConnectOptions,
        role: Role,
    ) -> Self {
        Self {
            sqlite,
            control,
            audit,
            options,
            role,
            statements: StatementCache::new(
                sqlite,
                Watch::Audited(audit, lookups),
                options.statement_cache,
                options.statement_lifetime,
            ),
            controls: StatementCache::new(sqlite, Watch::Ours, CONTROLS, options.statement_lifetime),
            settings_changed: false,
        }
    }

    /// Works until every sender is gone.
    pub(super) fn run(mut self, queue: &Receiver<Job>) {
        while let Ok(job) = queue.recv() {
            self.serve(job);
        }
    }

    /// Does one job. The connection goes back to its pool before the answer goes out, so that whoever the answer wakes finds it there.
    fn serve(&mut self, Job { call, work, lease }: Job) {
        let ends_transaction = matches!(work, Work::Rollback(_) | Work::Commit(_));
        if !self.control.start(call) && !ends_transaction {
            drop(work);
            return self.settle(lease);
        }
        match work {
            Work::Fetch(statement, wanted, reply) => {
                let answer = self.fetch(statement, wanted);
                self.answer(call, lease, reply, answer);
            }
            Work::Execute(statement, reply) => {
                let answer = self.execute(statement);
                self.answer(call, lease, reply, answer);
            }
            Work::Repeat(text, rows, reply) => {
                let answer = self.repeat(&text, rows);
                self.answer(call, lease, reply, answer);
            }
            Work::Script(text, reply) => {
                let answer = self.script(&text);
                self.answer(call, lease, reply, answer);
            }
            Work::Control(text, reply) => {
                let answer = self.ours(&text);
                self.answer(call, lease, reply, answer);
            }
            Work::Commit(reply) => {
                let answer = self.commit();
                self.answer(call, lease, reply, answer);
            }
            Work::Rollback(reply) => {
                let answer = self.rollback();
                match reply {
                    Some(reply) => self.answer(call, lease, reply, answer),
                    None => self.finish(call, lease),
                }
            }
            Work::Stream(statement, batches) => {
                let last = self.stream(statement, &batches);
                self.finish(call, lease);
                if let Err(error) = last {
                    // The reader of the stream may be gone.
                    let _ = batches.blocking_send(Err(error));
                }
            }
        }
    }

    fn answer<T>(
        &mut self,
        call: u64,
        lease: Option<Lease<Connection>>,
        reply: oneshot::Sender<Result<T>>,
        answer: Result<T>,
    ) {
        if let Some(lease) = lease.as_ref().filter(|_| self.control.is_cancelled()) {
            lease.pool().cancelled();
        }
        self.finish(call, lease);
        // The caller may be gone.
        let _ = reply.send(answer);
    }

    fn finish(&mut self, call: u64, lease: Option<Lease<Connection>>) {
        self.control.finish(call);
        self.settle(lease);
    }

    /// Proves the connection clean and gives it back. One that cannot be proved is closed by dropping its lease busy.
    fn settle(&mut self, lease: Option<Lease<Connection>>) {
        let Some(mut lease) = lease else {
            return;
        };
        if !self.sqlite.is_autocommit() {
            let _ = self.ours(&Text::Static("ROLLBACK"));
        }
        if self.settings_changed && self.sqlite.is_autocommit() {
            self.settings_changed = configure(self.sqlite, self.options, self.role).is_err();
        }
        if self.sqlite.is_autocommit() && !self.settings_changed {
            lease.mark_clean();
        }
    }

    fn fetch(&mut self, statement: Statement, wanted: Wanted) -> Result<Answer<Vec<Batch>>> {
        if self.must_go_to_the_writer(&statement)? {
            return Ok(Answer::Writes(statement));
        }
        let mut batches = Vec::new();
        let mut taken = 0;
        self.rows(
            statement,
            FETCHED_BATCH,
            usize::MAX,
            |batch| {
                batches.push(batch);
                true
            },
            || {
                taken += 1;
                wanted == Wanted::All || taken <= 1
            },
        )?;
        Ok(Answer::Done(batches))
    }

    fn stream(&mut self, statement: Statement, batches: &mpsc::Sender<Result<Answer<Batch>>>) -> Result<()> {
        if self.must_go_to_the_writer(&statement)? {
            let _ = batches.blocking_send(Ok(Answer::Writes(statement)));
            return Ok(());
        }
        self.rows(
            statement,
            STREAMED_BATCH,
            STREAMED_ROWS,
            |batch| batches.blocking_send(Ok(Answer::Done(batch))).is_ok(),
            || true,
        )
    }

    /// Whether a reader was sent a statement that SQLite says is none for it.
    fn must_go_to_the_writer(&mut self, statement: &Statement) -> Result<bool> {
        if self.role == Role::Writer || !self.sqlite.is_autocommit() {
            return Ok(false);
        }
        let prepared = self.statements.get(&statement.text).map_err(|error| told(error, &statement.text))?;
        Ok(!prepared.reads)
    }

    /// Steps through a result, and hands out a batch whenever one is full and at the end. A statement that writes is always
    /// stepped to its end, because only then has it written.
    fn rows(
        &mut self,
        Statement { text, values }: Statement,
        most_bytes: usize,
        most_rows: usize,
        mut full: impl FnMut(Batch) -> bool,
        mut wanted: impl FnMut() -> bool,
    ) -> Result<()> {
        let prepared = self.statements.get(&text).map_err(|error| told(error, &text))?;
        self.settings_changed |= prepared.changes_settings;
        let reads = prepared.reads;
        let (statement, columns, prepared_again) = prepared.parts();
        bind(statement, values, &text)?;
        let mut rows = statement.raw_query();
        let mut batch = Batch::new(Arc::clone(columns));
        let mut asks = true;
        while let Some(row) = rows.next().map_err(|error| told(error, &text))? {
            if batch.is_empty()
                && let Some(changed) = Prepared::refreshed_columns(row.as_ref(), prepared_again)
            {
                *columns = changed;
                batch = Batch::new(Arc::clone(columns));
            }
            asks = asks && wanted();
            if !asks {
                if reads { break } else { continue }
            }
            for index in 0..columns.len() {
                let value = row.get_ref(index).map_err(|error| told(error, &text))?;
                push(&mut batch, value)?;
            }
            if batch.size() >= most_bytes || batch.len() >= most_rows {
                let next = Batch::new(Arc::clone(columns));
                let takes_more = full(std::mem::replace(&mut batch, next));
                if !takes_more && reads {
                    return Ok(());
                }
            }
        }
        if !batch.is_empty() {
            full(batch);
        }
        Ok(())
    }

    fn execute(&mut self, statement: Statement) -> Result<Answer<Executed>> {
        if self.must_go_to_the_writer(&statement)? {
            return Ok(Answer::Writes(statement));
        }
        let Statement { text, values } = statement;
        let before = self.sqlite.total_changes();
        let prepared = self.statements.get(&text).map_err(|error| told(error, &text))?;
        self.settings_changed |= prepared.changes_settings;
        let inserts = prepared.inserts;
        run(&mut prepared.statement, values, &text)?;
        let changed = self.sqlite.total_changes() != before;
        Ok(Answer::Done(Executed {
            rows_affected: if changed { self.sqlite.changes() } else { 0 },
            last_insert_id: (changed && inserts).then(|| self.sqlite.last_insert_rowid()),
        }))
    }

    fn repeat(&mut self, text: &Text, rows: Vec<Vec<Value>>) -> Result<u64> {
        let mut affected = 0;
        let prepared = self.statements.get(text).map_err(|error| told(error, text))?;
        for values in rows {
            if self.control.is_cancelled() {
                return Err(given_up());
            }
            let before = self.sqlite.total_changes();
            run(&mut prepared.statement, values, text)?;
            if self.sqlite.total_changes() != before {
                affected += self.sqlite.changes();
            }
        }
        Ok(affected)
    }

    fn script(&mut self, text: &str) -> Result<()> {
        let result = self.audit.watch(|| self.sqlite.execute_batch(text));
        self.settings_changed |= self.audit.take_settings();
        result.map_err(classify)
    }

    /// Runs a statement of this crate's own. Those are kept apart: a user's text must not find a BEGIN that was let pass
    /// for us.
    fn ours(&mut self, text: &Text) -> Result<()> {
        let result = self.controls.get(text).map(|prepared| prepared.statement.raw_execute());
        match result {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) | Err(error) => Err(told(error, text)),
        }
    }

    fn commit(&mut self) -> Result<()> {
        if self.sqlite.is_autocommit() {
            return Err(Error::new(ErrorKind::Closed, "the transaction has been rolled back by an error in it"));
        }
        let committed = self.ours(&Text::Static("COMMIT"));
        if committed.is_err() {
            self.rollback()?;
        }
        committed
    }

    fn rollback(&mut self) -> Result<()> {
        if self.sqlite.is_autocommit() {
            return Ok(());
        }
        self.ours(&Text::Static("ROLLBACK"))
    }
}

fn bind(statement: &mut Sqlite3Statement<'_>, values: Vec<Value>, text: &Text) -> Result<()> {
    let wanted = statement.parameter_count();
    if wanted != values.len() {
        return Err(Error::unbound(wanted, values.len()).with_statement(text.as_str()));
    }
    for (index, value) in values.into_iter().enumerate() {
        statement.raw_bind_parameter(index + 1, value).map_err(|error| told(error, text))?;
    }
    Ok(())
}

/// Runs a statement to its end and leaves its rows alone.
fn run(statement: &mut Sqlite3Statement<'_>, values: Vec<Value>, text: &Text) -> Result<()> {
    bind(statement, values, text)?;
    let mut rows = statement.raw_query();
    while rows.next().map_err(|error| told(error, text))?.is_some() {}
    Ok(())
}

fn push(batch: &mut Batch, value: Sqlite3Value<'_>) -> Result<()> {
    match value {
        Sqlite3Value::Null => batch.push(ValueRef::Null),
        Sqlite3Value::Integer(value) => batch.push(ValueRef::Int(value)),
        Sqlite3Value::Real(value) => batch.push(ValueRef::Float(value)),
        Sqlite3Value::Text(bytes) => batch.push_text(bytes),
        Sqlite3Value::Blob(bytes) => batch.push(ValueRef::Bytes(bytes)),
    }
}

fn told(error: rusqlite::Error, text: &Text) -> Error {
    classify(error).with_statement(text.as_str())
}

fn given_up() -> Error {
    Error::new(ErrorKind::Timeout, "the call was given up")
}
