"""Migrations whose way back is right: SQL for up and down, in a chain. As data."""

from __future__ import annotations

RIGHT: dict[str, tuple[str, str]] = {
    "table": ("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);", "DROP TABLE users;"),
    "second table": (
        "CREATE TABLE posts (id SERIAL PRIMARY KEY, author INTEGER REFERENCES users (id));",
        "DROP TABLE posts;",
    ),
    "identity": (
        "CREATE TABLE tags (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT);",
        "DROP TABLE tags;",
    ),
    "column": ("ALTER TABLE users ADD COLUMN age INTEGER;", "ALTER TABLE users DROP COLUMN age;"),
    "column with a default": (
        "ALTER TABLE users ADD COLUMN active BOOLEAN NOT NULL DEFAULT true;",
        "ALTER TABLE users DROP COLUMN active;",
    ),
    "generated column": (
        "ALTER TABLE users ADD COLUMN mail TEXT GENERATED ALWAYS AS (lower(email)) STORED;",
        "ALTER TABLE users DROP COLUMN mail;",
    ),
    "not null": (
        "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
        "ALTER TABLE users ALTER COLUMN email DROP NOT NULL;",
    ),
    "default": (
        "ALTER TABLE users ALTER COLUMN age SET DEFAULT 18;",
        "ALTER TABLE users ALTER COLUMN age DROP DEFAULT;",
    ),
    "type": (
        "ALTER TABLE tags ALTER COLUMN name TYPE VARCHAR(80);",
        "ALTER TABLE tags ALTER COLUMN name TYPE TEXT;",
    ),
    "index": ("CREATE INDEX users_email ON users (email);", "DROP INDEX users_email;"),
    "unique index": ("CREATE UNIQUE INDEX tags_name ON tags (name);", "DROP INDEX tags_name;"),
    "partial index": (
        "CREATE INDEX users_active ON users (id) WHERE active;",
        "DROP INDEX users_active;",
    ),
    "expression index": (
        "CREATE INDEX users_lower ON users (lower(email) DESC NULLS LAST);",
        "DROP INDEX users_lower;",
    ),
    "check": (
        "ALTER TABLE users ADD CONSTRAINT adult CHECK (age >= 0);",
        "ALTER TABLE users DROP CONSTRAINT adult;",
    ),
    "unique": (
        "ALTER TABLE users ADD CONSTRAINT one_mail UNIQUE (email);",
        "ALTER TABLE users DROP CONSTRAINT one_mail;",
    ),
    "foreign key": (
        (
            "ALTER TABLE posts ADD COLUMN tag BIGINT; ALTER TABLE posts ADD CONSTRAINT tagged FOREIGN KEY (tag)"
            " REFERENCES tags (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;"
        ),
        "ALTER TABLE posts DROP COLUMN tag;",
    ),
    "enum": ("CREATE TYPE mood AS ENUM ('sad', 'glad');", "DROP TYPE mood;"),
    "column of an enum": (
        "ALTER TABLE users ADD COLUMN feels mood DEFAULT 'glad';",
        "ALTER TABLE users DROP COLUMN feels;",
    ),
    "renamed value": (
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'low';",
        "ALTER TYPE mood RENAME VALUE 'low' TO 'sad';",
    ),
    "domain": ("CREATE DOMAIN percent AS INTEGER CHECK (VALUE BETWEEN 0 AND 100);", "DROP DOMAIN percent;"),
    "composite": ("CREATE TYPE point3 AS (x INTEGER, y INTEGER, z INTEGER);", "DROP TYPE point3;"),
    "sequence": ("CREATE SEQUENCE tickets START 100;", "DROP SEQUENCE tickets;"),
    "owned sequence": (
        "ALTER SEQUENCE tickets OWNED BY users.id;",
        "ALTER SEQUENCE tickets OWNED BY NONE;",
    ),
    "view": ("CREATE VIEW grown AS SELECT id, email FROM users WHERE age >= 18;", "DROP VIEW grown;"),
    "replaced view": (
        "CREATE OR REPLACE VIEW grown AS SELECT id, email FROM users WHERE age >= 21;",
        "CREATE OR REPLACE VIEW grown AS SELECT id, email FROM users WHERE age >= 18;",
    ),
    "materialized view": (
        "CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM posts;",
        "DROP MATERIALIZED VIEW counted;",
    ),
    "function": (
        "CREATE FUNCTION one() RETURNS INTEGER LANGUAGE sql IMMUTABLE AS 'SELECT 1';",
        "DROP FUNCTION one();",
    ),
    "replaced function": (
        "CREATE OR REPLACE FUNCTION one() RETURNS INTEGER LANGUAGE sql IMMUTABLE AS 'SELECT 2';",
        "CREATE OR REPLACE FUNCTION one() RETURNS INTEGER LANGUAGE sql IMMUTABLE AS 'SELECT 1';",
    ),
    "trigger": (
        (
            "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            " CREATE TRIGGER stamped BEFORE UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION stamp();"
        ),
        "DROP TRIGGER stamped ON posts; DROP FUNCTION stamp();",
    ),
    "comment": ("COMMENT ON TABLE users IS 'people';", "COMMENT ON TABLE users IS NULL;"),
    "grant": ("GRANT SELECT ON users TO PUBLIC;", "REVOKE SELECT ON users FROM PUBLIC;"),
    "policy": (
        "ALTER TABLE posts ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON posts USING (author = 1);",
        "DROP POLICY mine ON posts; ALTER TABLE posts DISABLE ROW LEVEL SECURITY;",
    ),
    "rename of a column": (
        "ALTER TABLE tags RENAME COLUMN name TO label;",
        "ALTER TABLE tags RENAME COLUMN label TO name;",
    ),
    "rename of a table": ("ALTER TABLE tags RENAME TO labels;", "ALTER TABLE labels RENAME TO tags;"),
    "schema": ("CREATE SCHEMA audit; CREATE TABLE audit.events (id INTEGER);", "DROP SCHEMA audit CASCADE;"),
    "option of a table": (
        "ALTER TABLE users SET (fillfactor = 80);",
        "ALTER TABLE users RESET (fillfactor);",
    ),
    "statistics": (
        "CREATE STATISTICS together ON id, age FROM users;",
        "DROP STATISTICS together;",
    ),
    "partitions": (
        (
            "CREATE TABLE days (day DATE) PARTITION BY RANGE (day);"
            " CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');"
        ),
        "DROP TABLE days;",
    ),
    "rows": (
        "INSERT INTO users (id, email) VALUES (1001, 'a'), (1002, 'b');",
        "DELETE FROM users WHERE id IN (1001, 1002);",
    ),
    "exclusion": (
        "CREATE TABLE rooms (during INT4RANGE, EXCLUDE USING gist (during WITH &&));",
        "DROP TABLE rooms;",
    ),
    "dropped index comes back": (
        "DROP INDEX users_lower;",
        "CREATE INDEX users_lower ON users (lower(email) DESC NULLS LAST);",
    ),
    "dropped check comes back": (
        "ALTER TABLE users DROP CONSTRAINT adult;",
        "ALTER TABLE users ADD CONSTRAINT adult CHECK (age >= 0);",
    ),
}
