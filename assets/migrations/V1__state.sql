-- The state of one installation: more than 600 lines because it is the whole schema, which is read as one.
--
-- Times are RFC 3339 in UTC, durations seconds, sizes bytes. A *_key column is its neighbor folded for comparison.
-- JSON is used where a value is a list, a set of pairs or a document. version, changed_at and changed_by let a form
-- notice that its row was changed meanwhile.

-- "imdS": file(1) and imd recognize the database by it.
PRAGMA application_id = 0x696d6453;

CREATE TABLE installation (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    id           TEXT NOT NULL,
    created_at   TEXT NOT NULL
) STRICT;

-- Configuration: what administrators decide.

CREATE TABLE directory (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    name_key     TEXT NOT NULL UNIQUE,
    kind         TEXT NOT NULL CHECK (kind IN ('ldap', 'file')),
    file         TEXT CHECK ((kind = 'file') = (file IS NOT NULL)),
    urls         TEXT CHECK ((kind = 'ldap') = (urls IS NOT NULL)), -- list
    bind         TEXT CHECK ((kind = 'ldap') = (bind IS NOT NULL)),
    ca_file      TEXT,
    ca_pem       TEXT CHECK ((ca_file IS NULL) = (ca_pem IS NULL)),
    pins         TEXT CHECK (pins IS NULL OR (kind = 'ldap' AND ca_file IS NULL)), -- list of 'sha256/...'
    version      INTEGER NOT NULL,
    changed_at   TEXT NOT NULL,
    changed_by   TEXT NOT NULL
) STRICT;

CREATE TABLE storage (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    name_key     TEXT NOT NULL UNIQUE,
    location     TEXT NOT NULL,
    capacity     INTEGER,
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
    quota              INTEGER,          -- 0: no limit, NULL: inherited
    max_users          INTEGER NOT NULL, -- 0: no limit
    devices_per_user   INTEGER,          -- NULL: as in the settings
    inactive_after     INTEGER NOT NULL,
    preserve_for       INTEGER NOT NULL,
    version            INTEGER NOT NULL,
    changed_at         TEXT NOT NULL,
    changed_by         TEXT NOT NULL
) STRICT;
CREATE INDEX profile_login_directory ON profile (login_directory_id);

-- Users who were added to a profile one by one, by CSV. Such a profile cannot be used for mass deployment.
CREATE TABLE profile_user (
    profile_id   INTEGER NOT NULL REFERENCES profile (id),
    mail         TEXT NOT NULL,
    mail_key     TEXT NOT NULL,
    display_name TEXT NOT NULL,
    PRIMARY KEY (profile_id, mail_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE mapping (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    name_key      TEXT NOT NULL UNIQUE,
    position      INTEGER NOT NULL,      -- priority: a user belongs to the mapping with the smallest one
    removed       INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1)), -- kept while cached users refer to it
    kind          TEXT NOT NULL CHECK (kind IN ('imd', 'import')),
    directory_id  INTEGER NOT NULL REFERENCES directory (id),
    base_dn       TEXT,
    ou            TEXT,
    group_dn      TEXT,
    department    TEXT,
    country       TEXT,
    filter        TEXT,
    account_name  TEXT NOT NULL CHECK (account_name IN ('upn', 'cn')),
    profile_id    INTEGER REFERENCES profile (id) CHECK (removed OR profile_id IS NOT NULL),
    storage_id    INTEGER REFERENCES storage (id) CHECK (removed OR storage_id IS NOT NULL),
    quota         INTEGER,               -- 0: no limit, NULL: inherited
    auto_import   INTEGER NOT NULL CHECK (auto_import IN (0, 1)),
    sync_interval INTEGER,               -- NULL: as in the document 'frequency'
    enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    version       INTEGER NOT NULL,
    changed_at    TEXT NOT NULL,
    changed_by    TEXT NOT NULL
) STRICT;
CREATE INDEX mapping_directory ON mapping (directory_id);
CREATE INDEX mapping_profile ON mapping (profile_id);
CREATE INDEX mapping_storage ON mapping (storage_id);

