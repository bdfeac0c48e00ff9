-- What syncs would change and have changed. Self-contained: applying a plan asks no directory and plans nothing anew.
-- Plans outlive what they name, so their ids of mappings, directories and users are no foreign keys.

CREATE TABLE plan (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    made_at      TEXT NOT NULL,
    made_by      TEXT NOT NULL,
    hash         TEXT NOT NULL,          -- SHA-256 over every change in order, hexadecimal
    state        TEXT NOT NULL CHECK (state IN ('made', 'stopped', 'applied')),
    reasons      TEXT NOT NULL,          -- list of what tripped the fuse
    applied_at   TEXT CHECK ((state = 'applied') = (applied_at IS NOT NULL)),
    applied_by   TEXT CHECK ((state = 'applied') = (applied_by IS NOT NULL))
) STRICT;

-- The mappings as they were when the plan was made, in the order of their priority.
CREATE TABLE plan_mapping (
    plan_id      INTEGER NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    mapping_id   INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    name         TEXT NOT NULL,
    is_gone      INTEGER NOT NULL,       -- the mapping was removed
    matched      INTEGER NOT NULL,
    added        INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    removed      INTEGER NOT NULL,
    unchanged    INTEGER NOT NULL,
    excluded     INTEGER NOT NULL,
    PRIMARY KEY (plan_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE plan_change (
    id           INTEGER PRIMARY KEY,    -- in the order in which they are hashed and applied
    plan_id      INTEGER NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL CHECK (kind IN ('added', 'updated', 'removed', 'refresh')), -- refresh: operational only
    directory_id INTEGER NOT NULL,
    guid         BLOB NOT NULL,
    user_id      INTEGER,                -- NULL: not in the cache before
    user_version INTEGER,
    mapping_id   INTEGER NOT NULL,
    mapping      TEXT NOT NULL,
    from_mapping TEXT,                   -- when another one had the user before
    label        TEXT NOT NULL,
    why          TEXT,                   -- of a leaver
    why_detail   TEXT,
    hash         BLOB NOT NULL,          -- of the values after, or of a leaver's
    operational  BLOB,
    before_id    INTEGER,                -- of user_values; superseded when the plan is applied
    after_id     INTEGER
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
