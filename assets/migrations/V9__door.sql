-- Which laptop is meant for whom, and how many may be activated while a pilot runs.

-- By what a laptop is found in the map, folded as the map folds: empty where it says nothing that tells one from another.
ALTER TABLE device ADD COLUMN uuid_key TEXT NOT NULL DEFAULT '';
ALTER TABLE device ADD COLUMN serial_key TEXT NOT NULL DEFAULT '';
UPDATE device SET serial_key = lower(trim(serial));

-- A laptop that an administrator reserved for a user, by what its firmware says of it.
CREATE TABLE device_map (
    number       INTEGER PRIMARY KEY,
    id_type      TEXT NOT NULL CHECK (id_type IN ('serial', 'uuid')),
    id_key       TEXT NOT NULL,
    device_id    TEXT NOT NULL,          -- as the file has it
    host_name    TEXT NOT NULL,
    directory_id INTEGER NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    guid         BLOB NOT NULL CHECK (length(guid) = 16),
    mail         TEXT NOT NULL,          -- as the file has it
    user_name    TEXT NOT NULL,
    old_device   TEXT NOT NULL,          -- a device id, or the host name or serial number of one of the user's laptops
    restore      INTEGER NOT NULL CHECK (restore IN (0, 1)),
    imported_at  TEXT NOT NULL,
    used_at      TEXT,
    used_by      TEXT CHECK ((used_by IS NULL) = (used_at IS NULL)), -- the id of the device that it became
    replaced     TEXT,                   -- the id of the device whose place it took
    UNIQUE (id_type, id_key)
) STRICT;

-- How many were activated today is asked at each claim.
CREATE INDEX device_activated ON device (activated_at);

ALTER TABLE settings ADD COLUMN pilot_group TEXT;       -- the DN of a group; NULL: everybody whom a mapping takes
ALTER TABLE settings ADD COLUMN daily_activation_limit INTEGER NOT NULL DEFAULT 0 CHECK (daily_activation_limit >= 0); -- 0 is no cap

-- The members of that group when each directory was last read.
CREATE TABLE allowed_user (
    directory_id INTEGER NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    guid         BLOB NOT NULL CHECK (length(guid) = 16),
    PRIMARY KEY (directory_id, guid)
) STRICT, WITHOUT ROWID;
-- Which group that was.
ALTER TABLE directory_seen ADD COLUMN allow_group TEXT;
