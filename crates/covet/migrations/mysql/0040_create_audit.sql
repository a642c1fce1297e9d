CREATE TABLE covet_audit (
    id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    event VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    outcome VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    client VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    object VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    permission TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    reason TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    address VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin
) ENGINE = InnoDB;

CREATE INDEX covet_audit_at ON covet_audit (at);

CREATE INDEX covet_audit_subject ON covet_audit (subject, id);
