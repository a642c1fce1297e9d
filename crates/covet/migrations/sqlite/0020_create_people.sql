CREATE TABLE covet_users (
    id TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    name TEXT,
    email TEXT,
    disabled_at INTEGER
) WITHOUT ROWID;

CREATE TABLE covet_user_roles (
    user_id TEXT NOT NULL REFERENCES covet_users (id) ON DELETE CASCADE,
    role_id INTEGER NOT NULL,
    PRIMARY KEY (user_id, role_id)
) WITHOUT ROWID;

CREATE TABLE covet_login_failures (
    name TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX covet_login_failures_last_at ON covet_login_failures (last_at);

CREATE TABLE covet_devices (
    hash TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES covet_users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (hash, user_id)
) WITHOUT ROWID;

CREATE INDEX covet_devices_expires_at ON covet_devices (expires_at);

CREATE TABLE covet_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES covet_users (id) ON DELETE CASCADE,
    auth_time INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX covet_sessions_user_id ON covet_sessions (user_id);

CREATE INDEX covet_sessions_expires_at ON covet_sessions (expires_at);
