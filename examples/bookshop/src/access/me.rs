//! `/me`: the caller.

use covet::auth::Roles;
use covet::{Auth, Json, get};

use super::BooksWrite;

/// Who calls, and what they may do.
#[covet::model(output)]
#[derive(Debug)]
pub struct Me {
    /// The user's id, or that of a client that acts for itself.
    pub subject: String,
    /// The client that the token was issued to; none in a session of a browser.
    pub client: Option<String>,
    /// What the token was issued for, sorted; none in a session, which may all that its user may.
    pub scope: Option<Vec<String>>,
    /// The names of the user's roles; none where a client acts for itself.
    pub roles: Option<Vec<String>>,
    /// What the caller may do with this credential: what its scope and its roles both give.
    pub permissions: Vec<String>,
}

/// Say who calls.
#[get("/me")]
pub(super) async fn me(auth: Auth, roles: Roles) -> Json<Me> {
    use covet::auth::Permission as _;

    let identity = auth.identity();
    Json(Me {
        subject: identity.subject.clone(),
        client: identity.client.clone(),
        scope: identity.scope.as_ref().map(|scope| scope.iter().map(str::to_owned).collect()),
        roles: identity.roles.as_ref().map(|ids| roles.names(ids)),
        permissions: BooksWrite::REGISTRY.names(auth.permissions()).map(str::to_owned).collect(),
    })
}
