-- Laptops and the accounts that their users get. Keys, claim codes and credentials are made on the laptop; what stands
-- here is the SHA-256 of each, so that nobody who reads this file can speak for a laptop.

-- What tells the service from an impostor: the token carries the pin, so that leaf certificates may change freely.
CREATE TABLE authority (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    certificate  BLOB NOT NULL,          -- DER
    pin          TEXT NOT NULL,          -- SHA-256 of its SubjectPublicKeyInfo (RFC 7469, 2.4), base64url
    sealed_key   BLOB NOT NULL,
    created_at   TEXT NOT NULL
) STRICT;
ALTER TABLE token ADD COLUMN pin TEXT;   -- NULL: the laptop believes the roots of its system

-- Comes into being at a user's first activation, never at a sync.
CREATE TABLE account (
    id           INTEGER PRIMARY KEY,
    directory_id INTEGER NOT NULL REFERENCES directory (id),
    guid         BLOB NOT NULL CHECK (length(guid) = 16),
    name         TEXT NOT NULL,          -- UPN or cn, as the mapping says
    mail         TEXT NOT NULL,
    label        TEXT NOT NULL,          -- the name that people read, safe to show
    mapping      TEXT NOT NULL,          -- the one that gave what follows
    profile_id   INTEGER NOT NULL REFERENCES profile (id),
    storage_id   INTEGER NOT NULL REFERENCES storage (id),
    quota        INTEGER,                -- bytes; 0 is no limit, NULL: nobody said
    created_at   TEXT NOT NULL,
    changed_at   TEXT NOT NULL,
    UNIQUE (directory_id, guid)
) STRICT;
CREATE INDEX account_profile ON account (profile_id);
CREATE INDEX account_storage ON account (storage_id);

CREATE TABLE device (
    number          INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,   -- 16 hexadecimal digits
    state           TEXT NOT NULL CHECK (state IN ('pending', 'activated', 'replaced', 'released', 'revoked')),
    key_hash        BLOB NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    claim_hash      BLOB NOT NULL UNIQUE CHECK (length(claim_hash) = 32),
    credential_hash BLOB UNIQUE CHECK (length(credential_hash) = 32),
    hardware        BLOB CHECK (length(hardware) = 32), -- SHA-256 of SMBIOS UUID and serial; NULL when either is missing
    host_name       TEXT NOT NULL,
    serial          TEXT NOT NULL,
    system          TEXT NOT NULL,
    agent           TEXT NOT NULL,
    token_id        TEXT NOT NULL REFERENCES token (id),
    enrolled_at     TEXT NOT NULL,
    account_id      INTEGER REFERENCES account (id),
    activated_at    TEXT,
    auth           TEXT CHECK (auth IN ('kerberos', 'password', 'unverified')),
    ended_at        TEXT CHECK ((state IN ('replaced', 'released', 'revoked')) = (ended_at IS NOT NULL)),
    last_seen_at    TEXT NOT NULL,
    CHECK ((account_id IS NULL) = (activated_at IS NULL) AND (account_id IS NULL) = (auth IS NULL)),
    CHECK (state <> 'activated' OR (account_id IS NOT NULL AND credential_hash IS NOT NULL))
) STRICT;
CREATE INDEX device_account ON device (account_id, state);
CREATE INDEX device_hardware ON device (hardware, state);
CREATE INDEX device_state ON device (state, enrolled_at);
CREATE INDEX device_token ON device (token_id);

-- One row for each laptop that a token let in: a retry and a re-imaged laptop find theirs. A row outlives its device.
CREATE TABLE token_use (
    token_id     TEXT NOT NULL REFERENCES token (id),
    laptop       BLOB NOT NULL CHECK (length(laptop) = 32), -- its hardware, else its first key
    at           TEXT NOT NULL,
    PRIMARY KEY (token_id, laptop)
) STRICT, WITHOUT ROWID;

-- Passwords that were or are being tried. A row is written before the directory is asked, and removed only when the
-- password was right or never sent: so nothing that is killed or repeated locks an account.
CREATE TABLE password_attempt (
    id           INTEGER PRIMARY KEY,
    directory_id INTEGER NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    guid         BLOB NOT NULL CHECK (length(guid) = 16),
    at           TEXT NOT NULL
) STRICT;
CREATE INDEX password_attempt_user ON password_attempt (directory_id, guid);

-- Why laptops were refused, by the correlation id that they were told. The newest 100,000 are kept.
CREATE TABLE refusal (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    at           TEXT NOT NULL,
    correlation  TEXT NOT NULL,
    act          TEXT NOT NULL CHECK (act IN ('enroll', 'claim', 'check-in')),
    reason       TEXT NOT NULL,
    detail       TEXT NOT NULL,
    device       TEXT,                   -- its id, when it is known
    user         TEXT,                   -- as the laptop named them
    peer         TEXT NOT NULL
) STRICT;
CREATE INDEX refusal_correlation ON refusal (correlation);
CREATE INDEX refusal_device ON refusal (device);

-- While it stands, nobody is enrolled or activated.
CREATE TABLE pause (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    until        TEXT,                   -- NULL: until somebody resumes
    since        TEXT NOT NULL,
    by           TEXT NOT NULL
) STRICT;

-- Who does what only one may do at a time. The number grows with each new holder.
CREATE TABLE lease (
    what         TEXT PRIMARY KEY,
    holder       TEXT NOT NULL,
    fence        INTEGER NOT NULL,
    until        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
