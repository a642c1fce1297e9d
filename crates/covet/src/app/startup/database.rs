//! The steps of an app that has a database.

use std::any::TypeId;
use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;

use covet_db::{Db, Migrations};
use futures_util::FutureExt;

use super::Startup;
use crate::app::StartFault;
use crate::request::Shared;
use crate::{Error, Result};

/// A database that will be connected.
pub(crate) type Database = Pin<Box<dyn Future<Output = covet_db::Result<Db>> + Send>>;

/// A database as an app is given it.
pub(crate) enum Connecting {
    /// It is connected.
    Done(Db),
    /// It will be.
    Pending(Database),
}

impl Connecting {
    pub(crate) fn new<F: Future<Output = covet_db::Result<Db>> + Send + 'static>(connecting: F) -> Self {
        // A call that connects may only be polled where it is to run.
        let is_connected = TypeId::of::<F>() == TypeId::of::<<Db as IntoFuture>::IntoFuture>();
        let mut connecting: Database = Box::pin(connecting);
        match is_connected.then(|| connecting.as_mut().now_or_never()).flatten() {
            Some(Ok(db)) => Connecting::Done(db),
            _ => Connecting::Pending(connecting),
        }
    }
}

/// What a program does with its database before it is served.
pub(crate) type Step = Box<dyn FnOnce(Db) -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send>;

impl Startup {
    /// Whether a value of this type will be there once the app has started.
    pub(in crate::app) fn brings(&self, id: TypeId) -> bool {
        id == TypeId::of::<Db>() && self.database.is_some()
    }

    /// Whether something is to be done that nobody else would do: the framework's own tables are made by the first
    /// request that needs them, if not before.
    pub(in crate::app) fn is_pending(&self) -> bool {
        self.database.is_some() || !self.migrations.is_empty() || !self.steps.is_empty()
    }

    /// What is wrong without having tried.
    pub(in crate::app) fn faults(&self, shared: &Shared) -> Vec<StartFault> {
        let mut faults = Vec::new();
        if self.is_pending() && !self.brings(TypeId::of::<Db>()) && !shared.contains(TypeId::of::<Db>()) {
            faults.push("migrations and steps of the start need a database; add it with .database(…)".to_owned());
        }
        let mut tables = HashSet::new();
        for migrations in &self.migrations {
            let table = migrations.history();
            if !tables.insert(table) {
                faults.push(format!(
                    "two sets of migrations keep their history in `{table}`; give one of them another table by \
                     `Migrations::with_history`"
                ));
            }
        }
        faults.into_iter().map(StartFault::of_app).collect()
    }

    /// Connects, migrates and runs the steps.
    pub(in crate::app) async fn run(mut self, shared: &mut Shared) -> Result<()> {
        if !self.is_pending() && self.own.is_none() {
            return Ok(());
        }
        let db = self.connect(shared).await?;
        for migrations in self.migrations() {
            db.migrate(migrations).await?;
        }
        for step in self.steps {
            step(db.clone()).await?;
        }
        Ok(())
    }

    /// The database, which from then on is among the shared values.
    pub(in crate::app) async fn connect(&mut self, shared: &mut Shared) -> Result<Db> {
        if let Some(connecting) = self.database.take() {
            shared.insert(connecting.await?);
        }
        let db: Option<Arc<Db>> = shared.get();
        db.map(|db| Db::clone(&db)).ok_or_else(|| Error::new("the app was given no database"))
    }

    /// All migrations, in the order in which their sets are applied.
    pub(in crate::app) fn migrations(&self) -> impl Iterator<Item = &Migrations> {
        self.own.into_iter().chain(&self.migrations)
    }
}
