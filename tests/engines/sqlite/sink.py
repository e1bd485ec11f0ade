# ruff: noqa: E501 - a change and its words stand on one line
"""A file with one of nearly everything in it, and single changes of it with the words that tell them. As data."""

from __future__ import annotations

SINK = """
PRAGMA application_id = 42;
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL ON CONFLICT IGNORE COLLATE NOCASE DEFAULT 'none' UNIQUE ON CONFLICT REPLACE,
    age INTEGER CHECK (age > 0),
    score NUMERIC(10, 2) DEFAULT -1,
    born DATE DEFAULT CURRENT_DATE,
    whole TEXT GENERATED ALWAYS AS (email || '!') STORED,
    half TEXT AS (lower(email)),
    CONSTRAINT adult CHECK (age BETWEEN 1 AND 150 OR email LIKE '%@x.org'),
    CONSTRAINT one_mail UNIQUE (email, age)
);
CREATE TABLE posts (
    id INTEGER PRIMARY KEY,
    author INTEGER CONSTRAINT written_by REFERENCES users (id) ON DELETE CASCADE ON UPDATE SET NULL
        DEFERRABLE INITIALLY DEFERRED,
    editor INTEGER REFERENCES users,
    title VARCHAR(50),
    body,
    draft BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE TABLE pairs (
    a TEXT,
    b INTEGER,
    note TEXT CONSTRAINT there NOT NULL,
    PRIMARY KEY (a, b DESC) ON CONFLICT ABORT,
    FOREIGN KEY (a, b) REFERENCES pairs (a, b) MATCH FULL
) WITHOUT ROWID, STRICT;
CREATE TABLE "odd name" ("a.b" TEXT, "Order" INT, [select] BLOB);
CREATE VIRTUAL TABLE search USING fts5(title, body, tokenize = 'porter');
CREATE INDEX posts_author ON posts (author);
CREATE UNIQUE INDEX posts_title ON posts (title COLLATE RTRIM, id DESC);
CREATE INDEX posts_lower ON posts (lower(title), author) WHERE draft = TRUE AND title <> '';
CREATE VIEW titles AS SELECT id, title AS headline FROM posts WHERE draft = FALSE;
CREATE VIEW named (one, two) AS SELECT id, upper(email) FROM users;
CREATE TRIGGER stamped AFTER UPDATE OF title ON posts FOR EACH ROW WHEN new.title <> old.title
BEGIN
    UPDATE posts SET body = 'changed' WHERE id = new.id;
    DELETE FROM pairs WHERE note = 'x';
END;
CREATE TRIGGER instead INSTEAD OF INSERT ON titles BEGIN INSERT INTO posts (title) VALUES (new.headline); END;
"""
# Python's dump knows no virtual tables; and how their arguments are written is their module's affair.
REAL = "\n".join(line for line in SINK.splitlines() if "VIRTUAL" not in line and "PRAGMA" not in line)

