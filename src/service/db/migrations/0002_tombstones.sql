-- What was deleted is not taken in again. A row is an HMAC under the data folder's tombstone key: it tells
-- nothing of what it stands for, nor of whom.
CREATE TABLE tombstone (
    hash    BLOB NOT NULL,
    erasure TEXT NOT NULL,                        -- with which it can be taken back; '' once that is over
    PRIMARY KEY (hash, erasure)
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstone_by_erasure ON tombstone (erasure) WHERE erasure <> '';

-- SHA-256 of the bytes; none for those taken in before there were tombstones.
ALTER TABLE recording ADD COLUMN content BLOB;
-- The vendor's own name for it.
ALTER TABLE recording ADD COLUMN reference TEXT;
CREATE UNIQUE INDEX recording_by_reference ON recording (child, reference) WHERE reference IS NOT NULL;
