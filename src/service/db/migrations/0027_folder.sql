-- Which data folder this is, for the search index, which may lie elsewhere: the words of another folder are not ours to
-- remove.
CREATE TABLE folder (id BLOB NOT NULL) STRICT;
INSERT INTO folder VALUES (randomblob(16));
