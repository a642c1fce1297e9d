CREATE TABLE covet_keys (
    id TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    active_from INTEGER NOT NULL,
    private_key TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE covet_clients (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    secret_hash TEXT,
    redirect_uris TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    grants TEXT NOT NULL,
    scope TEXT NOT NULL,
    consent_given INTEGER NOT NULL,
    introspects_all INTEGER NOT NULL,
    key_set TEXT
) WITHOUT ROWID;

CREATE TABLE covet_consents (
    subject TEXT NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (subject, client)
) WITHOUT ROWID;

CREATE TABLE covet_grants (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    session_id TEXT,
    auth_time INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) WITHOUT ROWID;

CREATE INDEX covet_grants_subject ON covet_grants (subject);

CREATE INDEX covet_grants_session_id ON covet_grants (session_id);

CREATE INDEX covet_grants_revoked_at ON covet_grants (revoked_at);

CREATE INDEX covet_grants_expires_at ON covet_grants (expires_at);

CREATE TABLE covet_codes (
    hash TEXT NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    nonce TEXT,
    dpop_key TEXT,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) WITHOUT ROWID;

CREATE INDEX covet_codes_expires_at ON covet_codes (expires_at);

CREATE TABLE covet_refresh_tokens (
    hash TEXT NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL,
    dpop_key TEXT,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) WITHOUT ROWID;

CREATE INDEX covet_refresh_tokens_expires_at ON covet_refresh_tokens (expires_at);

CREATE TABLE covet_used_names (
    name TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX covet_used_names_expires_at ON covet_used_names (expires_at);

CREATE TABLE covet_pushed_requests (
    hash TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    parameters TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX covet_pushed_requests_expires_at ON covet_pushed_requests (expires_at);

CREATE TABLE covet_device_requests (
    hash TEXT NOT NULL PRIMARY KEY,
    user_code TEXT NOT NULL UNIQUE,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    wait_seconds INTEGER NOT NULL,
    polled_at INTEGER,
    decision TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX covet_device_requests_expires_at ON covet_device_requests (expires_at);

CREATE TABLE covet_revoked_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    revoked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX covet_revoked_tokens_revoked_at ON covet_revoked_tokens (revoked_at);

CREATE INDEX covet_revoked_tokens_expires_at ON covet_revoked_tokens (expires_at);
