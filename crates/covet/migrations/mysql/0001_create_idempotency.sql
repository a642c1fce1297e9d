CREATE TABLE covet_idempotency (
    id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    fingerprint VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    owner VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    lease_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    committed INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    headers BLOB,
    body LONGBLOB,
    INDEX covet_idempotency_expires_at (expires_at)
) ENGINE = InnoDB;
