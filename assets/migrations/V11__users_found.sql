-- Users as they are searched and sorted. Whoever opens the state next fills both tables from the cache.

-- One row for each cached user. Places grow with the names that people read, so that whatever is found comes by name
-- without being sorted; between two of them there is room for who comes later.
CREATE TABLE user_found (
    place        INTEGER PRIMARY KEY,
    user_id      INTEGER NOT NULL REFERENCES cached_user (id),
    account      TEXT NOT NULL,          -- folded, to sort by; U+10FFFF when there is none, which comes last
    mail         TEXT NOT NULL,
    department   TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_found_user ON user_found (user_id);
CREATE INDEX user_found_account ON user_found (account);
CREATE INDEX user_found_mail ON user_found (mail);
CREATE INDEX user_found_department ON user_found (department);

-- The words of every name, of the department and of the OUs, by place. The text itself is not kept: the cache has it.
CREATE VIRTUAL TABLE user_words USING fts5 (
    words, content='', columnsize=0, detail=none, prefix='1 2 3 4 5 6 7 8', tokenize='unicode61 remove_diacritics 2'
);
