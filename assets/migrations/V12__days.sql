-- What the overview and the report know at once, however many users and laptops there are: counts that are kept by
-- whatever changes what they count; and what makes pages of the audit quick to find.

-- How many users of each mapping are cached. A sync counts them anew: it touches many at a time.
CREATE TABLE user_tally (
    mapping_id   INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('active', 'left')),
    users        INTEGER NOT NULL,
    PRIMARY KEY (mapping_id, state)
) STRICT, WITHOUT ROWID;
INSERT INTO user_tally SELECT mapping_id, state, count(*) FROM cached_user GROUP BY mapping_id, state;

-- How many there are: of what 'device' by state, of what 'waiting' (pending devices) by why each was refused last, ''
-- being never; of what 'account' in all.
CREATE TABLE tally (
    what         TEXT NOT NULL CHECK (what IN ('device', 'waiting', 'account')),
    of           TEXT NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (what, of)
) STRICT, WITHOUT ROWID;

-- What happened on each day, UTC: 'came' and 'left' count users of the cache, 'enrolled' and 'activated' laptops,
-- 'refused' requests, by their reason. Plans and refusals are let go of, and these numbers are not.
CREATE TABLE day (
    day          TEXT NOT NULL,          -- 2026-11-24
    what         TEXT NOT NULL CHECK (what IN ('came', 'left', 'enrolled', 'activated', 'refused')),
    of           TEXT NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (day, what, of)
) STRICT, WITHOUT ROWID;

ALTER TABLE device ADD COLUMN refused_why TEXT NOT NULL DEFAULT '';  -- the reason of its last refusal
ALTER TABLE account ADD COLUMN laptops INTEGER NOT NULL DEFAULT 0;   -- its activated devices
ALTER TABLE token ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;        -- its rows in token_use
CREATE INDEX account_laptops ON account (profile_id, laptops);
CREATE INDEX account_user ON account (directory_id, guid, laptops);
CREATE INDEX account_preserved ON account (storage_id, quota, preserved_why, preserved_at, profile_id)
    WHERE preserved_at IS NOT NULL;
CREATE INDEX plan_state ON plan (state, id);

-- What there is already.
UPDATE device SET refused_why = coalesce(
    (SELECT r.reason FROM refusal r WHERE r.device = device.id ORDER BY r.number DESC LIMIT 1), '');
UPDATE account SET laptops = (SELECT count(*) FROM device d WHERE d.account_id = account.id AND d.state = 'activated');
UPDATE token SET uses = (SELECT count(*) FROM token_use u WHERE u.token_id = token.id);
INSERT INTO tally SELECT 'device', state, count(*) FROM device GROUP BY state;
INSERT INTO tally SELECT 'waiting', refused_why, count(*) FROM device WHERE state = 'pending' GROUP BY refused_why;
INSERT INTO tally SELECT 'account', '', count(*) FROM account;
INSERT INTO day SELECT substr(enrolled_at, 1, 10), 'enrolled', '', count(*) FROM device GROUP BY 1;
INSERT INTO day SELECT substr(activated_at, 1, 10), 'activated', '', count(*) FROM device
    WHERE activated_at IS NOT NULL GROUP BY 1;
INSERT INTO day SELECT substr(at, 1, 10), 'refused', reason, count(*) FROM refusal GROUP BY 1, reason;
INSERT INTO day SELECT substr(p.applied_at, 1, 10), 'came', '', sum(m.added) FROM plan p
    JOIN plan_mapping m ON m.plan_id = p.id WHERE p.state = 'applied' GROUP BY 1 HAVING sum(m.added) > 0;
INSERT INTO day SELECT substr(p.applied_at, 1, 10), 'left', '', sum(m.removed) FROM plan p
    JOIN plan_mapping m ON m.plan_id = p.id WHERE p.state = 'applied' GROUP BY 1 HAVING sum(m.removed) > 0;

