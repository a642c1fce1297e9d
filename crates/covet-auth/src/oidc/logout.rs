//! Logout by the client (OpenID Connect RP-Initiated Logout).

use crate::error::Result;
use crate::oauth2::{Parameters, Server, Session, Store};

/// What the browser gets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Logout {
    /// The session ends at once, and the browser is sent there, or shown that it is logged out.
    Now {
        /// Where to, which the client has registered.
        redirect: Option<String>,
    },
    /// The user is asked first, since the request does not prove that the client knows them.
    Ask {
        /// Where to afterwards.
        redirect: Option<String>,
    },
}

impl<S: Store> Server<S> {
    /// Answers a logout request. With an ID token of this very session it needs no question (section 2).
    ///
    /// The caller ends the session, and [revokes](Server::revoke_grants) what was granted in it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn logout(&self, parameters: &Parameters, session: Option<&Session>) -> Result<Logout> {
        let hint = parameters.value("id_token_hint").and_then(|hint| self.read_hint(hint));
        let named = parameters.value("client_id");
        // A hint of another client than the named one is no hint.
        let hint = hint.filter(|hint| named.is_none_or(|named| named == hint.client));
        let client = hint.as_ref().map(|hint| hint.client.as_str()).or(named);
        let redirect = match (client, parameters.value("post_logout_redirect_uri")) {
            (Some(client), Some(uri)) => {
                let client = self.store.client(client).await?;
                let known =
                    client.is_some_and(|client| client.post_logout_redirect_uris.iter().any(|known| known == uri));
                known.then(|| with_state(uri, parameters.value("state")))
            }
            _ => None,
        };
        let proved = match (&hint, session) {
            (_, None) => true,
            (Some(hint), Some(session)) => {
                hint.session.as_deref() == Some(&session.id) || hint.subject == session.subject
            }
            (None, Some(_)) => false,
        };
        Ok(if proved { Logout::Now { redirect } } else { Logout::Ask { redirect } })
    }
}

fn with_state(uri: &str, state: Option<&str>) -> String {
    let Some(state) = state else { return uri.to_owned() };
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{}", Parameters::default().with("state", state).encode_without(&[]))
}
