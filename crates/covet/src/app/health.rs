//! Whether the process lives, and whether it can do its work.

use crate::openapi::Operation;
use crate::problem::{DATABASE_UNAVAILABLE, Problem, ProblemDetails, Problems};
use crate::routing::Routes;
use crate::{FromRequest, Rejection, Request, get, routes};

/// `/health/live` says that the process answers; `/health/ready` and `/health` that it has what it needs.
pub(super) fn routes() -> Routes {
    routes![live, ready, health]
}

/// The app's database, where it has one.
pub(super) struct Database {
    #[cfg(feature = "_db")]
    db: Option<std::sync::Arc<covet_db::Db>>,
}

impl FromRequest for Database {
    fn describe(_: &mut Operation<'_>, _: &str) {}

    #[cfg_attr(not(feature = "_db"), expect(unused_variables, reason = "without a database there is nothing to take"))]
    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        Ok(Database {
            #[cfg(feature = "_db")]
            db: request.state(),
        })
    }
}

impl Database {
    /// Adds the pool's numbers to the metrics.
    #[cfg_attr(
        not(feature = "_db"),
        expect(clippy::unused_self, reason = "without a database there is nothing to tell")
    )]
    pub(super) fn write_metrics(&self, text: &mut String) {
        #[cfg(feature = "_db")]
        if let Some(db) = &self.db {
            crate::metrics::database::write(&db.pool_stats(), text);
        }
        #[cfg(not(feature = "_db"))]
        let _ = text;
    }

    /// Asks the database for something that every one has.
    async fn check(&self) -> Result<&'static str, Unavailable> {
        #[cfg(feature = "_db")]
        if let Some(db) = &self.db {
            db.fetch_value::<i64>("SELECT 1").await.map_err(|error| Unavailable(error.into()))?;
        }
        Ok("ready")
    }
}

/// Whatever the reason, an app without its database is not ready.
#[derive(Debug)]
struct Unavailable(crate::BoxError);

impl Problem for Unavailable {
    fn describe(problems: &mut Problems) {
        problems.add(&DATABASE_UNAVAILABLE);
    }

    fn into_details(self) -> ProblemDetails {
        ProblemDetails::new(&DATABASE_UNAVAILABLE)
            .header(http::header::RETRY_AFTER, http::HeaderValue::from_static("1"))
            .cause(self.0)
    }
}

/// Whether the process answers.
#[get("/health/live", crate = "crate")]
async fn live() -> &'static str {
    "live"
}

/// Whether the app has what it needs.
#[get("/health/ready", crate = "crate")]
async fn ready(database: Database) -> Result<&'static str, Unavailable> {
    database.check().await
}

/// Whether the app has what it needs.
#[get("/health", crate = "crate")]
async fn health(database: Database) -> Result<&'static str, Unavailable> {
    database.check().await
}
