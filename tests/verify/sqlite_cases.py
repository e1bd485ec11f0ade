"""Migrations of a SQLite file whose way back is right, and others whose way back is wrong. As data.

The right ones are a chain. All wrong ones stand on `BASE`; `T` in a statement is a name of the case's own.
"""

from __future__ import annotations

from tests.verify.wrong import Wrong

BASE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL DEFAULT '', age INTEGER CHECK (age > 0));
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id), title VARCHAR(50));
CREATE INDEX posts_author ON posts (author);
CREATE INDEX posts_title ON posts (title COLLATE NOCASE DESC) WHERE title <> '';
CREATE VIEW titles AS SELECT title FROM posts;
CREATE TRIGGER stamped AFTER UPDATE OF title ON posts BEGIN DELETE FROM posts WHERE title = ''; END;
"""


def users(columns: str, options: str = "") -> str:
    """Build the table users anew, with these columns."""
    return (
        f"CREATE TABLE new_users ({columns}){options};"
        " INSERT INTO new_users (id, email, age) SELECT id, email, age FROM users;"
        " DROP TABLE users; ALTER TABLE new_users RENAME TO users;"
    )


EMAIL = "email TEXT NOT NULL DEFAULT ''"
AS_BEFORE = users(f"id INTEGER PRIMARY KEY, {EMAIL}, age INTEGER CHECK (age > 0)")

WRONG: dict[str, Wrong] = {
    "down forgets an index": Wrong(
        "CREATE INDEX T ON users (email);", "SELECT 1;", "down() leaves behind index T"
    ),
    "down forgets a table": Wrong(
        "CREATE TABLE T (id INTEGER); CREATE TABLE T_b (id INTEGER);",
        "DROP TABLE T_b;",
        "down() leaves behind table T",
    ),
    "down forgets a column": Wrong(
        "ALTER TABLE users ADD COLUMN T INTEGER;", "SELECT 1;", "down() leaves behind column users.T"
    ),
    "down forgets a default": Wrong(
        users(f"id INTEGER PRIMARY KEY, {EMAIL}, age INTEGER DEFAULT 3 CHECK (age > 0)"),
        "SELECT 1;",
        "down() changes column users.age: default none -> 3",
    ),
    "down brings back another default": Wrong(
        users("id INTEGER PRIMARY KEY, email TEXT NOT NULL, age INTEGER CHECK (age > 0)"),
        users("id INTEGER PRIMARY KEY, email TEXT NOT NULL DEFAULT 'x', age INTEGER CHECK (age > 0)"),
        "down() changes column users.email: default '' -> 'x'",
    ),
    "down forgets NOT NULL": Wrong(
        users("id INTEGER PRIMARY KEY, email TEXT, age INTEGER"),
        users("id INTEGER PRIMARY KEY, email TEXT DEFAULT '', age INTEGER CHECK (age > 0)"),
        "down() changes column users.email: not null yes -> no",
    ),
    "down brings back another type": Wrong(
        users(f"id INTEGER PRIMARY KEY, {EMAIL}, age TEXT"),
        users(f"id INTEGER PRIMARY KEY, {EMAIL}, age SMALLINT CHECK (age > 0)"),
        "down() changes column users.age: type integer -> smallint",
    ),
    "down forgets a collation": Wrong(
        users(f"id INTEGER PRIMARY KEY, {EMAIL} COLLATE NOCASE, age INTEGER CHECK (age > 0)"),
        "SELECT 1;",
        "down() changes column users.email: collation default -> nocase",
    ),
    "down makes a generated column a plain one": Wrong(
        "ALTER TABLE users ADD COLUMN T TEXT AS (lower(email));",
        "ALTER TABLE users DROP COLUMN T; ALTER TABLE users ADD COLUMN T TEXT;",
        "down() leaves behind column users.T: added (text)",
    ),
    "down forgets a check": Wrong(
        users(
            f"id INTEGER PRIMARY KEY, {EMAIL} CONSTRAINT T CHECK (email <> 'x'), age INTEGER CHECK (age > 0)"
        ),
        "SELECT 1;",
        "down() leaves behind constraint users.T",
    ),
    "down does not bring back a check": Wrong(
        users(f"id INTEGER PRIMARY KEY, {EMAIL}, age INTEGER"),
        "SELECT 1;",
        "down() does not bring back constraint users.check (age > 0)",
    ),
    "down brings back another check": Wrong(
        users(f"id INTEGER PRIMARY KEY, {EMAIL}, age INTEGER"),
        users(f"id INTEGER PRIMARY KEY, {EMAIL}, age INTEGER CHECK (age > 1)"),
        "down() leaves behind constraint users.check (age > 1)",
    ),
    "down leaves a number that never comes again": Wrong(
        users(f"id INTEGER PRIMARY KEY AUTOINCREMENT, {EMAIL}, age INTEGER CHECK (age > 0)"),
        "SELECT 1;",
        "down() changes constraint users.primary key: definition",
    ),
    "down leaves a unique constraint": Wrong(
        users(f"id INTEGER PRIMARY KEY, {EMAIL} UNIQUE, age INTEGER CHECK (age > 0)"),
        "SELECT 1;",
        "down() leaves behind constraint users.unique (email)",
    ),
    "down leaves a strict table": Wrong(
        users(f"id INTEGER PRIMARY KEY, {EMAIL}, age INTEGER CHECK (age > 0)", " STRICT"),
        "SELECT 1;",
        "down() changes table users: strict no -> yes",
    ),
    "down leaves a table without rowid": Wrong(
        users(f"id INTEGER PRIMARY KEY, {EMAIL}, age INTEGER CHECK (age > 0)", " WITHOUT ROWID"),
        "SELECT 1;",
        "down() changes table users: without rowid no -> yes",
    ),
    "down forgets a foreign key": Wrong(
        "ALTER TABLE users ADD COLUMN T INTEGER REFERENCES posts (id);",
        "ALTER TABLE users DROP COLUMN T; ALTER TABLE users ADD COLUMN T INTEGER REFERENCES posts (id);",
        "down() leaves behind constraint users.foreign key (T)",
    ),
    "down brings back a foreign key of another kind": Wrong(
        "DROP VIEW titles; DROP TABLE posts;",
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id) ON DELETE CASCADE,"
        " title VARCHAR(50)); CREATE INDEX posts_author ON posts (author);",
        "down() changes constraint posts.foreign key (author): definition",
    ),
    "down forgets a trigger": Wrong(
        "CREATE TRIGGER T INSERT ON users BEGIN SELECT 1; END;", "SELECT 1;", "down() leaves behind trigger T"
    ),
    "down brings back another trigger": Wrong(
        "DROP TRIGGER stamped;",
        "CREATE TRIGGER stamped AFTER UPDATE OF title ON posts BEGIN DELETE FROM posts WHERE title = 'x'; END;",
        "down() changes trigger stamped: definition",
    ),
    "down does not bring back a trigger": Wrong(
        "DROP TRIGGER stamped;", "SELECT 1;", "down() does not bring back trigger stamped"
    ),
    "down forgets a view": Wrong(
        "CREATE VIEW T AS SELECT 1 AS a;", "SELECT 1;", "down() leaves behind view T"
    ),
    "down brings back another view": Wrong(
        "DROP VIEW titles;",
        "CREATE VIEW titles AS SELECT title FROM posts WHERE id > 1;",
        "down() changes view titles: definition",
    ),
    "down does not bring back an index": Wrong(
        "DROP INDEX posts_author;", "SELECT 1;", "down() does not bring back index posts_author"
    ),
    "down brings back a unique index": Wrong(
        "DROP INDEX posts_author;",
        "CREATE UNIQUE INDEX posts_author ON posts (author);",
        "down() changes index posts_author: unique no -> yes",
    ),
    "down brings back an index of all rows": Wrong(
        "DROP INDEX posts_title;",
        "CREATE INDEX posts_title ON posts (title COLLATE NOCASE DESC);",
        "down() changes index posts_title: definition title COLLATE nocase DESC WHERE title <> ''",
    ),
    "down brings back an index that ascends": Wrong(
        "DROP INDEX posts_title;",
        "CREATE INDEX posts_title ON posts (title COLLATE NOCASE) WHERE title <> '';",
        "down() changes index posts_title: definition",
    ),
    "down forgets the indexes of a table that it builds anew": Wrong(
        "DROP VIEW titles; ALTER TABLE posts ADD COLUMN T INTEGER;",
        "CREATE TABLE posts2 (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id), title VARCHAR(50));"
        " DROP TABLE posts; ALTER TABLE posts2 RENAME TO posts; CREATE VIEW titles AS SELECT title FROM posts;",
        "down() does not bring back index posts_author",
    ),
    "down does not bring back a table": Wrong(
        "DROP VIEW titles; DROP TABLE posts;", "SELECT 1;", "down() does not bring back table posts"
    ),
    "down drops too much": Wrong(
        "CREATE TABLE T (id INTEGER);",
        "DROP TABLE T; DROP VIEW titles;",
        "down() does not bring back view titles",
    ),
    "down drops a column too much": Wrong(
        "ALTER TABLE posts ADD COLUMN T INTEGER;",
        "ALTER TABLE posts DROP COLUMN T; DROP INDEX posts_author; ALTER TABLE posts DROP COLUMN author;",
        "down() does not bring back column posts.author",
    ),
    "down renames to another name": Wrong(
        "ALTER TABLE users RENAME COLUMN email TO T;",
        "ALTER TABLE users RENAME COLUMN T TO mail;",
        "down() leaves behind column users.mail",
    ),
    "down leaves a virtual table": Wrong(
        "CREATE VIRTUAL TABLE T USING fts5(body);", "SELECT 1;", "down() leaves behind virtual table T"
    ),
    "down leaves the version of the file": Wrong(
        "PRAGMA user_version = 7;", "SELECT 1;", "down() changes database: user version none -> 7"
    ),
    "down leaves the id of the application": Wrong(
        "PRAGMA application_id = 7;", "SELECT 1;", "down() changes database: application id none -> 7"
    ),
    "down fails": Wrong("CREATE TABLE T (id INTEGER);", "DROP TABLE T_no;", "down() fails: no such table"),
    "up fails": Wrong("CREATE INDEX T ON nobody (id);", "SELECT 1;", "up() fails: no such table"),
    "up fails the second time": Wrong(
        "CREATE VIEW T AS SELECT 1; CREATE TABLE T_t (a INTEGER);", "DROP TABLE T_t;", "up() again fails"
    ),
    "declared idempotent, and fails twice": Wrong(
        "CREATE TABLE T (id INTEGER);", "DROP TABLE T;", "up() twice fails", header="-- idempotent: true"
    ),
}

RIGHT: dict[str, tuple[str, str]] = {
    "table": ("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, age INTEGER);", "DROP TABLE users;"),
    "second table": (
        "CREATE TABLE posts (id INTEGER PRIMARY KEY AUTOINCREMENT, author INTEGER REFERENCES users (id), title TEXT);",
        "DROP TABLE posts;",
    ),
    "strict": ("CREATE TABLE tags (name TEXT PRIMARY KEY, n INT) STRICT, WITHOUT ROWID;", "DROP TABLE tags;"),
    "column": ("ALTER TABLE posts ADD COLUMN pages INTEGER;", "ALTER TABLE posts DROP COLUMN pages;"),
    "column with a default": (
        "ALTER TABLE users ADD COLUMN active BOOLEAN NOT NULL DEFAULT TRUE;",
        "ALTER TABLE users DROP COLUMN active;",
    ),
    "generated column": (
        "ALTER TABLE users ADD COLUMN mail TEXT AS (lower(email)) VIRTUAL;",
        "ALTER TABLE users DROP COLUMN mail;",
    ),
    "column with a check": (
        "ALTER TABLE users ADD COLUMN size INTEGER CHECK (size > 0);",
        "ALTER TABLE users DROP COLUMN size;",
    ),
    "foreign key": (
        "ALTER TABLE posts ADD COLUMN tag TEXT REFERENCES tags (name) ON DELETE SET NULL;",
        "ALTER TABLE posts DROP COLUMN tag;",
    ),
    "index": ("CREATE INDEX users_email ON users (email);", "DROP INDEX users_email;"),
    "unique index": ("CREATE UNIQUE INDEX posts_title ON posts (title, id);", "DROP INDEX posts_title;"),
    "partial index": ("CREATE INDEX users_active ON users (id) WHERE active;", "DROP INDEX users_active;"),
    "expression index": (
        "CREATE INDEX users_lower ON users (lower(email) COLLATE NOCASE DESC);",
        "DROP INDEX users_lower;",
    ),
    "view": ("CREATE VIEW grown AS SELECT id, email FROM users WHERE age >= 18;", "DROP VIEW grown;"),
    "replaced view": (
        "DROP VIEW grown; CREATE VIEW grown AS SELECT id, email FROM users WHERE age >= 21;",
        "DROP VIEW grown; create view if not exists grown as select id, email from users where age>=18;",
    ),
    "trigger": (
        "CREATE TRIGGER stamped AFTER UPDATE ON posts BEGIN UPDATE users SET age = 2 WHERE id = new.author; END;",
        "DROP TRIGGER stamped;",
    ),
    "replaced trigger": (
        "DROP TRIGGER stamped;",
        (
            'CREATE TRIGGER "stamped" AFTER UPDATE ON "posts" FOR EACH ROW BEGIN'
            " UPDATE users SET age = 2 WHERE id = new.author /* as before */; END;"
        ),
    ),
    "trigger on a view": (
        "CREATE TRIGGER grow INSTEAD OF INSERT ON grown BEGIN INSERT INTO users (email) VALUES (new.email); END;",
        "DROP TRIGGER grow;",
    ),
    "virtual table": ("CREATE VIRTUAL TABLE search USING fts5(body);", "DROP TABLE search;"),
    "rename of a column": (
        "ALTER TABLE users RENAME COLUMN age TO years;",
        "ALTER TABLE users RENAME COLUMN years TO age;",
    ),
    "rename of a column in capitals": (
        'ALTER TABLE posts RENAME COLUMN title TO "Head Line";',
        'ALTER TABLE posts RENAME COLUMN "Head Line" TO title;',
    ),
    "rename of a table": ("ALTER TABLE tags RENAME TO labels;", "ALTER TABLE labels RENAME TO tags;"),
    "table built anew": (
        (
            "CREATE TABLE new_tags (name TEXT PRIMARY KEY, n INT NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;"
            " INSERT INTO new_tags SELECT name, coalesce(n, 0) FROM labels; DROP TABLE labels;"
            " ALTER TABLE new_tags RENAME TO labels;"
        ),
        (
            "CREATE TABLE new_tags (name TEXT PRIMARY KEY, n INT) STRICT, WITHOUT ROWID;"
            " INSERT INTO new_tags SELECT name, n FROM labels; DROP TABLE labels;"
            " ALTER TABLE new_tags RENAME TO labels;"
        ),
    ),
    "dropped index comes back": (
        "DROP INDEX users_lower;",
        "CREATE INDEX users_lower ON [users] (LOWER(`email`) COLLATE nocase DESC);",
    ),
    "dropped view comes back": (
        "DROP VIEW grown;",
        (
            "CREATE VIEW grown AS SELECT id, email FROM users WHERE years >= 21;"
            " CREATE TRIGGER grow INSTEAD OF INSERT ON grown BEGIN INSERT INTO users (email) VALUES (new.email); END;"
        ),
    ),
    "version of the file": ("PRAGMA user_version = 2;", "PRAGMA user_version = 0;"),
    "rows": (
        "INSERT INTO users (id, email) VALUES (1001, 'a'), (1002, 'b');",
        "DELETE FROM users WHERE id IN (1001, 1002);",
    ),
    "temporary table": (
        "CREATE TEMP TABLE held AS SELECT * FROM users; DROP TABLE held;",
        "SELECT 1;",
    ),
    "last table": ("CREATE TABLE \"odd name\" ([a.b] TEXT, 'c d' INT);", 'DROP TABLE "odd name";'),
}
