-- Times are milliseconds since 1970 in UTC, dates days since 1970. Nothing relies on foreign keys:
-- the pragma is per connection, and a cascade is not an erasure.

CREATE TABLE guardian (
    id         TEXT PRIMARY KEY,
    reference  TEXT NOT NULL UNIQUE,             -- the vendor's own name for the guardian
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE child (
    number     INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: it prefixes the words of the search index
    id         TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    last_use   INTEGER,                           -- day of the newest recording ever (inactivity clock); none once nothing is held
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE guardianship (
    guardian   TEXT NOT NULL,
    child      INTEGER NOT NULL,
    since      INTEGER NOT NULL,
    PRIMARY KEY (guardian, child)
) STRICT, WITHOUT ROWID;
CREATE INDEX guardianship_by_child ON guardianship (child);

CREATE TABLE device (
    id    TEXT PRIMARY KEY,
    child INTEGER NOT NULL,
    name  TEXT NOT NULL,
    UNIQUE (child, name)
) STRICT, WITHOUT ROWID;

-- The catalogue store. seq = captured_at << 20 | n: time order, list cursor and search rowid in one number.
CREATE TABLE recording (
    seq         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    child       INTEGER NOT NULL,
    device      TEXT,
    kind        TEXT NOT NULL,                    -- voice, video
    duration_ms INTEGER NOT NULL,
    media_type  TEXT NOT NULL,
    bytes       INTEGER NOT NULL,
    identity    BLOB NOT NULL,                    -- of content and stated moment: the same import adds nothing
    usable      INTEGER NOT NULL,                 -- stores (bits of rules::Stores) whose copy is held and not sealed
    created_at  INTEGER NOT NULL,
    UNIQUE (child, identity)
) STRICT;
CREATE INDEX recording_by_child ON recording (child, seq, usable, kind);
CREATE INDEX recording_by_device ON recording (device, seq);

-- Each store knows by itself whose its rows are: what the catalogue has forgotten can still be listed.
CREATE TABLE transcript (
    seq      INTEGER PRIMARY KEY,
    child    INTEGER NOT NULL,
    text     TEXT NOT NULL,
    language TEXT
) STRICT;
CREATE INDEX transcript_by_child ON transcript (child);

CREATE TABLE location (
    seq            INTEGER PRIMARY KEY,
    child          INTEGER NOT NULL,
    latitude_udeg  INTEGER NOT NULL,
    longitude_udeg INTEGER NOT NULL,
    accuracy_m     INTEGER
) STRICT;
CREATE INDEX location_by_child ON location (child);

CREATE TABLE waveform (
    seq   INTEGER PRIMARY KEY,
    child INTEGER NOT NULL,
    peaks BLOB NOT NULL
) STRICT;
CREATE INDEX waveform_by_child ON waveform (child);

-- Words arrive split, folded and prefixed with the child's number (search.rs), so ASCII rules are enough here.
-- secure-delete: without it FTS5 leaves deleted words in its segments until they happen to merge.
CREATE VIRTUAL TABLE search_index USING fts5 (words, tokenize = "ascii");
INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1);

CREATE TABLE keep (
    id         TEXT PRIMARY KEY,
    seq        INTEGER NOT NULL,
    guardian   TEXT NOT NULL,
    until      INTEGER NOT NULL,                  -- a day; there is no keep without an end
    created_at INTEGER NOT NULL,
    UNIQUE (seq, guardian)
) STRICT, WITHOUT ROWID;

CREATE TABLE erasure (
    id              TEXT PRIMARY KEY,
    guardian        TEXT,                         -- none: asked for by the inactivity rule
    scope           TEXT NOT NULL,                -- its kind only; what was searched for is nobody's business later
    state           TEXT NOT NULL,
    contested       INTEGER NOT NULL,
    recordings      INTEGER NOT NULL,
    requested_at    INTEGER NOT NULL,
    sealed_until    INTEGER NOT NULL,
    expected_by     INTEGER NOT NULL,
    due_by          INTEGER NOT NULL,
    finished_at     INTEGER,
    idempotency_key TEXT,
    request_hash    BLOB,
    UNIQUE (guardian, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_open ON erasure (state, sealed_until) WHERE finished_at IS NULL;

CREATE TABLE erasure_child (
    erasure TEXT NOT NULL,
    child   INTEGER NOT NULL,
    PRIMARY KEY (erasure, child)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_by_child ON erasure_child (child, erasure);

-- The plan, frozen in the accepting transaction; gone when the erasure is finished.
CREATE TABLE erasure_item (
    erasure   TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    recording TEXT NOT NULL,
    child     TEXT NOT NULL,
    stores    INTEGER NOT NULL,                   -- bits of the stores that are to forget it
    cleared   INTEGER NOT NULL,                   -- those of them that were in use till then, set back by an undo
    PRIMARY KEY (erasure, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_item_by_seq ON erasure_item (seq);

CREATE TABLE erasure_step (
    erasure         TEXT NOT NULL,
    store           TEXT NOT NULL,
    position        INTEGER NOT NULL,
    state           TEXT NOT NULL,
    copies          INTEGER NOT NULL,
    erased          INTEGER NOT NULL DEFAULT 0,
    last_seq        INTEGER NOT NULL DEFAULT 0,   -- items up to here were erased: where a restart goes on
    failed_attempts INTEGER NOT NULL DEFAULT 0,
    problem         TEXT,
    next_attempt_at INTEGER,
    verified_at     INTEGER,
    PRIMARY KEY (erasure, store)
) STRICT, WITHOUT ROWID;

-- Tokens are kept as SHA-256: reading this table opens nothing.
CREATE TABLE session (
    token_hash  BLOB PRIMARY KEY,
    guardian    TEXT NOT NULL,
    permissions INTEGER NOT NULL,
    origin      TEXT NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- CORS asks for the first before every answer to another site's page, minting for the second.
CREATE INDEX session_by_origin ON session (origin, expires_at);
CREATE INDEX session_by_end ON session (expires_at);

CREATE TABLE session_child (
    token_hash BLOB NOT NULL,
    child      INTEGER NOT NULL,
    PRIMARY KEY (token_hash, child)
) STRICT, WITHOUT ROWID;

CREATE TABLE ticket (
    ticket_hash BLOB PRIMARY KEY,
    seq         INTEGER NOT NULL,
    guardian    TEXT NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ticket_by_seq ON ticket (seq);

-- Objects being written. A row whose owner is dead names bytes that no recording owns.
CREATE TABLE incoming (
    object TEXT PRIMARY KEY,
    owner  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
