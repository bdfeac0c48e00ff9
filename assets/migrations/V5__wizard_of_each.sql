-- Where the wizard was left and what was typed there belongs to whoever typed it: two administrators at one step
-- neither see nor overwrite each other's drafts. What was kept so far goes to whoever changed something last.

ALTER TABLE wizard RENAME TO wizard_of_all;
ALTER TABLE wizard_draft RENAME TO wizard_draft_of_all;

CREATE TABLE wizard (
    actor        TEXT PRIMARY KEY,
    step         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE wizard_draft (
    actor        TEXT NOT NULL,
    step         TEXT NOT NULL,
    value        TEXT NOT NULL,          -- JSON; never a secret
    PRIMARY KEY (actor, step)
) STRICT, WITHOUT ROWID;

-- What each saved last at a step, which opens on it again. Whoever saved nothing there sees what the one did who came
-- to it last.
CREATE TABLE wizard_subject (
    number       INTEGER PRIMARY KEY,
    actor        TEXT NOT NULL,
    step         TEXT NOT NULL,
    name         TEXT NOT NULL,
    UNIQUE (actor, step)
) STRICT;

INSERT INTO wizard (actor, step)
    SELECT coalesce((SELECT actor FROM audit ORDER BY number DESC LIMIT 1), ''), step FROM wizard_of_all;
INSERT INTO wizard_draft (actor, step, value)
    SELECT coalesce((SELECT actor FROM audit ORDER BY number DESC LIMIT 1), ''), step, value FROM wizard_draft_of_all
    WHERE step NOT LIKE '%/subject';
INSERT INTO wizard_subject (actor, step, name)
    SELECT coalesce((SELECT actor FROM audit ORDER BY number DESC LIMIT 1), ''),
           replace(step, '/subject', ''), value ->> '$' FROM wizard_draft_of_all
    WHERE step LIKE '%/subject';

DROP TABLE wizard_of_all;
DROP TABLE wizard_draft_of_all;
