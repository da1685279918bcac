-- What was decided and is no deletion, as lines of the file in `deletions` that it becomes at once; it goes from here
-- with that. Numbers are never given again: they say what was decided later.
CREATE TABLE note (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    erasure TEXT,                                -- which it is about, if about one
    said    TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

-- The place of the entry that says that it was asked for, one a child.
ALTER TABLE erasure_child ADD COLUMN requested INTEGER;
UPDATE erasure_child SET requested = (
    SELECT l.place FROM ledger_entry l WHERE l.child = erasure_child.child
    AND l.body LIKE 'forget-me-not/request/v1%' || char(10) || 'erasure ' || erasure_child.erasure || char(10) || '%');

-- Taken back, and who did that was not told so yet: the same request again is answered as the first would have been.
ALTER TABLE erasure ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0;
-- Files are of another form now, and what was taken back is a note.
UPDATE erasure SET journaled = finished_at IS NOT NULL;

-- In ledger_entry.lost: 0 its body is here, 1 it is lost, 2 it is lost and it was a guardian's decision of which the
-- folder `deletions` has no file: the database was restored without it, on the word of who runs the service.

-- What belongs to no child is read by everybody.
CREATE INDEX ledger_entry_public ON ledger_entry (place) WHERE child IS NULL;
