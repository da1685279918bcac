-- How far an erasure had come told the moment of a recording; one that is finished does not need it.
UPDATE erasure_step SET last_seq = 0 WHERE erasure IN (SELECT id FROM erasure WHERE finished_at IS NOT NULL);
