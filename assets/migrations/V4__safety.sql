-- What makes a plan safe to read and to take back.

ALTER TABLE plan ADD COLUMN undoes INTEGER;  -- the plan that this one takes back

-- Where each mapping found its users when it was last read: what is renamed keeps its GUID.
CREATE TABLE mapping_seen (
    mapping_id   INTEGER PRIMARY KEY REFERENCES mapping (id) ON DELETE CASCADE,
    base         TEXT NOT NULL,          -- the DN, as the mapping names it
    guid         BLOB NOT NULL CHECK (length(guid) = 16)
) STRICT;

-- What tripped the fuse has a cause now; plans that were stopped before stay stopped, without one.
UPDATE plan SET reasons = '[]';
