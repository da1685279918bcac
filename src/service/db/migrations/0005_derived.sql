-- What was made from recordings and holds something of one child: facts, voiceprints, thumbnails, rows of datasets.
CREATE TABLE derivation (
    number     INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: what is made from it names it
    id         TEXT NOT NULL UNIQUE,
    child      INTEGER NOT NULL,
    kind       TEXT NOT NULL,                     -- fact, voiceprint, thumbnail, row
    content    TEXT NOT NULL,                     -- as the vendor gave it
    dataset    INTEGER,                           -- whose row it is
    reference  TEXT,                              -- the vendor's own name for it
    made_at    INTEGER NOT NULL,                  -- when its making began, as stated
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX derivation_by_child ON derivation (child, kind, number);
CREATE INDEX derivation_by_dataset ON derivation (dataset, number) WHERE dataset IS NOT NULL;
CREATE UNIQUE INDEX derivation_by_reference ON derivation (child, reference) WHERE reference IS NOT NULL;

-- The lineage down to recordings, at first or second hand, and by which store's erasure of the recording it goes
-- (the number of a rules::StoreId): one row is enough.
CREATE TABLE derivation_source (
    derivation INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    store      INTEGER NOT NULL,
    PRIMARY KEY (derivation, seq, store)
) STRICT, WITHOUT ROWID;
CREATE INDEX derivation_source_by_seq ON derivation_source (seq, store);

-- The lineage between things.
CREATE TABLE derivation_parent (
    derivation INTEGER NOT NULL,
    parent     INTEGER NOT NULL,
    PRIMARY KEY (derivation, parent)
) STRICT, WITHOUT ROWID;
CREATE INDEX derivation_parent_by_parent ON derivation_parent (parent);

-- Of no child: their rows are derivations.
CREATE TABLE dataset (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL UNIQUE,
    consent    TEXT NOT NULL,                     -- given, none
    version    INTEGER NOT NULL,                  -- counted up whenever rows come or go
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE model (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL UNIQUE,
    trained_at INTEGER NOT NULL,                  -- registered, or trained anew
    retired_on INTEGER                            -- a day
) STRICT;

CREATE TABLE model_dataset (
    model   INTEGER NOT NULL,
    dataset INTEGER NOT NULL,
    PRIMARY KEY (model, dataset)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_dataset_by_dataset ON model_dataset (dataset);

-- Datasets that an erasure takes rows of.
CREATE TABLE erasure_dataset (
    erasure TEXT NOT NULL,
    child   INTEGER NOT NULL,
    dataset INTEGER NOT NULL,
    PRIMARY KEY (erasure, child, dataset)
) STRICT, WITHOUT ROWID;

-- Models that learned from what an erasure takes, and what became of each: stays, as the erasure itself does.
CREATE TABLE erasure_model (
    erasure TEXT NOT NULL,
    child   INTEGER NOT NULL,
    model   INTEGER NOT NULL,
    outcome TEXT NOT NULL,                        -- a word of rules::derived::ModelState
    day     INTEGER,
    because TEXT,
    PRIMARY KEY (erasure, child, model)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_model_by_model ON erasure_model (model);
