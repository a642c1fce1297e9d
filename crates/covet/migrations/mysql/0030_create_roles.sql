CREATE TABLE covet_roles (
    id BIGINT NOT NULL PRIMARY KEY,
    name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE
) ENGINE = InnoDB;

CREATE TABLE covet_role_permissions (
    role_id BIGINT NOT NULL,
    permission VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (role_id, permission)
) ENGINE = InnoDB;

CREATE TABLE covet_role_parents (
    role_id BIGINT NOT NULL,
    parent_id BIGINT NOT NULL,
    PRIMARY KEY (role_id, parent_id)
) ENGINE = InnoDB;

CREATE TABLE covet_versions (
    name VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
) ENGINE = InnoDB;

INSERT INTO covet_versions (name, version) VALUES ('roles', 1);

ALTER TABLE covet_users ADD COLUMN roles_changed_at BIGINT;

CREATE INDEX covet_users_roles_changed_at ON covet_users (roles_changed_at);
