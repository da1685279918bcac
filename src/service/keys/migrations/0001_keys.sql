-- What is here is wrapped: without the epoch keys, which are files of their own, it opens nothing.
CREATE TABLE epoch (
    number       INTEGER PRIMARY KEY,
    made_at      INTEGER NOT NULL,
    destroyed_at INTEGER                          -- when its key was overwritten and removed
) STRICT;

-- One key a child. Goes with the last key of a recording that it wraps.
CREATE TABLE kek (
    child   TEXT PRIMARY KEY,
    epoch   INTEGER NOT NULL,                     -- whose key wraps it
    wrapped BLOB NOT NULL,
    stale   INTEGER NOT NULL                      -- a recording's key was destroyed since: the next rotation replaces it
) STRICT, WITHOUT ROWID;
CREATE INDEX kek_by_epoch ON kek (epoch);

-- One key a recording, wrapped by its child's.
CREATE TABLE dek (
    child     TEXT NOT NULL,
    recording TEXT NOT NULL,
    wrapped   BLOB NOT NULL,
    PRIMARY KEY (child, recording)
) STRICT, WITHOUT ROWID;
