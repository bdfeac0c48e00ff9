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

-- What a directory says of a user, written once by the plan that found it new: who comes or changes gets to point at it.
CREATE TABLE user_values (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    attributes   TEXT NOT NULL,          -- {"mail": ["..."], ...}: every value as it came
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
    country             TEXT AS (attributes ->> '$.c[0]')
) STRICT;

CREATE TABLE cached_user (
    id           INTEGER PRIMARY KEY,
    directory_id INTEGER NOT NULL REFERENCES directory (id),
    guid         BLOB NOT NULL CHECK (length(guid) = 16),  -- as the directory holds it
    state        TEXT NOT NULL CHECK (state IN ('active', 'left')),
    mapping_id   INTEGER NOT NULL REFERENCES mapping (id), -- the one that takes the user, or took them last
    version      INTEGER NOT NULL,
    came_at      TEXT NOT NULL,
    left_at      TEXT CHECK ((state = 'left') = (left_at IS NOT NULL)),
    left_why     TEXT CHECK ((state = 'left') = (left_why IS NOT NULL)),
    left_detail  TEXT,
    hash         BLOB NOT NULL CHECK (length(hash) = 32),        -- of the values that are not operational
    operational  BLOB NOT NULL CHECK (length(operational) = 32), -- of those that are
    label        TEXT NOT NULL,                                  -- the name that people read, safe to show
    values_id    INTEGER NOT NULL UNIQUE REFERENCES user_values (id),
    UNIQUE (directory_id, guid)
) STRICT;
CREATE INDEX cached_user_mapping ON cached_user (mapping_id, state);

-- Both together, for eyes.
CREATE VIEW user AS
SELECT u.id, d.name AS directory, m.name AS mapping, u.state, u.came_at, u.left_at, u.left_why, u.left_detail, u.guid,
    u.label, u.hash, u.version, v.dn, v.sam_account_name, v.user_principal_name, v.mail, v.display_name, v.given_name,
    v.surname, v.title, v.department, v.company, v.country, v.attributes
FROM cached_user u JOIN user_values v ON v.id = u.values_id JOIN directory d ON d.id = u.directory_id
JOIN mapping m ON m.id = u.mapping_id;

-- Every name of every user, folded as directories compare names. An address stands once, under the first of upn,
-- mail and alias that it is.
CREATE TABLE user_name (
    form         TEXT NOT NULL CHECK (form IN ('label', 'sam', 'upn', 'mail', 'alias', 'dn')),
    key          TEXT NOT NULL,
    user_id      INTEGER NOT NULL REFERENCES cached_user (id),
    PRIMARY KEY (form, key, user_id)
) STRICT, WITHOUT ROWID;