# By what is told: the text that is changed, and what it is changed into. Text behind the end is put there.
CHANGES: dict[str, tuple[str, str]] = {
    # the database
    "database: application id 42 -> 43": ("application_id = 42", "application_id = 43"),
    "database: user version none -> 7": ("", "PRAGMA user_version = 7;"),
    # tables
    "table pens: added (1 column)": ("", "CREATE TABLE pens (id INTEGER);"),
    'table "odd name": removed (3 columns)': ('CREATE TABLE "odd name" ("a.b" TEXT, "Order" INT, [select] BLOB);', ""),
    "table posts: strict no -> yes": ("title VARCHAR(50),\n    body,\n    draft BOOLEAN NOT NULL DEFAULT FALSE\n)",
                                      "title TEXT,\n    body ANY,\n    draft INT NOT NULL DEFAULT FALSE\n) STRICT"),
    "table pairs: strict yes -> no": (") WITHOUT ROWID, STRICT", ") WITHOUT ROWID"),
    "table pairs: without rowid yes -> no": (") WITHOUT ROWID, STRICT", ") STRICT"),
    'table "other name": added (3 columns)': ('"odd name"', '"other name"'),
    "virtual table search: definition": ("'porter'", "'ascii'"),
    "virtual table places: added (5 columns)": ("", "CREATE VIRTUAL TABLE places USING rtree(id, a, b, c, d);"),
    # columns
    "column posts.pages: added (integer default 1)": ("", "ALTER TABLE posts ADD COLUMN pages INTEGER DEFAULT 1;"),
    "column posts.body: removed": ("    body,\n", ""),
    "column posts.title: type varchar(50) -> varchar(51)": ("VARCHAR(50)", "VARCHAR(51)"),
    "column posts.body: type none -> text": ("    body,\n", "    body TEXT,\n"),
    "column users.score: type numeric(10, 2) -> numeric(10, 3)": ("NUMERIC(10, 2)", "NUMERIC(10, 3)"),
    "column users.born: not null no -> yes": ("born DATE", "born DATE NOT NULL"),
    "column posts.draft: not null yes -> no": ("BOOLEAN NOT NULL", "BOOLEAN"),
    "column users.email: on conflict ignore -> abort": ("NOT NULL ON CONFLICT IGNORE", "NOT NULL"),
    "column users.email: default 'none' -> 'None'": ("DEFAULT 'none'", "DEFAULT 'None'"),
    "column users.score: default -1 -> none": ("DEFAULT -1", ""),
    "column users.born: default CURRENT_DATE -> 'current_date'": ("DEFAULT CURRENT_DATE", "DEFAULT 'current_date'"),
    "column users.email: collation nocase -> default": (" COLLATE NOCASE", ""),
    "column users.whole: virtual no -> yes": (" STORED", ""),
    "column users.whole: generated email || '!' -> email || '?'": ("'!'", "'?'"),
    "column users.half: generated lower(email) -> upper(email)": ("(lower(email))", "(upper(email))"),
    "column pairs.note: constraint names not null there -> none": ("CONSTRAINT there NOT", "NOT"),
    "table posts: order of columns": ("    title VARCHAR(50),\n    body,", "    body,\n    title VARCHAR(50),"),
    'column "odd name"."a.b": removed': ('"a.b"', '"a.c"'),
    'column "odd name".Order: removed': ('"Order"', '"order"'),
    # keys and constraints
    "constraint users.primary key: definition": (" AUTOINCREMENT", ""),
    "constraint posts.primary key: removed": ("CREATE TABLE posts (\n    id INTEGER PRIMARY KEY", "CREATE TABLE posts (\n    id INTEGER"),
    "constraint pairs.primary key: definition PRIMARY KEY (a, b DESC) -> PRIMARY KEY (a, b)": ("(a, b DESC)", "(a, b)"),
    "constraint pairs.primary key: definition PRIMARY KEY (a, b DESC) -> PRIMARY KEY (b DESC, a)": ("(a, b DESC)", "(b DESC, a)"),
    "constraint pairs.primary key: definition ": ("ON CONFLICT ABORT", "ON CONFLICT ROLLBACK"),
    "constraint users.unique (email): removed": (" UNIQUE ON CONFLICT REPLACE", ""),
    "constraint users.unique (email): definition UNIQUE (email) ON CONFLICT REPLACE -> UNIQUE (email)":
        (" UNIQUE ON CONFLICT REPLACE", " UNIQUE"),
    "constraint users.one_mail: definition UNIQUE (email, age) -> UNIQUE (email, born)": ("(email, age)", "(email, born)"),
    "constraint users.one_mail: renamed to only_mail": ("one_mail", "only_mail"),
    "constraint users.check (age > 0): removed": ("(age > 0)", "(age > 1)"),
    "constraint users.check (age > 0): renamed to grown": ("CHECK (age > 0)", "CONSTRAINT grown CHECK (age > 0)"),
    "constraint users.adult: definition": ("AND 150", "AND 151"),
    "constraint users.check (born <> ''): added (CHECK (born <> ''))": ("born DATE", "born DATE CHECK (born <> '')"),
    "constraint posts.foreign key (editor): removed": ("editor INTEGER REFERENCES users", "editor INTEGER"),
    "constraint posts.foreign key (editor): definition": ("REFERENCES users,", "REFERENCES users (id),"),
    "constraint posts.written_by: definition": ("ON DELETE CASCADE", "ON DELETE RESTRICT"),
    "constraint posts.written_by: definition ": ("ON UPDATE SET NULL", "ON UPDATE SET DEFAULT"),
    "constraint posts.written_by: definition  ": ("DEFERRABLE INITIALLY DEFERRED", ""),
    "constraint posts.written_by: definition   ": ("DEFERRABLE INITIALLY DEFERRED", "DEFERRABLE"),
    "constraint posts.written_by: renamed to foreign key (author)": ("CONSTRAINT written_by ", ""),
    "constraint pairs.foreign key (a, b): definition": (" MATCH FULL", " MATCH PARTIAL"),
    # indexes
    "index posts_body: added (body DESC)": ("", "CREATE INDEX posts_body ON posts (body DESC);"),
    "index one_body: added (unique body)": ("", "CREATE UNIQUE INDEX one_body ON posts (body);"),
    "index posts_author: removed": ("CREATE INDEX posts_author ON posts (author);", ""),
    "index posts_author: renamed to by_author": ("posts_author", "by_author"),
    "index posts_author: unique no -> yes": ("INDEX posts_author", "UNIQUE INDEX posts_author"),
    "index posts_author: definition author -> author, editor": ("posts (author);", "posts (author, editor);"),
    "index posts_title: unique yes -> no": ("UNIQUE INDEX", "INDEX"),
    "index posts_title: definition title COLLATE rtrim, id DESC -> title, id DESC": (" COLLATE RTRIM", ""),
    "index posts_title: definition title COLLATE rtrim, id DESC -> title COLLATE rtrim, id": (", id DESC", ", id"),
    "index posts_title: definition title COLLATE rtrim, id DESC -> id DESC, title COLLATE rtrim":
        ("title COLLATE RTRIM, id DESC", "id DESC, title COLLATE RTRIM"),
    "index posts_lower: definition": ("lower(title), author", "upper(title), author"),
    "index posts_lower: definition ": (" AND title <> ''", ""),
    "index posts_lower: definition  ": ("draft = TRUE", "draft = FALSE"),
    "index posts_author: parent table posts -> table users": ("posts_author ON posts (author)", "posts_author ON users (age)"),
    # views and triggers
    "view plain: added (1 column)": ("", "CREATE VIEW plain AS SELECT 1 AS one;"),
    "view titles: definition": ("draft = FALSE;", "draft = TRUE;"),
    "column titles.headline: removed": ("title AS headline FROM", "title AS head FROM"),
    "view named: definition": ("upper(email)", "lower(email)"),
    "column named.two: removed": ("named (one, two)", "named (one, three)"),
    "trigger stamped: definition": ("AFTER UPDATE OF title", "BEFORE UPDATE OF title"),
    "trigger stamped: definition ": ("UPDATE OF title", "UPDATE OF body"),
    "trigger stamped: definition  ": ("new.title <> old.title", "new.title = old.title"),
    "trigger stamped: definition   ": ("'changed'", "'Changed'"),
    "trigger stamped: definition    ": ("    DELETE FROM pairs WHERE note = 'x';\n", ""),
    "trigger stamped: renamed to marked": ("TRIGGER stamped", "TRIGGER marked"),
    "trigger instead: definition": ("VALUES (new.headline)", "VALUES ('x')"),
    "trigger once: added": ("", "CREATE TRIGGER once DELETE ON posts BEGIN SELECT 1; END;"),
}  # fmt: skip
