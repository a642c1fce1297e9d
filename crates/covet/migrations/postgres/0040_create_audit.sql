CREATE TABLE covet_audit (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    event VARCHAR(255) NOT NULL,
    outcome VARCHAR(64) NOT NULL,
    subject VARCHAR(255),
    client VARCHAR(255),
    object VARCHAR(255),
    permission TEXT,
    reason TEXT,
    request_id VARCHAR(64),
    address VARCHAR(64)
);

CREATE INDEX covet_audit_at ON covet_audit (at);

CREATE INDEX covet_audit_subject ON covet_audit (subject, id);
