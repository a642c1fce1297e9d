//! Device authorization (RFC 8628): a device without a browser shows a code, and its user says yes elsewhere.

use super::authorize::{Decision, Session};
use super::client::{Client, GrantType};
use super::client_auth::EndpointRequest;
use super::error::{Failure, OAuthError, OAuthErrorCode};
use super::parameters::Parameters;
use super::secret;
use super::server::{Server, parse_scope};
use super::settings::path;
use super::store::{DeviceDecision, DeviceKey, DeviceRequest, Grant, Store};
use crate::error::Result as CovetResult;
use crate::{AuditEvent, Scope};
use jiff::Timestamp;
use serde::Serialize;

/// The letters of user codes: none that makes a word or is taken for another (section 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// How many letters a user code has: 20^8 codes.
const LENGTH: usize = 8;

/// How many seconds a device waits between two tries.
const INTERVAL: i64 = 5;

/// How many wrong user codes a session may type in ten minutes.
const TRIES: u32 = 5;

/// What the device shows, and asks with. The user code is not secret for long: it is good for one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeviceAuthorization {
    /// What the device asks with.
    pub device_code: String,
    /// What the user types.
    pub user_code: String,
    /// Where the user types it.
    pub verification_uri: String,
    /// The same with the code in it, for a QR code.
    pub verification_uri_complete: String,
    /// For how many seconds the codes are good.
    pub expires_in: u64,
    /// How many seconds the device waits between two tries.
    pub interval: i64,
}

/// What the user is asked on the device page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceConsent {
    /// The client's name.
    pub client: String,
    /// What it asks for.
    pub scope: Scope,
    /// The code in the form in which devices show it.
    pub user_code: String,
}

impl<S: Store> Server<S> {
    /// The endpoint that devices call first.
    ///
    /// # Errors
    /// `invalid_client`, `unauthorized_client`, `invalid_scope`.
    pub async fn device_authorization(&self, request: &EndpointRequest<'_>) -> Result<DeviceAuthorization, Failure> {
        let form = Parameters::parse(request.body);
        let client = self.authenticate(request, &form).await?;
        if !client.may_use(GrantType::DeviceCode) {
            return Err(
                OAuthError::new(OAuthErrorCode::UnauthorizedClient, "the client may not use the device flow").into()
            );
        }
        let asked = parse_scope(form.value("scope"))?.unwrap_or_else(|| client.scope.clone());
        let scope = asked.intersection(&client.scope);
        if scope.is_empty() {
            return Err(
                OAuthError::new(OAuthErrorCode::InvalidScope, "the client may have nothing of the scope").into()
            );
        }
        let (device_code, user_code) = (secret::token()?, user_code()?);
        let kept = DeviceRequest {
            hash: secret::hash(&device_code),
            user_code: hash_user_code(&user_code),
            client: client.id,
            scope,
            expires_at: request.now.saturating_add(self.settings.device_life).unwrap_or(Timestamp::MAX),
            interval: INTERVAL,
            polled_at: None,
            decision: DeviceDecision::Pending,
        };
        self.store.insert_device_request(&kept).await?;
        let verification_uri = self.settings.url(path::DEVICE);
        Ok(DeviceAuthorization {
            verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
            verification_uri,
            device_code,
            user_code,
            expires_in: self.settings.device_life.as_secs(),
            interval: INTERVAL,
        })
    }

