-- What is held of a child says who has not confirmed: to look for them, the requests of all families were read.
CREATE INDEX processor_step_open_by_child ON processor_step (child) WHERE state <> 'completed';
