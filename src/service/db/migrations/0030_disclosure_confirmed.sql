-- Of what a processor was given: what it has signed that it has deleted, and was not told of again since. It is asked of it
-- again with the rest; only what is held does not name it for that.
ALTER TABLE disclosure ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;   -- bits of rules::processor::ClassSet