CREATE TRIGGER device_is_counted AFTER INSERT ON device
BEGIN
    INSERT INTO tally VALUES ('device', NEW.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO tally SELECT 'waiting', NEW.refused_why, 1 WHERE NEW.state = 'pending'
        ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO day VALUES (substr(NEW.enrolled_at, 1, 10), 'enrolled', '', 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
    UPDATE account SET laptops = laptops + 1 WHERE id = NEW.account_id AND NEW.state = 'activated';
END;
CREATE TRIGGER device_is_counted_anew AFTER UPDATE OF state, refused_why, account_id ON device
WHEN OLD.state <> NEW.state OR OLD.refused_why <> NEW.refused_why OR OLD.account_id IS NOT NEW.account_id
BEGIN
    UPDATE tally SET count = count - 1 WHERE what = 'device' AND of = OLD.state;
    INSERT INTO tally VALUES ('device', NEW.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
    UPDATE tally SET count = count - 1 WHERE what = 'waiting' AND of = OLD.refused_why AND OLD.state = 'pending';
    INSERT INTO tally SELECT 'waiting', NEW.refused_why, 1 WHERE NEW.state = 'pending'
        ON CONFLICT DO UPDATE SET count = count + 1;
    UPDATE account SET laptops = laptops - 1 WHERE id = OLD.account_id AND OLD.state = 'activated';
    UPDATE account SET laptops = laptops + 1 WHERE id = NEW.account_id AND NEW.state = 'activated';
    INSERT INTO day SELECT substr(NEW.activated_at, 1, 10), 'activated', '', 1
        WHERE NEW.state = 'activated' AND OLD.state <> 'activated'
        ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER refusal_is_counted AFTER INSERT ON refusal
BEGIN
    INSERT INTO day VALUES (substr(NEW.at, 1, 10), 'refused', NEW.reason, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
    UPDATE device SET refused_why = NEW.reason WHERE id = NEW.device;
END;
CREATE TRIGGER account_is_counted AFTER INSERT ON account
BEGIN
    INSERT INTO tally VALUES ('account', '', 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER account_is_counted_no_more AFTER DELETE ON account
BEGIN
    UPDATE tally SET count = count - 1 WHERE what = 'account';
END;
CREATE TRIGGER use_is_counted AFTER INSERT ON token_use
BEGIN
    UPDATE token SET uses = uses + 1 WHERE id = NEW.token_id;
END;

-- For which reasons how many of those whom a mapping matched were excluded: {"disabled": 12}.
ALTER TABLE plan_mapping ADD COLUMN excluded_why TEXT NOT NULL DEFAULT '{}';
UPDATE plan_mapping SET excluded_why = (
    SELECT json_group_object(why, users) FROM (
        SELECT why, count(*) AS users FROM plan_excluded o
        WHERE o.plan_id = plan_mapping.plan_id AND o.mapping = plan_mapping.name GROUP BY why));

-- The agent, the proxy and the properties that an export was written with; NULL: not known.
ALTER TABLE export ADD COLUMN inputs TEXT;

-- The sync that failed last, when nobody was there to be told.
CREATE TABLE sync_failed (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    at           TEXT NOT NULL,
    why          TEXT NOT NULL,
    help         TEXT NOT NULL
) STRICT;

-- What the service said when it was started last.
CREATE TABLE service_seen (
    one              INTEGER PRIMARY KEY CHECK (one = 1),
    started_at       TEXT NOT NULL,
    address          TEXT NOT NULL,
    certificate_ends TEXT,               -- of the administrator's certificate; NULL: one of our own, which is renewed
    stopped_at       TEXT                -- NULL: it runs, or was killed
) STRICT;

-- How far the audit was found whole when all of it was looked at last.
CREATE TABLE audit_checked (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    at           TEXT NOT NULL,
    number       INTEGER NOT NULL,
    hash         BLOB NOT NULL,
    broken       TEXT                    -- what was found instead, a sentence
) STRICT;

-- What was changed, without the word for its kind: the name in 'mapping "Staff laptops"'.
ALTER TABLE audit ADD COLUMN subject_name TEXT
    AS (ltrim(substr(subject, instr(subject, ' ') + 1), '"')) VIRTUAL;
CREATE INDEX audit_actor ON audit (actor COLLATE NOCASE, verb COLLATE NOCASE, at);
CREATE INDEX audit_verb ON audit (verb COLLATE NOCASE, at);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_subject ON audit (subject COLLATE NOCASE);
CREATE INDEX audit_subject_name ON audit (subject_name COLLATE NOCASE);
