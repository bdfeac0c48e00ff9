-- The users of the directories that mappings match, and the names by which they are found.

-- What a directory said of itself when it was last read.
CREATE TABLE directory_seen (
    directory_id   INTEGER PRIMARY KEY REFERENCES directory (id) ON DELETE CASCADE,
    at             TEXT NOT NULL,
    naming_context TEXT NOT NULL,
    domain         TEXT NOT NULL,
    netbios        TEXT,
    netbios_key    TEXT
) STRICT;

CREATE TABLE user (
    id           INTEGER PRIMARY KEY,
    directory_id INTEGER NOT NULL REFERENCES directory (id),
    guid         BLOB NOT NULL CHECK (length(guid) = 16), -- as the directory holds it
    state        TEXT NOT NULL CHECK (state IN ('active', 'left')),
    mapping_id   INTEGER NOT NULL REFERENCES mapping (id), -- the one that takes the user, or took them last
    version      INTEGER NOT NULL,
    came_at      TEXT NOT NULL,
    left_at      TEXT CHECK ((state = 'left') = (left_at IS NOT NULL)),
    left_why     TEXT CHECK ((state = 'left') = (left_why IS NOT NULL)),
    left_detail  TEXT,
    hash         BLOB NOT NULL CHECK (length(hash) = 32), -- SHA-256 of all values that are not operational
    label        TEXT NOT NULL,                           -- the name that people read, safe to show
    attributes   TEXT NOT NULL,                           -- {"mail": ["..."], ...}: every value as it came
    dn                  TEXT AS (attributes ->> '$.distinguishedName[0]'),
    sam_account_name    TEXT AS (attributes ->> '$.sAMAccountName[0]'),
    user_principal_name TEXT AS (attributes ->> '$.userPrincipalName[0]'),
    mail                TEXT AS (attributes ->> '$.mail[0]'),
    display_name        TEXT AS (attributes ->> '$.displayName[0]'),
    given_name          TEXT AS (attributes ->> '$.givenName[0]'),
    surname             TEXT AS (attributes ->> '$.sn[0]'),
    title               TEXT AS (attributes ->> '$.title[0]'),
    department          TEXT AS (attributes ->> '$.department[0]'),
    company             TEXT AS (attributes ->> '$.company[0]'),
    country             TEXT AS (attributes ->> '$.c[0]'),
    UNIQUE (directory_id, guid)
) STRICT;
CREATE INDEX user_mapping ON user (mapping_id, state);

-- Every name of every user, folded as directories compare names. An address stands once, under the first of upn,
-- mail and alias that it is.
CREATE TABLE user_name (
    form         TEXT NOT NULL CHECK (form IN ('label', 'sam', 'upn', 'mail', 'alias', 'dn')),
    key          TEXT NOT NULL,
    user_id      INTEGER NOT NULL REFERENCES user (id),
    PRIMARY KEY (form, key, user_id)
) STRICT, WITHOUT ROWID;
