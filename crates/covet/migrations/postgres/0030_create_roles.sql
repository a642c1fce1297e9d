CREATE TABLE covet_roles (
    id BIGINT NOT NULL PRIMARY KEY,
    name VARCHAR(255) NOT NULL UNIQUE
);

CREATE TABLE covet_role_permissions (
    role_id BIGINT NOT NULL,
    permission VARCHAR(255) NOT NULL,
    PRIMARY KEY (role_id, permission)
);

CREATE TABLE covet_role_parents (
    role_id BIGINT NOT NULL,
    parent_id BIGINT NOT NULL,
    PRIMARY KEY (role_id, parent_id)
);

CREATE TABLE covet_versions (
    name VARCHAR(255) NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);

INSERT INTO covet_versions (name, version) VALUES ('roles', 1);

ALTER TABLE covet_users ADD COLUMN roles_changed_at BIGINT;

CREATE INDEX covet_users_roles_changed_at ON covet_users (roles_changed_at);
