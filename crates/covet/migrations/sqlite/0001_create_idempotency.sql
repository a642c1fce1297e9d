CREATE TABLE covet_idempotency (
    id TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    owner TEXT NOT NULL,
    lease_until INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    committed INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    headers BLOB,
    body BLOB
) WITHOUT ROWID;

CREATE INDEX covet_idempotency_expires_at ON covet_idempotency (expires_at);