    /// What a user code asks for; none where it is wrong, used or has ended. The caller counts wrong ones, five for each
    /// session.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn device_consent(&self, user_code: &str, now: Timestamp) -> CovetResult<Option<DeviceConsent>> {
        let Some((request, client)) = self.pending_device(user_code, now).await? else { return Ok(None) };
        let user_code = show(&normal(user_code));
        Ok(Some(DeviceConsent { client: client.name, scope: request.scope, user_code }))
    }

    /// Writes what the user decided, and says whether the code still asked.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn decide_device(
        &self,
        user_code: &str,
        session: &Session,
        decision: Decision,
        now: Timestamp,
    ) -> CovetResult<bool> {
        let Some((request, client)) = self.pending_device(user_code, now).await? else { return Ok(false) };
        let to = match decision {
            Decision::Denied => DeviceDecision::Denied,
            Decision::Approved => {
                let grant = Grant {
                    id: secret::id()?,
                    client: client.id,
                    subject: session.subject.clone(),
                    scope: request.scope.clone(),
                    // The device outlives the browser's session.
                    session: None,
                    auth_time: session.auth_time,
                    created_at: now,
                    expires_at: now.saturating_add(self.settings.grant_life).unwrap_or(Timestamp::MAX),
                    revoked_at: None,
                };
                self.store.insert_grant(&grant).await?;
                DeviceDecision::Approved(grant.id)
            }
        };
        let counted = self.store.decide_device_request(&request.hash, &DeviceDecision::Pending, &to).await?;
        if counted {
            let event = match decision {
                Decision::Approved => AuditEvent::new("device"),
                Decision::Denied => AuditEvent::denied("device", "the user said no"),
            };
            self.store
                .record(event.subject(&session.subject).client(request.client).permission(request.scope.to_string()));
        }
        Ok(counted)
    }

    /// Whether a session may try one more user code: five wrong ones are its share of ten minutes (section 5.1).
    ///
    /// # Errors
    /// Those of the store.
    pub async fn may_try_device_code(&self, session: &Session, now: Timestamp) -> CovetResult<bool> {
        let last = wrong_try(session, TRIES, now);
        Ok(!self.store.is_noted(&last).await?)
    }

    /// Counts a wrong user code of a session.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn count_wrong_device_code(&self, session: &Session, now: Timestamp) -> CovetResult<()> {
        let until = now.saturating_add(self.settings.device_life).unwrap_or(Timestamp::MAX);
        for number in 1..=TRIES {
            if self.store.once(&wrong_try(session, number, now), until).await? {
                break;
            }
        }
        Ok(())
    }

    async fn pending_device(&self, user_code: &str, now: Timestamp) -> CovetResult<Option<(DeviceRequest, Client)>> {
        let hash = hash_user_code(user_code);
        let request = self.store.device_request(DeviceKey::UserCode(&hash)).await?;
        let live = request.filter(|request| now < request.expires_at && request.decision == DeviceDecision::Pending);
        let Some(request) = live else { return Ok(None) };
        let client = self.store.client(&request.client).await?;
        Ok(client.map(|client| (request, client)))
    }
}

/// The name under which a wrong try of a session is noted.
fn wrong_try(session: &Session, number: u32, now: Timestamp) -> String {
    secret::hash(&format!("device:{}:{}:{number}", now.as_second() / 600, session.id))
}

fn user_code() -> CovetResult<String> {
    let mut letters = String::with_capacity(LENGTH);
    while letters.len() < LENGTH {
        let mut byte = [0];
        secret::fill(&mut byte)?;
        // 240 is a multiple of 20: every letter is as likely.
        if byte[0] < 240 {
            letters.push(char::from(LETTERS[usize::from(byte[0] % 20)]));
        }
    }
    Ok(show(&letters))
}

/// Two groups of four.
fn show(letters: &str) -> String {
    letters.split_at_checked(LENGTH / 2).map_or_else(|| letters.to_owned(), |(one, other)| format!("{one}-{other}"))
}

/// Without what people put between, in upper case.
fn normal(user_code: &str) -> String {
    user_code
        .chars()
        .filter(char::is_ascii_alphabetic)
        .take(LENGTH + 1)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

fn hash_user_code(user_code: &str) -> String {
    secret::hash(&format!("user code:{}", normal(user_code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_81_user_codes_are_long_and_read_as_people_type_them() {
        let code = user_code().unwrap();
        assert_eq!(code.len(), LENGTH + 1);
        assert!(code.bytes().all(|byte| byte == b'-' || LETTERS.contains(&byte)), "{code}");
        assert!(20u64.pow(LENGTH as u32) > 2u64.pow(34));
        let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
        assert_eq!(hash_user_code(&typed), hash_user_code(&code));
        assert_ne!(hash_user_code(&format!("{code}B")), hash_user_code(&code));
    }
}
