-- What administrators decide, and the record of who decided it.
--
-- Times are RFC 3339 in UTC. A *_key column is its neighbour folded for comparison. JSON stands only where a field is
-- a list or a set of pairs. version, changed_at and changed_by tell a form whether what it shows is still so.

-- "imdS": tells file(1) and us that this database is ours.
PRAGMA application_id = 0x696d6453;

CREATE TABLE installation (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    id           TEXT NOT NULL,
    created_at   TEXT NOT NULL
) STRICT;

CREATE TABLE directory (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    name_key     TEXT NOT NULL UNIQUE,
    kind         TEXT NOT NULL CHECK (kind IN ('ldap', 'file')),
    file         TEXT CHECK ((kind = 'file') = (file IS NOT NULL)),
    urls         TEXT CHECK ((kind = 'ldap') = (urls IS NOT NULL)),
    bind         TEXT CHECK ((kind = 'ldap') = (bind IS NOT NULL)),
    ca_file      TEXT,
    ca_pem       TEXT CHECK ((ca_file IS NULL) = (ca_pem IS NULL)),
    version      INTEGER NOT NULL,
    changed_at   TEXT NOT NULL,
    changed_by   TEXT NOT NULL
) STRICT;

CREATE TABLE storage (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    name_key     TEXT NOT NULL UNIQUE,
    location     TEXT NOT NULL,
    capacity     INTEGER,                -- bytes
    version      INTEGER NOT NULL,
    changed_at   TEXT NOT NULL,
    changed_by   TEXT NOT NULL
) STRICT;

CREATE TABLE profile (
    id                 INTEGER PRIMARY KEY,
    name               TEXT NOT NULL,
    name_key           TEXT NOT NULL UNIQUE,
    login              TEXT NOT NULL CHECK (login IN ('active-directory', 'local')),
    login_directory_id INTEGER REFERENCES directory (id),
    quota              INTEGER,          -- bytes; 0 is no limit, NULL inherits
    max_users          INTEGER NOT NULL, -- 0 is no limit
    devices_per_user   INTEGER,
    inactive_after     INTEGER NOT NULL, -- seconds
    preserve_for       INTEGER NOT NULL, -- seconds
    version            INTEGER NOT NULL,
    changed_at         TEXT NOT NULL,
    changed_by         TEXT NOT NULL
) STRICT;
CREATE INDEX profile_login_directory ON profile (login_directory_id);

-- Users who were added to a profile one by one, by CSV: such a profile is not for mass deployment.
CREATE TABLE profile_user (
    profile_id   INTEGER NOT NULL REFERENCES profile (id),
    mail         TEXT NOT NULL,
    mail_key     TEXT NOT NULL,
    display_name TEXT NOT NULL,
    PRIMARY KEY (profile_id, mail_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE mapping (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    name_key     TEXT NOT NULL UNIQUE,
    position     INTEGER NOT NULL,       -- the smallest takes a user first
    removed      INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1)), -- kept while cached users still name it
    kind         TEXT NOT NULL CHECK (kind IN ('imd', 'import')),
    directory_id INTEGER NOT NULL REFERENCES directory (id),
    base_dn      TEXT,
    ou           TEXT,
    group_dn     TEXT,
    department   TEXT,
    country      TEXT,
    filter       TEXT,
    account_name TEXT NOT NULL CHECK (account_name IN ('upn', 'cn')),
    profile_id   INTEGER REFERENCES profile (id) CHECK (removed OR profile_id IS NOT NULL),
    storage_id   INTEGER REFERENCES storage (id) CHECK (removed OR storage_id IS NOT NULL),
    quota        INTEGER,                -- bytes; 0 is no limit, NULL inherits
    auto_import  INTEGER NOT NULL CHECK (auto_import IN (0, 1)),
    every        INTEGER,                -- seconds
    enabled      INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    version      INTEGER NOT NULL,
    changed_at   TEXT NOT NULL,
    changed_by   TEXT NOT NULL
) STRICT;
CREATE INDEX mapping_directory ON mapping (directory_id);
CREATE INDEX mapping_profile ON mapping (profile_id);
CREATE INDEX mapping_storage ON mapping (storage_id);