-- What exists once: the sync interval, the settings of step 5, the choice of agent and targets. A new field of one of
-- them needs no new column.
CREATE TABLE document (
    name         TEXT PRIMARY KEY CHECK (name IN ('frequency', 'settings', 'installer')),
    value        TEXT NOT NULL CHECK (json_type(value) IS 'object'),
    version      INTEGER NOT NULL,
    changed_at   TEXT NOT NULL,
    changed_by   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The step at which each administrator left the wizard.
CREATE TABLE wizard (
    actor        TEXT PRIMARY KEY,
    step         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What an administrator typed and did not save yet. Never a secret.
CREATE TABLE wizard_draft (
    actor        TEXT NOT NULL,
    step         TEXT NOT NULL,
    value        TEXT NOT NULL,          -- JSON
    PRIMARY KEY (actor, step)
) STRICT, WITHOUT ROWID;

-- What each administrator saved last at a step, which opens with it again. Without a row of their own, they see the
-- newest one.
CREATE TABLE wizard_subject (
    number       INTEGER PRIMARY KEY,
    actor        TEXT NOT NULL,
    step         TEXT NOT NULL,
    name         TEXT NOT NULL,
    UNIQUE (actor, step)
) STRICT;

-- Secrets, keys and tokens.

CREATE TABLE sealed_secret (
    label        TEXT PRIMARY KEY,       -- what the secret is for
    sealed       BLOB NOT NULL,
    changed_at   TEXT NOT NULL,
    changed_by   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_key (
    kid            TEXT PRIMARY KEY,
    public         BLOB NOT NULL,
    sealed_private BLOB NOT NULL,
    created_at     TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('active', 'retired', 'revoked')),
    revoked_at     TEXT CHECK ((state = 'revoked') = (revoked_at IS NOT NULL)),
    signs_for      TEXT                  -- JSON: what tokens of another installation contain; NULL: signs for this one
) STRICT, WITHOUT ROWID;

-- The authority of the service's certificates. Tokens carry its pin, so leaf certificates may change.
CREATE TABLE authority (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    certificate  BLOB NOT NULL,          -- DER
    pin          TEXT NOT NULL,          -- SHA-256 of its SubjectPublicKeyInfo (RFC 7469, 2.4), base64url
    sealed_key   BLOB NOT NULL,
    created_at   TEXT NOT NULL
) STRICT;

-- Mass deployment tokens; never the token itself.
CREATE TABLE token (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL,
    issued_at       TEXT NOT NULL,
    expires_at      TEXT,                -- NULL: never
    max_activations INTEGER NOT NULL,    -- 0: no limit
    servers         TEXT NOT NULL,       -- list
    scope           TEXT NOT NULL DEFAULT '{"mappings":[],"platforms":[],"networks":[],"not_before":null}', -- JSON
    note            TEXT,
    created_by      TEXT NOT NULL,
    revoked_at      TEXT,
    replaced_by     TEXT,                -- the id of the token that replaces it
    overlap_until   TEXT CHECK ((replaced_by IS NULL) = (overlap_until IS NULL)),
    sha256          TEXT NOT NULL,       -- of the whole token, hexadecimal
    pin             TEXT,                -- of the service's authority; NULL: laptops trust the roots of their system
    key_id          TEXT,                -- of the key that signed it; NULL: unknown
    uses            INTEGER NOT NULL DEFAULT 0 -- rows in token_use, kept by a trigger
) STRICT, WITHOUT ROWID;
CREATE INDEX token_name ON token (name_key);

-- One row for each laptop that enrolled with a token: a retry and a re-imaged laptop find theirs. It outlives its device.
CREATE TABLE token_use (
    token_id     TEXT NOT NULL REFERENCES token (id),
    laptop       BLOB NOT NULL CHECK (length(laptop) = 32), -- its hardware, else its first key
    at           TEXT NOT NULL,
    PRIMARY KEY (token_id, laptop)
) STRICT, WITHOUT ROWID;

CREATE TABLE export (
    id           INTEGER PRIMARY KEY,
    at           TEXT NOT NULL,
    target       TEXT NOT NULL,
    folder       TEXT NOT NULL,
    token_id     TEXT REFERENCES token (id), -- NULL: issued elsewhere
    inputs       TEXT,                   -- JSON: the agent, the proxy and the properties
    exported_by  TEXT NOT NULL
) STRICT;

-- Users: those whom mappings match, as the directories last reported them.

-- What a directory reported about itself when it was last read.
CREATE TABLE directory_read (
    directory_id   INTEGER PRIMARY KEY REFERENCES directory (id) ON DELETE CASCADE,
    at             TEXT NOT NULL,
    naming_context TEXT NOT NULL,
    domain         TEXT NOT NULL,
    netbios        TEXT,
    netbios_key    TEXT,
    pilot_group    TEXT                  -- its members are in pilot_member
) STRICT;

-- The members of the pilot group when each directory was last read.
CREATE TABLE pilot_member (
    directory_id INTEGER NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    guid         BLOB NOT NULL CHECK (length(guid) = 16),
    PRIMARY KEY (directory_id, guid)
) STRICT, WITHOUT ROWID;

-- The account that reads a directory, when the directory was last asked.
CREATE TABLE bind_account (
    directory_id     INTEGER PRIMARY KEY REFERENCES directory (id) ON DELETE CASCADE,
    at               TEXT NOT NULL,
    bind             TEXT NOT NULL,      -- the name that it bound with
    password         TEXT CHECK (password IN ('never', 'at')), -- when it expires; NULL: unknown
    password_expires TEXT CHECK ((password = 'at') = (password_expires IS NOT NULL))
) STRICT;

-- The entry below which each mapping searched when it was last read. A renamed one keeps its GUID.
CREATE TABLE mapping_base (
    mapping_id   INTEGER PRIMARY KEY REFERENCES mapping (id) ON DELETE CASCADE,
    dn           TEXT NOT NULL,          -- as the mapping names it
    guid         BLOB NOT NULL CHECK (length(guid) = 16)
) STRICT;

-- The values of a user, written once by the plan that found them new; applying the plan refers to them.
CREATE TABLE user_values (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    attributes   TEXT NOT NULL,          -- {"mail": ["..."], ...}: every value as the directory sent it
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
    id             INTEGER PRIMARY KEY,
    directory_id   INTEGER NOT NULL REFERENCES directory (id),
    guid           BLOB NOT NULL CHECK (length(guid) = 16), -- objectGUID, in the directory's byte order
    state          TEXT NOT NULL CHECK (state IN ('active', 'removed')),
    mapping_id     INTEGER NOT NULL REFERENCES mapping (id), -- of a removed user: the last one
    version        INTEGER NOT NULL,
    added_at       TEXT NOT NULL,
    removed_at     TEXT CHECK ((state = 'removed') = (removed_at IS NOT NULL)),
    removed_why    TEXT CHECK ((state = 'removed') = (removed_why IS NOT NULL)),
    removed_detail TEXT,
    label          TEXT NOT NULL,        -- the display name, safe to show
    hash           BLOB NOT NULL CHECK (length(hash) = 32),        -- of the values that are not operational
    operational    BLOB NOT NULL CHECK (length(operational) = 32), -- hash of those that are
    values_id      INTEGER NOT NULL UNIQUE REFERENCES user_values (id),
    UNIQUE (directory_id, guid)
) STRICT;
CREATE INDEX cached_user_mapping ON cached_user (mapping_id, state);

-- Both joined, for people who read the database.
CREATE VIEW user AS
SELECT u.id, d.name AS directory, m.name AS mapping, u.state, u.added_at, u.removed_at, u.removed_why, u.removed_detail,
    u.guid, u.label, u.hash, u.version, v.dn, v.sam_account_name, v.user_principal_name, v.mail, v.display_name,
    v.given_name, v.surname, v.title, v.department, v.company, v.country, v.attributes
FROM cached_user u JOIN user_values v ON v.id = u.values_id JOIN directory d ON d.id = u.directory_id
JOIN mapping m ON m.id = u.mapping_id;

-- Every name of every user, folded as directories compare names. An address has one row, for the first of upn, mail and
-- alias that it is.
CREATE TABLE user_name (
    form         TEXT NOT NULL CHECK (form IN ('label', 'sam', 'upn', 'mail', 'alias', 'dn')),
    key          TEXT NOT NULL,
    user_id      INTEGER NOT NULL REFERENCES cached_user (id),
    PRIMARY KEY (form, key, user_id)
) STRICT, WITHOUT ROWID;

-- The search index: one row for each cached user. Places follow the order of the labels, so that hits come by name
-- without sorting; the gaps between them are for users who are added later.
CREATE TABLE user_index (
    place        INTEGER PRIMARY KEY,
    user_id      INTEGER NOT NULL REFERENCES cached_user (id),
    account      TEXT NOT NULL,          -- folded, to sort by; U+10FFFF when there is none, which sorts last
    mail         TEXT NOT NULL,
    department   TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_index_user ON user_index (user_id);
CREATE INDEX user_index_account ON user_index (account);
CREATE INDEX user_index_mail ON user_index (mail);
CREATE INDEX user_index_department ON user_index (department);

-- The words of every name, of the department and of the OUs, by place. The text itself is in user_values.
CREATE VIRTUAL TABLE user_words USING fts5 (
    words, content='', columnsize=0, detail=none, prefix='1 2 3 4 5 6 7 8', tokenize='unicode61 remove_diacritics 2'
);

-- How many users of each mapping are cached. A sync counts them again: it changes many at a time.
CREATE TABLE user_count (
    mapping_id   INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('active', 'removed')),
    users        INTEGER NOT NULL,
    PRIMARY KEY (mapping_id, state)
) STRICT, WITHOUT ROWID;

-- When directories were asked for a user who is not cached, for as long as it counts toward the rate limit. A row is
-- written before the directory is asked.
CREATE TABLE look_up (
    id           INTEGER PRIMARY KEY,
    at           TEXT NOT NULL,
    device       INTEGER NOT NULL,       -- its number
    token_id     TEXT NOT NULL
) STRICT;

-- Plans: what syncs would change and have changed. They outlive what they name, so their ids of mappings, directories
-- and users are no foreign keys.

CREATE TABLE plan (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    made_at      TEXT NOT NULL,
    made_by      TEXT NOT NULL,
    hash         TEXT NOT NULL,          -- SHA-256 of every change in order, hexadecimal
    state        TEXT NOT NULL CHECK (state IN ('made', 'stopped', 'applied')),
    reasons      TEXT NOT NULL,          -- list: why the safeguard stopped it
    undoes       INTEGER,                -- the plan that this one undoes
    applied_at   TEXT CHECK ((state = 'applied') = (applied_at IS NOT NULL)),
    applied_by   TEXT CHECK ((state = 'applied') = (applied_by IS NOT NULL))
) STRICT;
CREATE INDEX plan_state ON plan (state, id);

-- The mappings as they were when the plan was made, in the order of their priority.
CREATE TABLE plan_mapping (
    plan_id      INTEGER NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    mapping_id   INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    name         TEXT NOT NULL,
    is_removed   INTEGER NOT NULL,       -- the mapping was removed
    matched      INTEGER NOT NULL,
    added        INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    removed      INTEGER NOT NULL,
    unchanged    INTEGER NOT NULL,
    excluded     INTEGER NOT NULL,
    excluded_why TEXT NOT NULL DEFAULT '{}', -- JSON: how many for each reason, {"disabled": 12}
    PRIMARY KEY (plan_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE plan_change (
    id           INTEGER PRIMARY KEY,    -- in the order in which changes are hashed and applied
    plan_id      INTEGER NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL CHECK (kind IN ('added', 'updated', 'removed', 'refresh')), -- refresh: operational only
    directory_id INTEGER NOT NULL,
    guid         BLOB NOT NULL,
    user_id      INTEGER,                -- NULL: not cached before
    user_version INTEGER,
    mapping_id   INTEGER NOT NULL,
    mapping      TEXT NOT NULL,
    from_mapping TEXT,                   -- the mapping that the user belonged to, when it is another
    label        TEXT NOT NULL,
    why          TEXT,                   -- of a removed user
    why_detail   TEXT,
    hash         BLOB NOT NULL,          -- of the values after; of a removed user, of the last ones
    operational  BLOB,
    before_id    INTEGER,                -- of user_values; unused once the plan is applied
    after_id     INTEGER                 -- of user_values
) STRICT;
CREATE INDEX plan_change_plan ON plan_change (plan_id, kind);

CREATE TABLE plan_excluded (
    id           INTEGER PRIMARY KEY,
    plan_id      INTEGER NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    directory_id INTEGER NOT NULL,
    guid         BLOB NOT NULL,
    mapping      TEXT NOT NULL,
    label        TEXT NOT NULL,
    why          TEXT NOT NULL,
    why_detail   TEXT
) STRICT;
CREATE INDEX plan_excluded_plan ON plan_excluded (plan_id, why);

-- The last scheduled sync that failed.
CREATE TABLE failed_sync (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    at           TEXT NOT NULL,
    why          TEXT NOT NULL,
    help         TEXT NOT NULL
) STRICT;

-- Activation: laptops and the accounts of their users. Keys, claim codes and credentials are made on the laptop; only
-- the SHA-256 of each is here, so that a reader of this file cannot act as a laptop.

-- Created at a user's first activation, never by a sync. The account of a removed user is preserved, not deleted.
CREATE TABLE account (
    id            INTEGER PRIMARY KEY,
    directory_id  INTEGER NOT NULL REFERENCES directory (id),
    guid          BLOB NOT NULL CHECK (length(guid) = 16),
    name          TEXT NOT NULL,         -- UPN or cn, as the mapping says
    mail          TEXT NOT NULL,
    label         TEXT NOT NULL,         -- the display name, safe to show
    mapping       TEXT NOT NULL,         -- the mapping that gave profile, storage and quota
    profile_id    INTEGER NOT NULL REFERENCES profile (id),
    storage_id    INTEGER NOT NULL REFERENCES storage (id),
    quota         INTEGER,               -- 0: no limit, NULL: not set
    created_at    TEXT NOT NULL,
    changed_at    TEXT NOT NULL,
    preserved_at  TEXT,                  -- NULL: in use
    preserved_why TEXT                   -- 'removed': in use again with the user; 'requested': by an administrator
        CHECK ((preserved_at IS NULL) = (preserved_why IS NULL) AND preserved_why IN ('removed', 'requested')),
    laptops       INTEGER NOT NULL DEFAULT 0, -- its activated devices, kept by triggers
    UNIQUE (directory_id, guid)
) STRICT;
CREATE INDEX account_profile ON account (profile_id);
CREATE INDEX account_storage ON account (storage_id);
CREATE INDEX account_laptops ON account (profile_id, laptops);
CREATE INDEX account_user ON account (directory_id, guid, laptops);
CREATE INDEX account_preserved ON account (storage_id, quota, preserved_why, preserved_at, profile_id)
    WHERE preserved_at IS NOT NULL;

CREATE TABLE device (
    number          INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,   -- 16 hexadecimal digits
    state           TEXT NOT NULL CHECK (state IN ('pending', 'activated', 'replaced', 'released', 'revoked')),
    key_hash        BLOB NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    claim_hash      BLOB NOT NULL UNIQUE CHECK (length(claim_hash) = 32),
    credential_hash BLOB UNIQUE CHECK (length(credential_hash) = 32),
    hardware        BLOB CHECK (length(hardware) = 32), -- SHA-256 of SMBIOS UUID and serial; NULL when either is missing
    uuid_key        TEXT NOT NULL DEFAULT '', -- as in device_map; empty: identifies nothing
    serial_key      TEXT NOT NULL DEFAULT '',
    host_name       TEXT NOT NULL,
    serial          TEXT NOT NULL,
    system          TEXT NOT NULL,
    agent           TEXT NOT NULL,
    token_id        TEXT NOT NULL REFERENCES token (id),
    enrolled_at     TEXT NOT NULL,
    account_id      INTEGER REFERENCES account (id),
    activated_at    TEXT,
    auth            TEXT CHECK (auth IN ('kerberos', 'password', 'unverified')),
    ended_at        TEXT CHECK ((state IN ('replaced', 'released', 'revoked')) = (ended_at IS NOT NULL)),
    last_seen_at    TEXT NOT NULL,
    refused_why     TEXT NOT NULL DEFAULT '', -- the reason of its last refusal
    CHECK ((account_id IS NULL) = (activated_at IS NULL) AND (account_id IS NULL) = (auth IS NULL)),
    CHECK (state <> 'activated' OR (account_id IS NOT NULL AND credential_hash IS NOT NULL))
) STRICT;
CREATE INDEX device_account ON device (account_id, state);
CREATE INDEX device_hardware ON device (hardware, state);
CREATE INDEX device_state ON device (state, enrolled_at);
CREATE INDEX device_token ON device (token_id);
CREATE INDEX device_activated ON device (activated_at);

-- Laptops that an administrator reserved for a user, by the serial number or UUID in their firmware.
CREATE TABLE device_map (
    number       INTEGER PRIMARY KEY,
    id_type      TEXT NOT NULL CHECK (id_type IN ('serial', 'uuid')),
    id_key       TEXT NOT NULL,
    device_id    TEXT NOT NULL,          -- as in the file
    host_name    TEXT NOT NULL,
    directory_id INTEGER NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    guid         BLOB NOT NULL CHECK (length(guid) = 16),
    mail         TEXT NOT NULL,          -- as in the file
    user_name    TEXT NOT NULL,
    old_device   TEXT NOT NULL,          -- a device id, or the host name or serial number of one of the user's laptops
    restore      INTEGER NOT NULL CHECK (restore IN (0, 1)),
    imported_at  TEXT NOT NULL,
    used_at      TEXT,
    used_by      TEXT CHECK ((used_by IS NULL) = (used_at IS NULL)), -- the id of the device that was activated
    replaced     TEXT,                   -- the id of the device that it replaced
    UNIQUE (id_type, id_key)
) STRICT;

-- Passwords that were or are being tried. A row is written before the directory is asked, and removed only when the
-- password was right or never sent, so that a killed or repeated request cannot lock an account.
CREATE TABLE password_attempt (
    id           INTEGER PRIMARY KEY,
    directory_id INTEGER NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    guid         BLOB NOT NULL CHECK (length(guid) = 16),
    at           TEXT NOT NULL
) STRICT;
CREATE INDEX password_attempt_user ON password_attempt (directory_id, guid);

-- Why laptops were refused, by the correlation id in the answer. The newest 100,000 are kept.
CREATE TABLE refusal (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    at           TEXT NOT NULL,
    correlation  TEXT NOT NULL,
    act          TEXT NOT NULL CHECK (act IN ('enroll', 'claim', 'check-in')),
    reason       TEXT NOT NULL,
    detail       TEXT NOT NULL,
    device       TEXT,                   -- its id, when it is known
    user         TEXT,                   -- as the laptop named the user
    peer         TEXT NOT NULL
) STRICT;
CREATE INDEX refusal_correlation ON refusal (correlation);
CREATE INDEX refusal_device ON refusal (device);

-- While there is a row, no laptop is enrolled or activated.
CREATE TABLE pause (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    until        TEXT,                   -- NULL: until an administrator resumes
    since        TEXT NOT NULL,
    by           TEXT NOT NULL
) STRICT;

-- The service.

-- Who does what only one process may do at a time. The number grows with each new holder.
CREATE TABLE lease (
    what         TEXT PRIMARY KEY,
    holder       TEXT NOT NULL,
    fence        INTEGER NOT NULL,
    until        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The last start of the service.
CREATE TABLE service_run (
    one              INTEGER PRIMARY KEY CHECK (one = 1),
    started_at       TEXT NOT NULL,
    address          TEXT NOT NULL,
    certificate_ends TEXT,               -- of the administrator's certificate; NULL: of our own, which is renewed
    stopped_at       TEXT                -- NULL: it runs, or was killed
) STRICT;

-- Counts that the overview and the report need at once, however many users and laptops there are.

-- Current totals. 'device' by state; 'waiting' (pending devices) by the reason of the last refusal, '' for none;
-- 'account' in all.
CREATE TABLE counter (
    metric       TEXT NOT NULL CHECK (metric IN ('device', 'waiting', 'account')),
    label        TEXT NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (metric, label)
) STRICT, WITHOUT ROWID;

-- What happened on each day, UTC: users who were added to and removed from the cache, laptops that were enrolled and
-- activated, requests that were refused, by their reason. Plans and refusals are deleted after a while, these are not.
CREATE TABLE day (
    day          TEXT NOT NULL,          -- 2026-11-24
    metric       TEXT NOT NULL CHECK (metric IN ('added', 'removed', 'enrolled', 'activated', 'refused')),
    label        TEXT NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (day, metric, label)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER device_inserted AFTER INSERT ON device
BEGIN
    INSERT INTO counter VALUES ('device', NEW.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO counter SELECT 'waiting', NEW.refused_why, 1 WHERE NEW.state = 'pending'
        ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO day VALUES (substr(NEW.enrolled_at, 1, 10), 'enrolled', '', 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
    UPDATE account SET laptops = laptops + 1 WHERE id = NEW.account_id AND NEW.state = 'activated';
END;
CREATE TRIGGER device_updated AFTER UPDATE OF state, refused_why, account_id ON device
WHEN OLD.state <> NEW.state OR OLD.refused_why <> NEW.refused_why OR OLD.account_id IS NOT NEW.account_id
BEGIN
    UPDATE counter SET count = count - 1 WHERE metric = 'device' AND label = OLD.state;
    INSERT INTO counter VALUES ('device', NEW.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
    UPDATE counter SET count = count - 1 WHERE metric = 'waiting' AND label = OLD.refused_why AND OLD.state = 'pending';
    INSERT INTO counter SELECT 'waiting', NEW.refused_why, 1 WHERE NEW.state = 'pending'
        ON CONFLICT DO UPDATE SET count = count + 1;
    UPDATE account SET laptops = laptops - 1 WHERE id = OLD.account_id AND OLD.state = 'activated';
    UPDATE account SET laptops = laptops + 1 WHERE id = NEW.account_id AND NEW.state = 'activated';
    INSERT INTO day SELECT substr(NEW.activated_at, 1, 10), 'activated', '', 1
        WHERE NEW.state = 'activated' AND OLD.state <> 'activated'
        ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER refusal_inserted AFTER INSERT ON refusal
BEGIN
    INSERT INTO day VALUES (substr(NEW.at, 1, 10), 'refused', NEW.reason, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
    UPDATE device SET refused_why = NEW.reason WHERE id = NEW.device;
END;
CREATE TRIGGER account_inserted AFTER INSERT ON account
BEGIN
    INSERT INTO counter VALUES ('account', '', 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER account_deleted AFTER DELETE ON account
BEGIN
    UPDATE counter SET count = count - 1 WHERE metric = 'account';
END;
CREATE TRIGGER token_use_inserted AFTER INSERT ON token_use
BEGIN
    UPDATE token SET uses = uses + 1 WHERE id = NEW.token_id;
END;

-- The audit: one row for each change, in the transaction of the change.

-- Each row's hash covers the row and the hash before it; AUTOINCREMENT remembers how many rows there were.
CREATE TABLE audit (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    at           TEXT NOT NULL,
    actor        TEXT NOT NULL,
    verb         TEXT NOT NULL,
    subject      TEXT NOT NULL,          -- mapping "Staff laptops"
    detail       TEXT NOT NULL,
    hash         BLOB NOT NULL CHECK (length(hash) = 32),
    subject_name TEXT AS (ltrim(substr(subject, instr(subject, ' ') + 1), '"')) VIRTUAL -- the subject without its kind
) STRICT;
CREATE INDEX audit_actor ON audit (actor COLLATE NOCASE, verb COLLATE NOCASE, at);
CREATE INDEX audit_verb ON audit (verb COLLATE NOCASE, at);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_subject ON audit (subject COLLATE NOCASE);
CREATE INDEX audit_subject_name ON audit (subject_name COLLATE NOCASE);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE (ABORT, 'the audit is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE (ABORT, 'the audit is append-only');
END;

-- How far the audit was intact when all of it was last checked.
CREATE TABLE audit_check (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    at           TEXT NOT NULL,
    number       INTEGER NOT NULL,
    hash         BLOB NOT NULL,
    broken       TEXT                    -- NULL: intact; else what was found
) STRICT;
