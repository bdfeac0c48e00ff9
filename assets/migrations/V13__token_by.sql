-- How the token travels, where a deployment tool can carry it in a file and among the other values.

ALTER TABLE installer ADD COLUMN token_by TEXT NOT NULL DEFAULT 'file' CHECK (token_by IN ('file', 'inline'));