CREATE TABLE frequency (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    every        INTEGER NOT NULL,       -- seconds
    at           TEXT,                   -- HH:MM
    tz           TEXT,                   -- IANA name
    version      INTEGER NOT NULL,
    changed_at   TEXT NOT NULL,
    changed_by   TEXT NOT NULL
) STRICT;

CREATE TABLE settings (
    one              INTEGER PRIMARY KEY CHECK (one = 1),
    devices_per_user INTEGER NOT NULL,
    at_limit         TEXT NOT NULL CHECK (at_limit IN ('refuse', 'replace-oldest')),
    auth            TEXT NOT NULL,      -- list
    safeguard        TEXT NOT NULL,      -- '10%'
    version          INTEGER NOT NULL,
    changed_at       TEXT NOT NULL,
    changed_by       TEXT NOT NULL
) STRICT;

CREATE TABLE token_request (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    name            TEXT NOT NULL,
    expires         INTEGER,             -- seconds; NULL is never
    max_activations INTEGER NOT NULL,    -- 0 is no limit
    servers         TEXT NOT NULL,       -- list
    version         INTEGER NOT NULL,
    changed_at      TEXT NOT NULL,
    changed_by      TEXT NOT NULL
) STRICT;

CREATE TABLE installer (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    agent        TEXT NOT NULL,
    targets      TEXT NOT NULL,          -- list
    token        TEXT,                   -- a token's name
    proxy        TEXT NOT NULL,
    out          TEXT NOT NULL,
    properties   TEXT NOT NULL,          -- pairs
    version      INTEGER NOT NULL,
    changed_at   TEXT NOT NULL,
    changed_by   TEXT NOT NULL
) STRICT;

-- Where the wizard was left, and what had been typed there but not yet saved. Never a secret.
CREATE TABLE wizard (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    step         TEXT NOT NULL
) STRICT;
CREATE TABLE wizard_draft (
    step         TEXT PRIMARY KEY,
    value        TEXT NOT NULL           -- JSON
) STRICT, WITHOUT ROWID;

-- Sealed before it comes here; the label says what it opens.
CREATE TABLE sealed (
    label        TEXT PRIMARY KEY,
    sealed       BLOB NOT NULL,
    changed_at   TEXT NOT NULL,
    changed_by   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_key (
    kid            TEXT PRIMARY KEY,
    public         BLOB NOT NULL,
    sealed_private BLOB NOT NULL,
    created_at     TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('active', 'retired'))
) STRICT, WITHOUT ROWID;

-- Never the token itself.
CREATE TABLE token (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL,
    issued_at       TEXT NOT NULL,
    expires_at      TEXT,
    max_activations INTEGER NOT NULL,    -- 0 is no limit
    servers         TEXT NOT NULL,       -- list
    created_by      TEXT NOT NULL,
    revoked_at      TEXT,
    sha256          TEXT NOT NULL        -- of the whole token, hexadecimal
) STRICT, WITHOUT ROWID;
CREATE INDEX token_name ON token (name_key);

CREATE TABLE export (
    id           INTEGER PRIMARY KEY,
    at           TEXT NOT NULL,
    target       TEXT NOT NULL,
    folder       TEXT NOT NULL,
    token_id     TEXT REFERENCES token (id),  -- absent: issued elsewhere
    exported_by  TEXT NOT NULL
) STRICT;

-- Each row's hash covers the row and the hash before it; AUTOINCREMENT remembers how many rows there were.
CREATE TABLE audit (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    at           TEXT NOT NULL,
    actor        TEXT NOT NULL,
    verb         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    detail       TEXT NOT NULL,
    hash         BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE (ABORT, 'the audit is append-only');
END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE (ABORT, 'the audit is append-only');
END;
