-- Tokens over their whole life, and the keys that sign them.

CREATE TABLE signing_key_with_life (
    kid            TEXT PRIMARY KEY,
    public         BLOB NOT NULL,
    sealed_private BLOB NOT NULL,
    created_at     TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('active', 'retired', 'revoked')),
    revoked_at     TEXT CHECK ((state = 'revoked') = (revoked_at IS NOT NULL)),
    signs_for      TEXT                  -- JSON: what the tokens of another installation say; NULL: it signs for this one
) STRICT, WITHOUT ROWID;
INSERT INTO signing_key_with_life (kid, public, sealed_private, created_at, state)
    SELECT kid, public, sealed_private, created_at, state FROM signing_key;
DROP TABLE signing_key;
ALTER TABLE signing_key_with_life RENAME TO signing_key;

ALTER TABLE token ADD COLUMN note TEXT;
ALTER TABLE token ADD COLUMN scope TEXT NOT NULL
    DEFAULT '{"mappings":[],"platforms":[],"networks":[],"not_before":null}';
ALTER TABLE token ADD COLUMN replaced_by TEXT;
ALTER TABLE token ADD COLUMN overlap_until TEXT CHECK ((replaced_by IS NULL) = (overlap_until IS NULL));
ALTER TABLE token ADD COLUMN key_id TEXT;   -- NULL: not known
-- There was one key at most until now.
UPDATE token SET key_id = (SELECT kid FROM signing_key);

ALTER TABLE settings ADD COLUMN offline_tokens TEXT NOT NULL DEFAULT 'accept' CHECK (offline_tokens IN ('accept', 'require-import'));

-- Nothing reads it: a token is made at once, and what was asked for stands in it.
DROP TABLE token_request;
