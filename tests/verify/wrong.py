"""Migrations whose way back is wrong, each in its own way, and the words with which that is told. As data.

All of them stand on `BASE`. `T` in a statement is a name of the case's own.
"""

from __future__ import annotations

from typing import NamedTuple

BASE = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL DEFAULT '',
    age INTEGER CHECK (age > 0),
    feels mood
);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id), title VARCHAR(50));
CREATE INDEX posts_author ON posts (author);
CREATE VIEW titles AS SELECT title FROM posts;
CREATE SEQUENCE tickets;
CREATE FUNCTION one() RETURNS INTEGER LANGUAGE sql AS 'SELECT 1';
"""


class Wrong(NamedTuple):
    """A migration, and a part of the sentence that tells what is wrong with it."""

    up: str
    down: str
    told: str
    header: str = ""


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
        "ALTER TABLE users ALTER COLUMN age SET DEFAULT 3;", "SELECT 1;", "down() changes column users.age"
    ),
    "down brings back another default": Wrong(
        "ALTER TABLE users ALTER COLUMN email DROP DEFAULT;",
        "ALTER TABLE users ALTER COLUMN email SET DEFAULT 'x';",
        "down() changes column users.email",
    ),
    "down forgets NOT NULL": Wrong(
        "ALTER TABLE users ALTER COLUMN email DROP NOT NULL;",
        "SELECT 1;",
        "down() changes column users.email",
    ),
    "down brings back another type": Wrong(
        "ALTER TABLE posts ADD COLUMN T TEXT; ALTER TABLE posts DROP COLUMN T;"
        " DROP VIEW titles; ALTER TABLE posts ALTER COLUMN title TYPE TEXT;"
        " CREATE VIEW titles AS SELECT title FROM posts;",
        "DROP VIEW titles; ALTER TABLE posts ALTER COLUMN title TYPE VARCHAR(60);"
        " CREATE VIEW titles AS SELECT title FROM posts;",
        "down() changes column posts.title: type varchar(50) -> varchar(60)",
    ),
    "down forgets a grant": Wrong("GRANT SELECT ON users TO PUBLIC;", "SELECT 1;", "users"),
    "down forgets a comment": Wrong(
        "COMMENT ON TABLE users IS 'people';", "SELECT 1;", "down() changes table users: comment"
    ),
    "down forgets the comment of a column": Wrong(
        "COMMENT ON COLUMN users.age IS 'years';", "SELECT 1;", "down() changes column users.age: comment"
    ),
    "down forgets a trigger": Wrong(
        "CREATE FUNCTION T() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        " CREATE TRIGGER T BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION T();",
        "SELECT 1;",
        "down() leaves behind trigger",
    ),
    "down forgets a function": Wrong(
        "CREATE FUNCTION T() RETURNS INTEGER LANGUAGE sql AS 'SELECT 2';",
        "SELECT 1;",
        "down() leaves behind function T",
    ),
    "down brings back another function": Wrong(
        "CREATE OR REPLACE FUNCTION one() RETURNS INTEGER LANGUAGE sql AS 'SELECT 2';",
        "CREATE OR REPLACE FUNCTION one() RETURNS INTEGER LANGUAGE sql AS 'SELECT 3';",
        "down() changes function one()",
    ),
    "down forgets a sequence": Wrong("CREATE SEQUENCE T;", "SELECT 1;", "down() leaves behind sequence T"),
    "down forgets the owner of a sequence": Wrong(
        "ALTER SEQUENCE tickets OWNED BY users.id;", "SELECT 1;", "down() changes sequence tickets"
    ),
    "down forgets the step of a sequence": Wrong(
        "ALTER SEQUENCE tickets INCREMENT BY 5;", "SELECT 1;", "down() changes sequence tickets"
    ),
    "down forgets an enum": Wrong("CREATE TYPE T AS ENUM ('a');", "SELECT 1;", "down() leaves behind"),
    "down forgets a value of an enum": Wrong(
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'T';", "SELECT 1;", "down() changes"
    ),
    "down forgets a view": Wrong(
        "CREATE VIEW T AS SELECT 1 AS a;", "SELECT 1;", "down() leaves behind view T"
    ),
    "down brings back another view": Wrong(
        "CREATE OR REPLACE VIEW titles AS SELECT title FROM posts WHERE id > 0;",
        "CREATE OR REPLACE VIEW titles AS SELECT title FROM posts WHERE id > 1;",
        "down() changes view titles",
    ),
    "down forgets a check": Wrong(
        "ALTER TABLE users ADD CONSTRAINT T CHECK (age < 200);",
        "SELECT 1;",
        "down() leaves behind constraint users.T",
    ),
    "down forgets a foreign key": Wrong(
        "ALTER TABLE posts ADD COLUMN T INTEGER; ALTER TABLE posts ADD CONSTRAINT T_fk FOREIGN KEY (id)"
        " REFERENCES users (id);",
        "ALTER TABLE posts DROP COLUMN T;",
        "down() leaves behind constraint posts.T_fk",
    ),
    "down brings back a foreign key of another kind": Wrong(
        "ALTER TABLE posts DROP CONSTRAINT posts_author_fkey;",
        "ALTER TABLE posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES users (id)"
        " ON DELETE CASCADE;",
        "down() changes constraint posts.posts_author_fkey",
    ),
    "down does not bring back an index": Wrong(
        "DROP INDEX posts_author;", "SELECT 1;", "down() does not bring back index posts_author"
    ),
    "down brings back another index": Wrong(
        "DROP INDEX posts_author;",
        "CREATE UNIQUE INDEX posts_author ON posts (author);",
        "down() changes index posts_author",
    ),
    "down does not bring back a table": Wrong(
        "DROP VIEW titles; DROP TABLE posts;", "SELECT 1;", "down() does not bring back"
    ),
    "down drops too much": Wrong(
        "CREATE TABLE T (id INTEGER);",
        "DROP TABLE T; DROP VIEW titles;",
        "down() does not bring back view titles",
    ),
    "down drops a column too much": Wrong(
        "ALTER TABLE users ADD COLUMN T INTEGER;",
        "ALTER TABLE users DROP COLUMN T, DROP COLUMN feels;",
        "down() does not bring back column users.feels",
    ),
    "down fails": Wrong("CREATE TABLE T (id INTEGER);", "DROP TABLE T_no;", "down() fails"),
    "up fails": Wrong("CREATE TABLE T (id no_such_type);", "SELECT 1;", "up() fails"),
    "up fails the second time": Wrong(
        "CREATE TYPE T AS ENUM ('a'); CREATE TABLE T_t (a T);", "DROP TABLE T_t;", "up() again fails"
    ),
    "declared idempotent, and fails twice": Wrong(
        "CREATE TABLE T (id INTEGER);", "DROP TABLE T;", "up() twice fails", header="-- idempotent: true"
    ),
    "declared idempotent, and does more": Wrong(
        "DO $$ BEGIN IF to_regclass('T') IS NULL THEN CREATE TABLE T (id INTEGER);"
        " ELSE ALTER TABLE T ADD COLUMN b INTEGER; END IF; END $$;",
        "DROP TABLE T;",
        "though it is declared idempotent",
        header="-- idempotent: true",
    ),
    "down leaves a schema": Wrong("CREATE SCHEMA T;", "SELECT 1;", "down() leaves behind schema T"),
    "down leaves a domain": Wrong("CREATE DOMAIN T AS TEXT;", "SELECT 1;", "down() leaves behind domain T"),
    "down leaves a rule": Wrong(
        "CREATE RULE T AS ON DELETE TO posts DO INSTEAD NOTHING;", "SELECT 1;", "down() leaves behind rule"
    ),
    "down leaves a policy": Wrong(
        "CREATE POLICY T ON users USING (true);", "SELECT 1;", "down() leaves behind policy"
    ),
    "down leaves row security on": Wrong(
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY;", "SELECT 1;", "down() changes table users"
    ),
    "down leaves a materialized view": Wrong(
        "CREATE MATERIALIZED VIEW T AS SELECT 1 AS a;",
        "SELECT 1;",
        "down() leaves behind materialized view T",
    ),
    "down leaves an option of a table": Wrong(
        "ALTER TABLE users SET (fillfactor = 70);", "SELECT 1;", "down() changes table users"
    ),
    "down leaves statistics": Wrong(
        "CREATE STATISTICS T ON id, age FROM users;", "SELECT 1;", "down() leaves behind statistics"
    ),
    "down leaves a default privilege": Wrong(
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;", "SELECT 1;", "down()"
    ),
    "down brings a column back at another place, with another type": Wrong(
        "ALTER TABLE users DROP COLUMN age;", "ALTER TABLE users ADD COLUMN age BIGINT;", "users.age"
    ),
    "down renames to another name": Wrong(
        "ALTER TABLE users RENAME COLUMN age TO T;",
        "ALTER TABLE users RENAME COLUMN T TO years;",
        "down() leaves behind column users.years",
    ),
}
