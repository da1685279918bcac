-- Whether the folder `deletions` says of it what is so now: that it is to be, or that it was taken back.
ALTER TABLE erasure ADD COLUMN journaled INTEGER NOT NULL DEFAULT 0;
UPDATE erasure SET journaled = 1 WHERE finished_at IS NOT NULL;
CREATE INDEX erasure_to_journal ON erasure (id) WHERE journaled = 0;

-- An entry that was published and whose body is lost: the database was restored from before it.
ALTER TABLE ledger_entry ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
