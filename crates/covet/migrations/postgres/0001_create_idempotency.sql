CREATE TABLE covet_idempotency (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    fingerprint VARCHAR(64) NOT NULL,
    owner VARCHAR(36) NOT NULL,
    lease_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    committed INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    headers BYTEA,
    body BYTEA
);

CREATE INDEX covet_idempotency_expires_at ON covet_idempotency (expires_at);
