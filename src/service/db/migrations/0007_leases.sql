-- Which engine carries an erasure out, until when, and how often one has taken it over: whatever an engine notes,
-- it notes only where the fence is the one that it got.
ALTER TABLE erasure ADD COLUMN lease_owner TEXT;
ALTER TABLE erasure ADD COLUMN lease_until INTEGER;
ALTER TABLE erasure ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;

-- The plan of one child in the order in which the ledger commits to it, without a sort in memory.
CREATE INDEX erasure_item_by_recording ON erasure_item (erasure, child, recording, stores);
