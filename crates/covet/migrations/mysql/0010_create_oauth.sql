CREATE TABLE covet_keys (
    id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    algorithm VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    active_from BIGINT NOT NULL,
    private_key TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
) ENGINE = InnoDB;

CREATE TABLE covet_clients (
    id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    name TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    secret_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin,
    redirect_uris TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    post_logout_redirect_uris TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    grants TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    scope TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    consent_given INTEGER NOT NULL,
    introspects_all INTEGER NOT NULL,
    key_set TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
) ENGINE = InnoDB;

CREATE TABLE covet_consents (
    subject VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    client VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    scope TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (subject, client)
) ENGINE = InnoDB;

CREATE TABLE covet_grants (
    id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    client VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    subject VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    scope TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    session_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin,
    auth_time BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    INDEX covet_grants_subject (subject),
    INDEX covet_grants_session_id (session_id),
    INDEX covet_grants_revoked_at (revoked_at),
    INDEX covet_grants_expires_at (expires_at)
) ENGINE = InnoDB;

CREATE TABLE covet_codes (
    hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    grant_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    redirect_uri TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    challenge VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    nonce TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    dpop_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    INDEX covet_codes_expires_at (expires_at)
) ENGINE = InnoDB;

CREATE TABLE covet_refresh_tokens (
    hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    grant_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    dpop_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    INDEX covet_refresh_tokens_expires_at (expires_at)
) ENGINE = InnoDB;

CREATE TABLE covet_used_names (
    name VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    INDEX covet_used_names_expires_at (expires_at)
) ENGINE = InnoDB;

CREATE TABLE covet_pushed_requests (
    hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    client VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    parameters TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    expires_at BIGINT NOT NULL,
    INDEX covet_pushed_requests_expires_at (expires_at)
) ENGINE = InnoDB;

CREATE TABLE covet_device_requests (
    hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    user_code VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
    client VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    scope TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    expires_at BIGINT NOT NULL,
    wait_seconds BIGINT NOT NULL,
    polled_at BIGINT,
    decision VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    INDEX covet_device_requests_expires_at (expires_at)
) ENGINE = InnoDB;

CREATE TABLE covet_revoked_tokens (
    id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    revoked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    INDEX covet_revoked_tokens_revoked_at (revoked_at),
    INDEX covet_revoked_tokens_expires_at (expires_at)
) ENGINE = InnoDB;
