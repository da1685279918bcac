-- What was asked for with an idempotency key was a bare hash, by which words could be guessed; it is a mark under a key now.
-- None at all is taken for any request.
UPDATE erasure SET request_hash = NULL;
