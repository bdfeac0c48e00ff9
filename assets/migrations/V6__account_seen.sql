-- More ways to a directory: keys that are pinned, and what a directory says of the account that reads it.

ALTER TABLE directory ADD COLUMN pins TEXT   -- list of 'sha256/...'
    CHECK (pins IS NULL OR (kind = 'ldap' AND ca_file IS NULL));

-- As it was when a directory was last asked.
CREATE TABLE account_seen (
    directory_id     INTEGER PRIMARY KEY REFERENCES directory (id) ON DELETE CASCADE,
    at               TEXT NOT NULL,
    bind             TEXT NOT NULL,          -- the name that it bound with
    password         TEXT CHECK (password IN ('never', 'at')),  -- NULL: the directory does not say
    password_expires TEXT CHECK ((password = 'at') = (password_expires IS NOT NULL))
) STRICT;
