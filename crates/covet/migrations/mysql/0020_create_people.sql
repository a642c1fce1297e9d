CREATE TABLE covet_users (
    id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    login VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE,
    password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin,
    name TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    email TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    disabled_at BIGINT
) ENGINE = InnoDB;

CREATE TABLE covet_user_roles (
    user_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    role_id BIGINT NOT NULL,
    PRIMARY KEY (user_id, role_id),
    FOREIGN KEY (user_id) REFERENCES covet_users (id) ON DELETE CASCADE
) ENGINE = InnoDB;

CREATE TABLE covet_login_failures (
    name VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL
) ENGINE = InnoDB;

CREATE INDEX covet_login_failures_last_at ON covet_login_failures (last_at);

CREATE TABLE covet_devices (
    hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (hash, user_id),
    FOREIGN KEY (user_id) REFERENCES covet_users (id) ON DELETE CASCADE
) ENGINE = InnoDB;

CREATE INDEX covet_devices_expires_at ON covet_devices (expires_at);

CREATE TABLE covet_sessions (
    id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    user_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    auth_time BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES covet_users (id) ON DELETE CASCADE
) ENGINE = InnoDB;

CREATE INDEX covet_sessions_user_id ON covet_sessions (user_id);

CREATE INDEX covet_sessions_expires_at ON covet_sessions (expires_at);
