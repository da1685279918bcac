-- A key for each part of a recording, wrapped by the child's: a part can be destroyed and the others stay.
-- The row goes with the last of them.
CREATE TABLE dek_of_parts (
    child      TEXT NOT NULL,
    recording  TEXT NOT NULL,
    media      BLOB,
    transcript BLOB,
    location   BLOB,
    waveform   BLOB,
    PRIMARY KEY (child, recording)
) STRICT, WITHOUT ROWID;
INSERT INTO dek_of_parts (child, recording, media) SELECT child, recording, wrapped FROM dek;
DROP TABLE dek;
ALTER TABLE dek_of_parts RENAME TO dek;

-- One key for each thing that was made from recordings.
CREATE TABLE thing (
    child      TEXT NOT NULL,
    derivation TEXT NOT NULL,
    wrapped    BLOB NOT NULL,
    PRIMARY KEY (child, derivation)
) STRICT, WITHOUT ROWID;
