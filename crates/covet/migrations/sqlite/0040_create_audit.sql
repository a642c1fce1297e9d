CREATE TABLE covet_audit (
    id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    outcome TEXT NOT NULL,
    subject TEXT,
    client TEXT,
    object TEXT,
    permission TEXT,
    reason TEXT,
    request_id TEXT,
    address TEXT
) WITHOUT ROWID;

CREATE INDEX covet_audit_at ON covet_audit (at);

CREATE INDEX covet_audit_subject ON covet_audit (subject, id);
