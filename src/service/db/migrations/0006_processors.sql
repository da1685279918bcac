-- Whom recordings may be handed to: the settings of the last `serve`. Who was given something stays, until all of
-- it is deleted there too.
CREATE TABLE processor (
    name  TEXT PRIMARY KEY,
    about TEXT NOT NULL                           -- where more is said about it
) STRICT, WITHOUT ROWID;

-- What was handed to whom. The child's data; it goes with the entry in the catalogue.
CREATE TABLE disclosure (
    seq          INTEGER NOT NULL,
    processor    TEXT NOT NULL,
    child        INTEGER NOT NULL,
    name         TEXT NOT NULL,                   -- what this processor calls the recording
    classes      INTEGER NOT NULL,                -- bits of rules::processor::ClassSet
    disclosed_at INTEGER NOT NULL,
    PRIMARY KEY (seq, processor)
) STRICT, WITHOUT ROWID;
CREATE INDEX disclosure_by_child ON disclosure (child);
CREATE INDEX disclosure_by_processor ON disclosure (processor);

-- A processor's part of an erasure: one request for each child, so that nobody learns who are siblings.
CREATE TABLE processor_step (
    erasure         TEXT NOT NULL,
    processor       TEXT NOT NULL,
    child           INTEGER NOT NULL,
    request         TEXT NOT NULL UNIQUE,         -- subject_request_id, the same however often it is asked
    state           TEXT NOT NULL,
    recordings      INTEGER NOT NULL,
    since           INTEGER NOT NULL,
    asked_at        INTEGER,
    acknowledged_at INTEGER,
    completed_at    INTEGER,
    tries           INTEGER NOT NULL DEFAULT 0,   -- since it last changed
    next_attempt_at INTEGER,                      -- none: nothing more is asked
    problem         TEXT,
    probe           TEXT UNIQUE,                  -- subject_request_id of the question what it still has
    found_none_at   INTEGER,
    PRIMARY KEY (erasure, processor, child)
) STRICT, WITHOUT ROWID;
CREATE INDEX processor_step_due ON processor_step (processor, next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- What it is asked to delete, frozen in the accepting transaction; gone once it has confirmed.
CREATE TABLE processor_item (
    erasure   TEXT NOT NULL,
    processor TEXT NOT NULL,
    child     INTEGER NOT NULL,
    name      TEXT NOT NULL,
    classes   INTEGER NOT NULL,
    PRIMARY KEY (erasure, processor, child, name)
) STRICT, WITHOUT ROWID;

-- What it has signed: the evidence behind an entry of the ledger.
CREATE TABLE processor_answer (
    erasure   TEXT NOT NULL,
    processor TEXT NOT NULL,
    child     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    answer    TEXT NOT NULL,
    hash      BLOB NOT NULL,                      -- SHA-256 of the signed bytes
    signature BLOB NOT NULL,
    body      BLOB,                               -- the bytes; none where they say more than how the request stands
    PRIMARY KEY (erasure, processor, child, at, answer)
) STRICT, WITHOUT ROWID;
