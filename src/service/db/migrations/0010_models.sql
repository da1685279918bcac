-- When the training of a model began: what was asked to be erased since may have been in it.
ALTER TABLE model ADD COLUMN made_at INTEGER NOT NULL DEFAULT 0;
UPDATE model SET made_at = trained_at;
CREATE INDEX erasure_dataset_by_dataset ON erasure_dataset (dataset);

-- The list of a child's things, the newest first, ends where its page ends.
CREATE INDEX derivation_by_child_id ON derivation (child, id);

-- Nobody read it: the lineage down to recordings says what goes with what.
DROP TABLE derivation_parent;
