//! What an app does before it is served: it connects, migrates, and runs the program's own steps.
//!
//! These are given to the app and not done in `main`, so that a program that is only looked into
//! (`COVET_INSPECT`) or only migrated (`COVET_MIGRATE`) does neither more nor less.

#[cfg(feature = "_db")]
mod database;
#[cfg(feature = "_db")]
pub(super) mod migrate;

#[cfg(feature = "_db")]
pub(super) use database::{Connecting, Database, Step};

/// What is still to be done before the app can answer.
#[derive(Default)]
pub(crate) struct Startup {
    /// The database that will be connected; one that is there already is among the shared values.
    #[cfg(feature = "_db")]
    pub(super) database: Option<Database>,
    /// Those of the framework's own tables, where the app needs them. They come first.
    #[cfg(feature = "_db")]
    pub(super) own: Option<&'static covet_db::Migrations>,
    #[cfg(feature = "_db")]
    pub(super) migrations: Vec<covet_db::Migrations>,
    #[cfg(feature = "_db")]
    pub(super) steps: Vec<Step>,
}

/// Without a database there is nothing to do.
#[cfg(not(feature = "_db"))]
impl Startup {
    pub(super) fn brings(&self, _: std::any::TypeId) -> bool {
        false
    }

    pub(super) fn is_pending(&self) -> bool {
        false
    }

    pub(super) fn faults(&self, _: &crate::request::Shared) -> Vec<super::StartFault> {
        Vec::new()
    }

    pub(super) async fn run(self, _: &mut crate::request::Shared) -> crate::Result<()> {
        Ok(())
    }
}

impl std::fmt::Debug for Startup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Startup").field("is_pending", &self.is_pending()).finish()
    }
}
