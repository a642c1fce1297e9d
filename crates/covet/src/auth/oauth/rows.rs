//! Rows of the authorization server's tables, and what they stand for.

use covet_auth::jose::Algorithm;
use covet_auth::keys::StoredKey;
use covet_auth::oauth2::{
    Client, Code, Consent, DeviceDecision, DeviceRequest, Grant, GrantType, Introspection, RefreshToken,
};
use covet_auth::{Error, ErrorKind, Result, Scope};
use covet_db::{FromRow, Row};
use jiff::Timestamp;

/// Declares a row by its columns, which have the names of the fields.
macro_rules! row {
    ($name:ident { $($field:ident: $type:ty),+ $(,)? }) => {
        pub(super) struct $name { $(pub(super) $field: $type),+ }

        impl FromRow for $name {
            fn from_row(row: &Row) -> covet_db::Result<Self> {
                Ok(Self { $($field: row.get(stringify!($field))?),+ })
            }
        }
    };
}

row!(ClientRow {
    id: String,
    name: String,
    secret_hash: Option<String>,
    redirect_uris: String,
    post_logout_redirect_uris: String,
    grants: String,
    scope: String,
    consent_given: i64,
    introspects_all: i64,
    key_set: Option<String>,
});

row!(GrantRow {
    id: String,
    client: String,
    subject: String,
    scope: String,
    session_id: Option<String>,
    auth_time: i64,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
});

row!(CodeRow {
    hash: String,
    grant_id: String,
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    dpop_key: Option<String>,
    expires_at: i64,
    used_at: Option<i64>,
});

row!(RefreshRow {
    hash: String,
    grant_id: String,
    dpop_key: Option<String>,
    expires_at: i64,
    used_at: Option<i64>,
});

row!(DeviceRow {
    hash: String,
    user_code: String,
    client: String,
    scope: String,
    expires_at: i64,
    wait_seconds: i64,
    polled_at: Option<i64>,
    decision: String,
});

row!(KeyRow { id: String, algorithm: String, active_from: i64, private_key: String });

fn broken(what: &'static str) -> Error {
    Error::new(ErrorKind::Storage, what)
}

fn time(millis: i64) -> Result<Timestamp> {
    Timestamp::from_millisecond(millis).map_err(|_| broken("an instant in the database is none"))
}

fn optional_time(millis: Option<i64>) -> Result<Option<Timestamp>> {
    millis.map(time).transpose()
}

/// A scope, of which the empty one is written as nothing.
pub(super) fn scope(text: &str) -> Result<Scope> {
    if text.is_empty() {
        return Ok(Scope::default());
    }
    text.parse().map_err(|_| broken("a scope in the database is none"))
}

fn uris(lines: &str) -> Vec<String> {
    lines.lines().map(str::to_owned).collect()
}

impl ClientRow {
    pub(super) fn of(client: &Client) -> ClientRow {
        let grants: Vec<&str> = client.grants.iter().map(|grant| grant.name()).collect();
        ClientRow {
            id: client.id.clone(),
            name: client.name.clone(),
            secret_hash: client.secret_hash.clone(),
            redirect_uris: client.redirect_uris.join("\n"),
            post_logout_redirect_uris: client.post_logout_redirect_uris.join("\n"),
            grants: grants.join("\n"),
            scope: client.scope.to_string(),
            consent_given: i64::from(client.consent == Consent::Given),
            introspects_all: i64::from(client.introspection == Introspection::All),
            key_set: client.keys.clone(),
        }
    }

    pub(super) fn into_client(self) -> Result<Client> {
        let mut client = Client::new(self.id, scope(&self.scope)?);
        client.name = self.name;
        client.secret_hash = self.secret_hash;
        client.redirect_uris = uris(&self.redirect_uris);
        client.post_logout_redirect_uris = uris(&self.post_logout_redirect_uris);
        client.grants = self.grants.lines().map(str::parse::<GrantType>).collect::<Result<_>>()?;
        client.consent = if self.consent_given == 0 { Consent::Ask } else { Consent::Given };
        client.introspection = if self.introspects_all == 0 { Introspection::Own } else { Introspection::All };
        client.keys = self.key_set;
        Ok(client)
    }
}

impl GrantRow {
    pub(super) fn into_grant(self) -> Result<Grant> {
        Ok(Grant {
            id: self.id,
            client: self.client,
            subject: self.subject,
            scope: scope(&self.scope)?,
            session: self.session_id,
            auth_time: time(self.auth_time)?,
            created_at: time(self.created_at)?,
            expires_at: time(self.expires_at)?,
            revoked_at: optional_time(self.revoked_at)?,
        })
    }
}

impl CodeRow {
    pub(super) fn into_code(self) -> Result<Code> {
        Ok(Code {
            hash: self.hash,
            grant: self.grant_id,
            redirect_uri: self.redirect_uri,
            challenge: self.challenge,
            nonce: self.nonce,
            dpop_key: self.dpop_key,
            expires_at: time(self.expires_at)?,
            used_at: optional_time(self.used_at)?,
        })
    }
}

impl RefreshRow {
    pub(super) fn into_token(self) -> Result<RefreshToken> {
        Ok(RefreshToken {
            hash: self.hash,
            grant: self.grant_id,
            dpop_key: self.dpop_key,
            expires_at: time(self.expires_at)?,
            used_at: optional_time(self.used_at)?,
        })
    }
}

impl DeviceRow {
    pub(super) fn into_request(self) -> Result<DeviceRequest> {
        Ok(DeviceRequest {
            hash: self.hash,
            user_code: self.user_code,
            client: self.client,
            scope: scope(&self.scope)?,
            expires_at: time(self.expires_at)?,
            interval: self.wait_seconds,
            polled_at: optional_time(self.polled_at)?,
            decision: match self.decision.as_str() {
                "pending" => DeviceDecision::Pending,
                "denied" => DeviceDecision::Denied,
                "used" => DeviceDecision::Used,
                other => match other.strip_prefix("approved:") {
                    Some(grant) => DeviceDecision::Approved(grant.to_owned()),
                    None => return Err(broken("a device's decision in the database is none")),
                },
            },
        })
    }
}

/// A decision as it is written.
pub(super) fn decision(decision: &DeviceDecision) -> String {
    match decision {
        DeviceDecision::Pending => "pending".into(),
        DeviceDecision::Approved(grant) => format!("approved:{grant}"),
        DeviceDecision::Denied => "denied".into(),
        _ => "used".into(),
    }
}

impl KeyRow {
    pub(super) fn into_key(self) -> Result<StoredKey> {
        let algorithm: Algorithm = self.algorithm.parse()?;
        Ok(StoredKey::new(self.id, algorithm, time(self.active_from)?, self.private_key))
    }
}
