//! The userinfo endpoint (OpenID Connect Core, section 5.3).

use crate::Scope;
use crate::oauth2::{AccessClaims, BoundRequest, Failure, OAuthError, OAuthErrorCode, Server, Store, path};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// A request with an access token.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AccessRequest<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `DPoP` header.
    pub dpop: Option<&'a str>,
    /// The time.
    pub now: Timestamp,
}

impl<'a> AccessRequest<'a> {
    /// A request with a method and an `Authorization` header.
    pub fn new(method: &'a str, authorization: Option<&'a str>, now: Timestamp) -> AccessRequest<'a> {
        AccessRequest { method, authorization, dpop: None, now }
    }
}

/// Which claims a scope gives (section 5.4).
const OF_SCOPE: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

impl<S: Store> Server<S> {
    /// The user's claims, as far as the token's scope goes. Its errors are those of RFC 6750: over HTTP 401, and 403 for
    /// `insufficient_scope`.
    ///
    /// # Errors
    /// `invalid_token`, `insufficient_scope`, `invalid_dpop_proof`.
    pub async fn userinfo(&self, request: &AccessRequest<'_>) -> Result<Value, Failure> {
        let wrong =
            || OAuthError::new(OAuthErrorCode::InvalidToken, "the access token is missing, wrong, expired or revoked");
        let (scheme, token) = request.authorization.and_then(|header| header.split_once(' ')).ok_or_else(wrong)?;
        let token = token.trim();
        let verified = self.verifier.verify::<AccessClaims>(&self.keys(), token, request.now).map_err(|_| wrong())?;
        let claims = verified.claims();
        if self.revocations.contains(claims.sid.as_deref(), verified.id()) {
            return Err(wrong().into());
        }
        match &claims.cnf {
            None if scheme.eq_ignore_ascii_case("bearer") => {}
            // A bound token is nothing without its proof, nor is it a bearer's.
            Some(confirmation) if scheme.eq_ignore_ascii_case("dpop") => {
                let proof = request.dpop.ok_or_else(wrong)?;
                let (method, now) = (request.method, request.now);
                let thumbprint = confirmation.jkt.as_str();
                self.confirm(&BoundRequest { method, path: path::USERINFO, token, thumbprint, proof, now }).await?;
            }
            _ => return Err(wrong().into()),
        }
        let scope: Scope = claims.scope.parse().map_err(|_| wrong())?;
        if !scope.contains("openid") {
            return Err(OAuthError::new(OAuthErrorCode::InsufficientScope, "the scope openid is missing").into());
        }
        // A grant that another process has revoked is known here at once.
        let grant = match &claims.sid {
            Some(id) => self.store.grant(id).await?,
            None => None,
        };
        if !grant.is_some_and(|grant| grant.is_live(request.now)) {
            return Err(wrong().into());
        }
        let subject = self.store.subject(verified.subject()).await?.ok_or_else(wrong)?;
        let mut answer = Map::new();
        answer.insert("sub".into(), subject.id.into());
        let granted = OF_SCOPE.iter().filter(|(name, _)| scope.contains(name)).flat_map(|(_, claims)| claims.iter());
        for name in granted {
            if let Some(value) = subject.claims.get(*name) {
                answer.insert((*name).to_owned(), value.clone());
            }
        }
        Ok(Value::Object(answer))
    }
}
