-- What each witness has cosigned last, so that it is asked with a proof from there. It says so itself where this is behind.
CREATE TABLE ledger_witness (
    key         TEXT PRIMARY KEY,                -- its verifier key
    size        INTEGER NOT NULL,
    cosigned_at INTEGER NOT NULL                 -- when, by its own clock, in seconds since 1970
) STRICT;
