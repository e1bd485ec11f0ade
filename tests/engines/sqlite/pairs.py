# ruff: noqa: E501 - what is told and both texts stand on one line each
"""Two texts that make two structures, and the words that tell the one from the other. As data."""

from __future__ import annotations

# By what is told first; blanks behind it only keep two apart.
PAIRS: dict[str, tuple[str, str]] = {
    "column a.b: default 1 -> +1": (
        "CREATE TABLE a (b INT DEFAULT 1)",
        "CREATE TABLE a (b INT DEFAULT +1)",
    ),
    "column a.b: default 1 -> '1'": (
        "CREATE TABLE a (b INT DEFAULT 1)",
        "CREATE TABLE a (b INT DEFAULT '1')",
    ),
    "column a.b: default 1 -> 1.0": (
        "CREATE TABLE a (b INT DEFAULT 1)",
        "CREATE TABLE a (b INT DEFAULT 1.0)",
    ),
    "column a.b: default NULL -> none": (
        "CREATE TABLE a (b INT DEFAULT NULL)",
        "CREATE TABLE a (b INT)",
    ),
    "column a.b: default 'NULL' -> NULL": (
        "CREATE TABLE a (b INT DEFAULT 'NULL')",
        "CREATE TABLE a (b INT DEFAULT NULL)",
    ),
    "column a.b: default random() -> abs(random())": (
        "CREATE TABLE a (b INT DEFAULT (random()))",
        "CREATE TABLE a (b INT DEFAULT (abs(random())))",
    ),
    "column a.b: default true -> false": (
        "CREATE TABLE a (b INT DEFAULT true)",
        "CREATE TABLE a (b INT DEFAULT false)",
    ),
    "column a.b: default true -> 'true'": (
        "CREATE TABLE a (b INT DEFAULT true)",
        'CREATE TABLE a (b INT DEFAULT "true")',
    ),
    "column a.b: default X'00' -> X'01'": (
        "CREATE TABLE a (b BLOB DEFAULT x'00')",
        "CREATE TABLE a (b BLOB DEFAULT x'01')",
    ),
    "column a.b: default X'00' -> '00'": (
        "CREATE TABLE a (b BLOB DEFAULT x'00')",
        "CREATE TABLE a (b BLOB DEFAULT '00')",
    ),
    "column a.b: default 'a b' -> 'a  b'": (
        "CREATE TABLE a (b TEXT DEFAULT 'a b')",
        "CREATE TABLE a (b TEXT DEFAULT 'a  b')",
    ),
    "column a.b: default 'a--b' -> 'a--c'": (
        "CREATE TABLE a (b TEXT DEFAULT 'a--b')",
        "CREATE TABLE a (b TEXT DEFAULT 'a--c')",
    ),
    "column a.b: default 'a/*b*/' -> 'a/*c*/'": (
        "CREATE TABLE a (b TEXT DEFAULT 'a/*b*/')",
        "CREATE TABLE a (b TEXT DEFAULT 'a/*c*/')",
    ),
    "column a.b: default 'it''s' -> 'its'": (
        "CREATE TABLE a (b TEXT DEFAULT 'it''s')",
        "CREATE TABLE a (b TEXT DEFAULT 'its')",
    ),
    "column a.b: default '😀' -> '😁'": (
        "CREATE TABLE a (b TEXT DEFAULT '😀')",
        "CREATE TABLE a (b TEXT DEFAULT '😁')",
    ),
    "column a.b: default CURRENT_TIMESTAMP -> CURRENT_TIME": (
        "CREATE TABLE a (b TEXT DEFAULT CURRENT_TIMESTAMP)",
        "CREATE TABLE a (b TEXT DEFAULT CURRENT_TIME)",
    ),
    "column a.b: default datetime('now') -> datetime('now', 'utc')": (
        "CREATE TABLE a (b TEXT DEFAULT (datetime('now')))",
        "CREATE TABLE a (b TEXT DEFAULT (datetime('now','utc')))",
    ),
    "column a.b: type integer -> int": (
        "CREATE TABLE a (b INTEGER PRIMARY KEY)",
        "CREATE TABLE a (b INT PRIMARY KEY)",
    ),
    "column a.b: not null no -> yes": (
        "CREATE TABLE a (b INT PRIMARY KEY)",
        "CREATE TABLE a (b INT PRIMARY KEY NOT NULL)",
    ),
    "constraint a.primary key: removed": (
        "CREATE TABLE a (b INT PRIMARY KEY)",
        "CREATE TABLE a (b INT UNIQUE)",
    ),
    "constraint a.primary key: definition PRIMARY KEY (b) ON CONFLICT REPLACE -> PRIMARY KEY (b)": (
        "CREATE TABLE a (b INT PRIMARY KEY ON CONFLICT REPLACE)",
        "CREATE TABLE a (b INT PRIMARY KEY)",
    ),
    "constraint a.primary key: definition PRIMARY KEY (b) -> PRIMARY KEY (b) AUTOINCREMENT": (
        "CREATE TABLE a (b INTEGER PRIMARY KEY)",
        "CREATE TABLE a (b INTEGER, PRIMARY KEY (b AUTOINCREMENT))",
    ),
    "column a.b: collation nocase -> default": (
        "CREATE TABLE a (b TEXT PRIMARY KEY COLLATE NOCASE)",
        "CREATE TABLE a (b TEXT PRIMARY KEY)",
    ),
    "constraint a.primary key: definition PRIMARY KEY (b COLLATE nocase) -> PRIMARY KEY (b)": (
        "CREATE TABLE a (b TEXT, PRIMARY KEY (b COLLATE NOCASE))",
        "CREATE TABLE a (b TEXT, PRIMARY KEY (b))",
    ),
    "constraint a.unique (b): definition UNIQUE (b COLLATE nocase) -> UNIQUE (b)": (
        "CREATE TABLE a (b TEXT, UNIQUE (b COLLATE NOCASE))",
        "CREATE TABLE a (b TEXT, UNIQUE (b))",
    ),
    "constraint a.unique (b, c): removed": (
        "CREATE TABLE a (b TEXT, c TEXT, UNIQUE (b, c))",
        "CREATE TABLE a (b TEXT, c TEXT, UNIQUE (c, b))",
    ),
    "constraint a.unique (b) #2: removed": (
        "CREATE TABLE a (b TEXT, UNIQUE (b), UNIQUE (b))",
        "CREATE TABLE a (b TEXT, UNIQUE (b))",
    ),
    "constraint a.check (b < 9): removed": (
        "CREATE TABLE a (b INT, CHECK (b > 0), CHECK (b < 9))",
        "CREATE TABLE a (b INT, CHECK (b > 0 AND b < 9))",
    ),
    "constraint a.check (b IN (1, 2)): removed": (
        "CREATE TABLE a (b INT CHECK (b IN (1, 2)))",
        "CREATE TABLE a (b INT CHECK (b IN (2, 1)))",
    ),
    "constraint a.check (b + 1 > 2): removed": (
        "CREATE TABLE a (b INT CHECK (b + 1 > 2))",
        "CREATE TABLE a (b INT CHECK (b - 1 > 2))",
    ),
    "constraint a.check (b - -1 > 2): removed": (
        "CREATE TABLE a (b INT CHECK (b - -1 > 2))",
        "CREATE TABLE a (b INT CHECK (b - 1 > 2))",
    ),
    "constraint a.check (b | 'x' > 'y'): added (CHECK (b | 'x' > 'y'))": (
        "CREATE TABLE a (b INT CHECK (b || 'x' > 'y'))",
        "CREATE TABLE a (b INT CHECK (b | 'x' > 'y'))",
    ),
    "constraint a.check (b < 1 > 2): added (CHECK (b < 1 > 2))": (
        "CREATE TABLE a (b INT CHECK (b << 1 > 2))",
        "CREATE TABLE a (b INT CHECK (b < 1 > 2))",
    ),
    "constraint a.check (b glob 'x*'): removed": (
        "CREATE TABLE a (b TEXT CHECK (b GLOB 'x*'))",
        "CREATE TABLE a (b TEXT CHECK (b LIKE 'x*'))",
    ),
    "constraint a.check (b like 'x' ESCAPE '!'): removed": (
        "CREATE TABLE a (b TEXT CHECK (b LIKE 'x' ESCAPE '!'))",
        "CREATE TABLE a (b TEXT CHECK (b LIKE 'x'))",
    ),
    "constraint a.check (cast(b AS int) > 1): removed": (
        "CREATE TABLE a (b TEXT CHECK (CAST(b AS INT) > 1))",
        "CREATE TABLE a (b TEXT CHECK (CAST(b AS REAL) > 1))",
    ),
    "constraint a.check (CASE WHEN b = 'x' THEN 1 ELSE 0 end): removed": (
        "CREATE TABLE a (b TEXT CHECK (CASE WHEN b = 'x' THEN 1 ELSE 0 END))",
        "CREATE TABLE a (b TEXT CHECK (CASE WHEN b = 'x' THEN 1 ELSE 2 END))",
    ),
    "constraint a.foreign key (b): definition FOREIGN KEY (b) REFERENCES a -> FOREIGN KEY (b) REFERENCES z": (
        "CREATE TABLE a (b INT REFERENCES a)",
        "CREATE TABLE a (b INT REFERENCES z)",
    ),
    "constraint a.foreign key (b, c): definition FOREIGN KEY (b, c) REFERENCES z(x, y) -> FOREIGN KEY (b, c) REFERENCES z(y, x)": (
        "CREATE TABLE a (b INT, c INT, FOREIGN KEY (b, c) REFERENCES z (x, y))",
        "CREATE TABLE a (b INT, c INT, FOREIGN KEY (b, c) REFERENCES z (y, x))",
    ),
    "constraint a.foreign key (b, c): removed": (
        "CREATE TABLE a (b INT, c INT, FOREIGN KEY (b, c) REFERENCES z (x, y))",
        "CREATE TABLE a (b INT, c INT, FOREIGN KEY (c, b) REFERENCES z (x, y))",
    ),
    "constraint a.foreign key (b): definition FOREIGN KEY (b) REFERENCES z ON DELETE SET NULL -> FOREIGN KEY (b) REFERENCES z ON DELETE SET DEFAULT": (
        "CREATE TABLE a (b INT REFERENCES z ON DELETE SET NULL)",
        "CREATE TABLE a (b INT REFERENCES z ON DELETE SET DEFAULT)",
    ),
    "constraint a.foreign key (b): definition FOREIGN KEY (b) REFERENCES z DEFERRABLE -> FOREIGN KEY (b) REFERENCES z": (
        "CREATE TABLE a (b INT REFERENCES z DEFERRABLE INITIALLY IMMEDIATE)",
        "CREATE TABLE a (b INT REFERENCES z)",
    ),
    "column a.b: generated c + 1 -> none": (
        "CREATE TABLE a (b INT GENERATED ALWAYS AS (c + 1), c INT)",
        "CREATE TABLE a (b INT, c INT)",
    ),
    "column a.b: not null yes -> no": (
        "CREATE TABLE a (b INT AS (c + 1) NOT NULL, c INT)",
        "CREATE TABLE a (b INT AS (c + 1), c INT)",
    ),
    "column a.b: type unsigned big int -> unsigned int": (
        "CREATE TABLE a (b UNSIGNED BIG INT)",
        "CREATE TABLE a (b UNSIGNED INT)",
    ),
    "column a.b: on conflict fail -> rollback": (
        "CREATE TABLE a (b TEXT NOT NULL ON CONFLICT FAIL)",
        "CREATE TABLE a (b TEXT NOT NULL ON CONFLICT ROLLBACK)",
    ),
    "column a.É: added (text)": (
        "CREATE TABLE a (é TEXT)",
        "CREATE TABLE a (É TEXT)",
    ),
    "column a.b: constraint names default w -> v": (
        "CREATE TABLE a (b INT CONSTRAINT w DEFAULT 3)",
        "CREATE TABLE a (b INT CONSTRAINT v DEFAULT 3)",
    ),
    "column a.oid: added (int)": (
        "CREATE TABLE a (rowid INT)",
        "CREATE TABLE a (oid INT)",
    ),
    "constraint a.p: renamed to q": (
        "CREATE TABLE a (b INT, CONSTRAINT p PRIMARY KEY (b))",
        "CREATE TABLE a (b INT, CONSTRAINT q PRIMARY KEY (b))",
    ),
    "index i: definition b WHERE c IS NULL -> b WHERE c IS NOT NULL": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE INDEX i ON a (b) WHERE c IS NULL",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE INDEX i ON a (b) WHERE c IS NOT NULL",
    ),
    "index i: definition b + d -> b - d": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE INDEX i ON a (b + d)",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE INDEX i ON a (b - d)",
    ),
    "index i: renamed to I": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE INDEX i ON a (b)",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE INDEX I ON a (b)",
    ),
    "index i: definition json_extract(c, '$.x') -> json_extract(c, '$.y')": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE INDEX i ON a (json_extract(c, '$.x'))",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE INDEX i ON a (json_extract(c, '$.y'))",
    ),
    "index i: removed": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE INDEX i ON a (b)",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE UNIQUE INDEX j ON a (b)",
    ),
    "view v: definition SELECT b FROM a -> SELECT DISTINCT b FROM a": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT b FROM a",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT DISTINCT b FROM a",
    ),
    "view v: definition SELECT b FROM a -> SELECT b FROM a LIMIT 10": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT b FROM a",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT b FROM a LIMIT 10",
    ),
    "view v: definition SELECT b FROM a UNION SELECT d FROM a -> SELECT b FROM a UNION ALL SELECT d FROM a": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT b FROM a UNION SELECT d FROM a",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT b FROM a UNION ALL SELECT d FROM a",
    ),
    "column v.b: parent view v -> table v": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT b FROM a",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE TABLE v (b INT)",
    ),
    "view v: definition with t AS (SELECT 1 AS x) SELECT x FROM t -> with t AS (SELECT 2 AS x) SELECT x FROM t": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS WITH t AS (SELECT 1 AS x) SELECT x FROM t",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS WITH t AS (SELECT 2 AS x) SELECT x FROM t",
    ),
    "view v: definition SELECT sum(b) over(partition by c) AS s FROM a -> SELECT sum(b) over(partition by d) AS s FROM a": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT sum(b) OVER (PARTITION BY c) AS s FROM a",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT sum(b) OVER (PARTITION BY d) AS s FROM a",
    ),
    "view v: definition SELECT b FROM a WHERE c = 'X' -> SELECT b FROM a WHERE c = 'x'": (
        'CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT b FROM a WHERE c = "X"',
        'CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT b FROM a WHERE c = "x"',
    ),
    "view v: definition SELECT b FROM a WHERE c = 'b' -> SELECT b FROM a WHERE c = b": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT b FROM a WHERE c = 'b'",
        'CREATE TABLE a (b INT, c TEXT, d INT); CREATE VIEW v AS SELECT b FROM a WHERE c = "b"',
    ),
    "trigger t: definition BEFORE INSERT begin SELECT 1; end -> BEFORE DELETE begin SELECT 1; end": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE TRIGGER t INSERT ON a BEGIN SELECT 1; END",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE TRIGGER t DELETE ON a BEGIN SELECT 1; END",
    ),
    "trigger t: definition BEFORE UPDATE begin SELECT 1; end -> BEFORE UPDATE of b begin SELECT 1; end": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE TRIGGER t UPDATE ON a BEGIN SELECT 1; END",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE TRIGGER t UPDATE OF b ON a BEGIN SELECT 1; END",
    ),
    "trigger t: definition BEFORE INSERT begin SELECT raise(abort, 'x'); end -> BEFORE INSERT begin SELECT raise(fail, 'x'); end": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE TRIGGER t INSERT ON a BEGIN SELECT RAISE(ABORT, 'x'); END",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE TRIGGER t INSERT ON a BEGIN SELECT RAISE(FAIL, 'x'); END",
    ),
    "trigger t: definition BEFORE INSERT WHEN new.b > 1 begin SELECT 1; end -> BEFORE INSERT begin SELECT 1; end": (
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE TRIGGER t INSERT ON a WHEN new.b > 1 BEGIN SELECT 1; END",
        "CREATE TABLE a (b INT, c TEXT, d INT); CREATE TRIGGER t INSERT ON a BEGIN SELECT 1; END",
    ),
    "virtual table s: definition fts5(a) -> fts5(a, prefix = '2 3')": (
        "CREATE VIRTUAL TABLE s USING fts5(a)",
        "CREATE VIRTUAL TABLE s USING fts5(a, prefix = '2 3')",
    ),
    "virtual table s: definition fts5(a) -> fts5(a UNINDEXED)": (
        "CREATE VIRTUAL TABLE s USING fts5(a)",
        "CREATE VIRTUAL TABLE s USING fts5(a UNINDEXED)",
    ),
    "column s.a: parent virtual table s -> table s": (
        "CREATE VIRTUAL TABLE s USING fts5(a)",
        "CREATE TABLE s (a)",
    ),
    "table A: added (1 column)": (
        "CREATE TABLE a (b INT)",
        "CREATE TABLE A (b INT)",
    ),
    "column a.c: removed": (
        "CREATE TABLE a AS SELECT 1 AS b, 'x' AS c",
        "CREATE TABLE a AS SELECT 1 AS b",
    ),
}
