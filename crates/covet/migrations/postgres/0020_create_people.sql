CREATE TABLE covet_users (
    id VARCHAR(255) NOT NULL PRIMARY KEY,
    login VARCHAR(255) NOT NULL UNIQUE,
    password_hash VARCHAR(255),
    name TEXT,
    email TEXT,
    disabled_at BIGINT
);

CREATE TABLE covet_user_roles (
    user_id VARCHAR(255) NOT NULL REFERENCES covet_users (id) ON DELETE CASCADE,
    role_id BIGINT NOT NULL,
    PRIMARY KEY (user_id, role_id)
);

CREATE TABLE covet_login_failures (
    name VARCHAR(255) NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);

CREATE INDEX covet_login_failures_last_at ON covet_login_failures (last_at);

CREATE TABLE covet_devices (
    hash VARCHAR(255) NOT NULL,
    user_id VARCHAR(255) NOT NULL REFERENCES covet_users (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (hash, user_id)
);

CREATE INDEX covet_devices_expires_at ON covet_devices (expires_at);

CREATE TABLE covet_sessions (
    id VARCHAR(255) NOT NULL PRIMARY KEY,
    user_id VARCHAR(255) NOT NULL REFERENCES covet_users (id) ON DELETE CASCADE,
    auth_time BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX covet_sessions_user_id ON covet_sessions (user_id);

CREATE INDEX covet_sessions_expires_at ON covet_sessions (expires_at);
