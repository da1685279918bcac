-- What is entered in the ledger, in order. `place` is its number there, from 0 without a gap: writers take turns,
-- and a place that was rolled back is given again. What lies at and beyond the head's size waits for the sequencer.
CREATE TABLE ledger_entry (
    place      INTEGER PRIMARY KEY,
    leaf       TEXT NOT NULL,                    -- what becomes public
    child      INTEGER,                          -- whose it is; none for what belongs to no child
    seq        INTEGER,                          -- its number among the child's
    body       TEXT NOT NULL,                    -- what the leaf commits to, opened to the child's guardians alone
    entered_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX ledger_entry_by_child ON ledger_entry (child, seq) WHERE child IS NOT NULL;

-- What ties a child's entries together. The key is a secret: without it they are random bytes.
CREATE TABLE child_log (
    child INTEGER PRIMARY KEY,
    key   BLOB NOT NULL,
    next  INTEGER NOT NULL,
    last  BLOB                                   -- the hash of the child's last leaf
) STRICT;

-- One row: how long the ledger is, and its root. `staged`: up to here entries are on the disk for good.
CREATE TABLE ledger_head (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    size   INTEGER NOT NULL,
    root   BLOB NOT NULL,
    staged INTEGER NOT NULL
) STRICT;
-- SHA-256 of nothing is the root of the empty tree.
INSERT INTO ledger_head VALUES (1, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0);

-- Every inventory that was published.
CREATE TABLE inventory (
    version INTEGER PRIMARY KEY,
    body    TEXT NOT NULL,
    place   INTEGER NOT NULL                     -- of its entry
) STRICT;

-- Under which inventory it was accepted; none for those from before there was a ledger.
ALTER TABLE erasure ADD COLUMN inventory INTEGER;
-- The place of the entry that says that it is complete, one a child.
ALTER TABLE erasure_child ADD COLUMN place INTEGER;
