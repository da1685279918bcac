-- What is said, where, how loud, and what was made from it: encrypted, each row with a key of its own (keys.db). The
-- columns in the clear go once what is in them is encrypted (upgrade.rs).
ALTER TABLE transcript ADD COLUMN sealed BLOB;
ALTER TABLE location ADD COLUMN sealed BLOB;
ALTER TABLE waveform ADD COLUMN sealed BLOB;
ALTER TABLE derivation ADD COLUMN sealed BLOB;
