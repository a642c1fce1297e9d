//! A device code for tokens (RFC 8628, section 3.4).

use super::{TokenRequest, TokenResponse};
use crate::oauth2::error::{Failure, OAuthError, OAuthErrorCode};
use crate::oauth2::secret;
use crate::oauth2::server::Server;
use crate::oauth2::store::{DeviceDecision, DeviceKey, Store};

/// By how many seconds a device that asks too often must slow down.
const SLOW_DOWN: i64 = 5;

impl<S: Store> Server<S> {
    pub(super) async fn device_code(&self, request: &TokenRequest<'_>) -> Result<(String, TokenResponse), Failure> {
        let TokenRequest { form, client, now, .. } = *request;
        let unknown = || OAuthError::grant("the device code is unknown, used, or another client's");
        let hash = secret::hash(form.required("device_code")?);
        let device = self.store.device_request(DeviceKey::DeviceCode(&hash)).await?.ok_or_else(unknown)?;
        if device.client != client.id {
            return Err(unknown().into());
        }
        if now >= device.expires_at {
            return Err(OAuthError::new(OAuthErrorCode::ExpiredToken, "the device code has expired").into());
        }
        let early = device.polled_at.is_some_and(|last| now.as_second() - last.as_second() < device.interval);
        let interval = if early { device.interval + SLOW_DOWN } else { device.interval };
        self.store.poll_device_request(&hash, now, interval).await?;
        let grant = match &device.decision {
            DeviceDecision::Pending if early => {
                return Err(OAuthError::new(OAuthErrorCode::SlowDown, "the device asks too often").into());
            }
            DeviceDecision::Pending => {
                return Err(
                    OAuthError::new(OAuthErrorCode::AuthorizationPending, "the user has not decided yet").into()
                );
            }
            DeviceDecision::Denied => {
                return Err(OAuthError::new(OAuthErrorCode::AccessDenied, "the user said no").into());
            }
            DeviceDecision::Used => return Err(unknown().into()),
            DeviceDecision::Approved(grant) => grant,
        };
        if !self.store.decide_device_request(&hash, &device.decision, &DeviceDecision::Used).await? {
            return Err(unknown().into());
        }
        let grant = self.store.grant(grant).await?.filter(|grant| grant.is_live(now)).ok_or_else(unknown)?;
        let refresh_token = self.first_refresh_token(request, &grant).await?;
        self.respond(request, &grant, &grant.scope, (refresh_token, None)).await
    }
}
