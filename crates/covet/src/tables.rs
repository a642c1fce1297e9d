//! The framework's own tables.
//!
//! They carry the prefix `covet_`, and their migrations have a history of their own, so that their numbers and the app's
//! have nothing to do with each other. An app that needs none of them gets none.

use std::sync::Arc;

use covet_db::{Db, Migrations};
use tokio::sync::OnceCell;

/// What belongs to the HTTP side of the framework.
pub(crate) static MIGRATIONS: Migrations =
    covet_db::migrations!("migrations").with_history("covet_framework_migrations");

/// The app's database, once the framework's tables are in it. `App::serve` migrates before it takes connections; where
/// nothing serves, as in tests, the first request that needs a table does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables(Arc<OnceCell<()>>);

impl Tables {
    pub(crate) async fn ready(&self, db: &Db) -> covet_db::Result<()> {
        self.0.get_or_try_init(|| async { db.migrate(&MIGRATIONS).await.map(drop) }).await.map(drop)
    }
}
