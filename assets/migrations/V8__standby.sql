-- Users who left, and those whom nobody has read yet.

-- Of a user who left, or whom an administrator holds back, the account is kept and refused; nothing is deleted by itself.
ALTER TABLE account ADD COLUMN preserved_at TEXT;    -- NULL: in use
ALTER TABLE account ADD COLUMN preserved_why TEXT    -- 'left': comes back with the user; 'asked': when somebody says so
    CHECK ((preserved_at IS NULL) = (preserved_why IS NULL) AND preserved_why IN ('left', 'asked'));
UPDATE account SET preserved_at = u.left_at, preserved_why = 'left' FROM cached_user u
    WHERE u.directory_id = account.directory_id AND u.guid = account.guid AND u.state = 'left';

-- When directories were asked for somebody who is not cached, for as long as that limits further questions. A row is
-- written before the directory is asked.
CREATE TABLE look_up (
    id           INTEGER PRIMARY KEY,
    at           TEXT NOT NULL,
    device       INTEGER NOT NULL,       -- its number
    token_id     TEXT NOT NULL
) STRICT;
