CREATE TABLE covet_roles (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) WITHOUT ROWID;

CREATE TABLE covet_role_permissions (
    role_id INTEGER NOT NULL,
    permission TEXT NOT NULL,
    PRIMARY KEY (role_id, permission)
) WITHOUT ROWID;

CREATE TABLE covet_role_parents (
    role_id INTEGER NOT NULL,
    parent_id INTEGER NOT NULL,
    PRIMARY KEY (role_id, parent_id)
) WITHOUT ROWID;

CREATE TABLE covet_versions (
    name TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO covet_versions (name, version) VALUES ('roles', 1);

ALTER TABLE covet_users ADD COLUMN roles_changed_at INTEGER;

CREATE INDEX covet_users_roles_changed_at ON covet_users (roles_changed_at);
