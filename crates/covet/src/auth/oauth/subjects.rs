//! Who the users are, as the authorization server asks.

use std::future::Future;
use std::pin::Pin;

use covet_auth::Result;
use covet_auth::oauth2::Subject;
use covet_db::Db;

/// A future of a subject.
pub type SubjectFuture<'a> = Pin<Box<dyn Future<Output = Result<Option<Subject>>> + Send + 'a>>;

/// Finds users by their ids, with what tokens tell about them.
pub trait Subjects: Send + Sync + 'static {
    /// A user who may log in; none where there is none, or they are disabled.
    fn subject<'a>(&'a self, db: &'a Db, id: &'a str) -> SubjectFuture<'a>;
}
