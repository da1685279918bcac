-- One row while a backup is restored: the number of the last note that its database has made itself. Whatever is decided
-- meanwhile is numbered after all those of the folder `deletions`.
CREATE TABLE replay (known INTEGER NOT NULL) STRICT;
