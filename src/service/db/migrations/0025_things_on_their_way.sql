-- Things whose key is about to be made, and which are not written yet. A row goes with the thing's coming; what a
-- process leaves here that died, and nothing else, is swept with its key at a start.
CREATE TABLE incoming_thing (
    thing TEXT PRIMARY KEY,
    child TEXT NOT NULL,
    owner TEXT NOT NULL
) STRICT, WITHOUT ROWID;
