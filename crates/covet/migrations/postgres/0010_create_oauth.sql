CREATE TABLE covet_keys (
    id VARCHAR(255) NOT NULL PRIMARY KEY,
    algorithm VARCHAR(255) NOT NULL,
    active_from BIGINT NOT NULL,
    private_key TEXT NOT NULL
);

CREATE TABLE covet_clients (
    id VARCHAR(255) NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    secret_hash VARCHAR(255),
    redirect_uris TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    grants TEXT NOT NULL,
    scope TEXT NOT NULL,
    consent_given INTEGER NOT NULL,
    introspects_all INTEGER NOT NULL,
    key_set TEXT
);

CREATE TABLE covet_consents (
    subject VARCHAR(255) NOT NULL,
    client VARCHAR(255) NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (subject, client)
);

CREATE TABLE covet_grants (
    id VARCHAR(255) NOT NULL PRIMARY KEY,
    client VARCHAR(255) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    scope TEXT NOT NULL,
    session_id VARCHAR(255),
    auth_time BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE INDEX covet_grants_subject ON covet_grants (subject);

CREATE INDEX covet_grants_session_id ON covet_grants (session_id);

CREATE INDEX covet_grants_revoked_at ON covet_grants (revoked_at);

CREATE INDEX covet_grants_expires_at ON covet_grants (expires_at);

CREATE TABLE covet_codes (
    hash VARCHAR(255) NOT NULL PRIMARY KEY,
    grant_id VARCHAR(255) NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge VARCHAR(255) NOT NULL,
    nonce TEXT,
    dpop_key VARCHAR(255),
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX covet_codes_expires_at ON covet_codes (expires_at);

CREATE TABLE covet_refresh_tokens (
    hash VARCHAR(255) NOT NULL PRIMARY KEY,
    grant_id VARCHAR(255) NOT NULL,
    dpop_key VARCHAR(255),
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX covet_refresh_tokens_expires_at ON covet_refresh_tokens (expires_at);

CREATE TABLE covet_used_names (
    name VARCHAR(255) NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE INDEX covet_used_names_expires_at ON covet_used_names (expires_at);

CREATE TABLE covet_pushed_requests (
    hash VARCHAR(255) NOT NULL PRIMARY KEY,
    client VARCHAR(255) NOT NULL,
    parameters TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX covet_pushed_requests_expires_at ON covet_pushed_requests (expires_at);

CREATE TABLE covet_device_requests (
    hash VARCHAR(255) NOT NULL PRIMARY KEY,
    user_code VARCHAR(255) NOT NULL UNIQUE,
    client VARCHAR(255) NOT NULL,
    scope TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    wait_seconds BIGINT NOT NULL,
    polled_at BIGINT,
    decision VARCHAR(255) NOT NULL
);

CREATE INDEX covet_device_requests_expires_at ON covet_device_requests (expires_at);

CREATE TABLE covet_revoked_tokens (
    id VARCHAR(255) NOT NULL PRIMARY KEY,
    revoked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX covet_revoked_tokens_revoked_at ON covet_revoked_tokens (revoked_at);

CREATE INDEX covet_revoked_tokens_expires_at ON covet_revoked_tokens (expires_at);
