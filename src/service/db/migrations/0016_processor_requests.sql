-- A request that was cancelled, or signed as done and not, is made anew under another id.
ALTER TABLE processor_step ADD COLUMN posted INTEGER NOT NULL DEFAULT 0;  -- it has signed that it has this request
ALTER TABLE processor_step ADD COLUMN former TEXT;                        -- the request before: its callbacks may be late
ALTER TABLE processor_step ADD COLUMN cancelled_at INTEGER;               -- when it first cancelled one
UPDATE processor_step SET posted = acknowledged_at IS NOT NULL;
CREATE INDEX processor_step_former ON processor_step (former) WHERE former IS NOT NULL;

-- Until when a handing over may still be under way that was told of; only while the request is opened.
ALTER TABLE processor_item ADD COLUMN disclosed_at INTEGER NOT NULL DEFAULT 0;
