"""Migrations of MySQL and MariaDB whose way back is right, and others whose way back is wrong. As data.

The right ones are a chain. All wrong ones stand on `BASE`; `T` in a statement is a name of the case's own.
"""

from __future__ import annotations

from tests.verify.wrong import Wrong

BASE = """
CREATE TABLE users (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(50) NOT NULL DEFAULT '',
    age INT,
    feels ENUM('sad', 'glad'),
    made DATETIME DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT grown CHECK (age > 0)
);
CREATE TABLE posts (
    id INT PRIMARY KEY,
    author INT,
    title VARCHAR(50) COMMENT 'short',
    KEY by_title (title),
    CONSTRAINT by_author FOREIGN KEY (author) REFERENCES users (id)
);
CREATE VIEW titles AS SELECT title FROM posts;
CREATE TRIGGER stamped BEFORE INSERT ON users FOR EACH ROW SET NEW.email = LOWER(NEW.email);
CREATE PROCEDURE one() SELECT 1;
CREATE EVENT weekly ON SCHEDULE EVERY 1 WEEK DO DELETE FROM posts WHERE id < 0;
"""
NOTHING = "SELECT 1;"

WRONG: dict[str, Wrong] = {
    "down forgets an index": Wrong(
        "CREATE INDEX T ON users (age);", NOTHING, "down() leaves behind index users.T"
    ),
    "down forgets a table": Wrong(
        "CREATE TABLE T (id INT); CREATE TABLE T_b (id INT);",
        "DROP TABLE T_b;",
        "down() leaves behind table T",
    ),
    "down forgets a column": Wrong(
        "ALTER TABLE users ADD COLUMN T INT;", NOTHING, "down() leaves behind column users.T"
    ),
    "down forgets a default": Wrong(
        "ALTER TABLE users ALTER age SET DEFAULT 3;",
        NOTHING,
        "down() changes column users.age: default none -> ",
    ),
    "down brings back another default": Wrong(
        "ALTER TABLE users ALTER email SET DEFAULT 'y';",
        "ALTER TABLE users ALTER email SET DEFAULT 'x';",
        "down() changes column users.email: default '' -> 'x'",
    ),
    "down forgets NOT NULL": Wrong(
        "ALTER TABLE users MODIFY email VARCHAR(50) DEFAULT '';",
        NOTHING,
        "down() changes column users.email: not null yes -> no",
    ),
    "down brings back another type": Wrong(
        "ALTER TABLE users MODIFY email TEXT NOT NULL;",
        "ALTER TABLE users MODIFY email VARCHAR(60) NOT NULL DEFAULT '';",
        "down() changes column users.email: type varchar(50) -> varchar(60)",
    ),
    "down loses the comment of a column with MODIFY": Wrong(
        "ALTER TABLE posts MODIFY title VARCHAR(70) COMMENT 'short';",
        "ALTER TABLE posts MODIFY title VARCHAR(50);",
        "down() changes column posts.title: comment short -> none",
    ),
    "down loses AUTO_INCREMENT": Wrong(
        "ALTER TABLE posts DROP FOREIGN KEY by_author; ALTER TABLE users MODIFY id BIGINT NOT NULL AUTO_INCREMENT;",
        "ALTER TABLE users MODIFY id INT NOT NULL;"
        " ALTER TABLE posts ADD CONSTRAINT by_author FOREIGN KEY (author) REFERENCES users (id);",
        "down() changes column users.id: auto increment yes -> no",
    ),
    "down loses the current time": Wrong(
        "ALTER TABLE users MODIFY made DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6);",
        "ALTER TABLE users MODIFY made DATETIME;",
        "down() changes column users.made: default",
    ),
    "down forgets ON UPDATE": Wrong(
        "ALTER TABLE users MODIFY made DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP;",
        NOTHING,
        "down() changes column users.made: on update none -> ",
    ),
    "down forgets an enum value": Wrong(
        "ALTER TABLE users MODIFY feels ENUM('sad', 'glad', 'T');",
        NOTHING,
        "down() changes column users.feels: type enum('sad','glad') -> enum('sad','glad','T')",
    ),
    "down forgets a character set": Wrong(
        "ALTER TABLE posts CONVERT TO CHARACTER SET latin1;",
        "ALTER TABLE posts DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;",
        "down() changes column posts.title: collation utf8mb4_general_ci -> latin1_swedish_ci",
    ),
    "down forgets an engine": Wrong(
        "CREATE TABLE T (id INT); ALTER TABLE posts DROP FOREIGN KEY by_author; ALTER TABLE posts ENGINE = MyISAM;",
        "DROP TABLE T; ALTER TABLE posts ADD CONSTRAINT by_author FOREIGN KEY (author) REFERENCES users (id);",
        "down() changes table posts: engine InnoDB -> MyISAM",
    ),
    "down forgets the comment of a table": Wrong(
        "ALTER TABLE users COMMENT = 'people';", NOTHING, "down() changes table users: comment none -> people"
    ),
    "down leaves the index of a foreign key": Wrong(
        "ALTER TABLE posts ADD COLUMN T INT, ADD CONSTRAINT T_key FOREIGN KEY (T) REFERENCES users (id);",
        "ALTER TABLE posts DROP FOREIGN KEY T_key;",
        "down() leaves behind index posts.T_key",
    ),
    "down brings back another action": Wrong(
        "ALTER TABLE posts DROP FOREIGN KEY by_author;",
        "ALTER TABLE posts ADD CONSTRAINT by_author FOREIGN KEY (author) REFERENCES users (id) ON DELETE CASCADE;",
        "down() changes constraint posts.by_author: definition",
    ),
    "down does not bring back a check": Wrong(
        "ALTER TABLE users DROP CONSTRAINT grown;",
        NOTHING,
        "down() does not bring back constraint users.grown",
    ),
    "down brings an index back with another order": Wrong(
        "DROP INDEX by_title ON posts;",
        "CREATE INDEX by_title ON posts (title DESC);",
        "down() changes index posts.by_title: definition (`title`) -> (`title` DESC)",
    ),
    "down brings an index back under another name": Wrong(
        "DROP INDEX by_title ON posts;",
        "CREATE INDEX T ON posts (title);",
        "down() changes index posts.by_title: renamed to T",
    ),
    "down forgets a view": Wrong(
        "CREATE VIEW T AS SELECT email FROM users;", NOTHING, "down() leaves behind view T"
    ),
    "down brings back another view": Wrong(
        "DROP VIEW titles;",
        "CREATE VIEW titles AS SELECT title FROM posts WHERE id > 0;",
        "down() changes view titles: definition",
    ),
    "down brings a view back with other rights": Wrong(
        "DROP VIEW titles;",
        "CREATE SQL SECURITY INVOKER VIEW titles AS SELECT title FROM posts;",
        "down() changes view titles: security definer -> invoker",
    ),
    "down forgets a trigger": Wrong(
        "CREATE TRIGGER T AFTER DELETE ON posts FOR EACH ROW BEGIN SET @gone = OLD.id; END;",
        NOTHING,
        "down() leaves behind trigger posts.T",
    ),
    "down lets a trigger run at another time": Wrong(
        "DROP TRIGGER stamped;",
        "CREATE TRIGGER stamped BEFORE UPDATE ON users FOR EACH ROW SET NEW.email = LOWER(NEW.email);",
        "down() changes trigger users.stamped: runs before insert -> before update",
    ),
    "down forgets a function": Wrong(
        "CREATE FUNCTION T() RETURNS INT DETERMINISTIC RETURN 1;", NOTHING, "down() leaves behind function T"
    ),
    "down forgets what a procedure may do": Wrong(
        "ALTER PROCEDURE one SQL SECURITY INVOKER;",
        NOTHING,
        "down() changes procedure one: security definer -> invoker",
    ),
    "down forgets an event": Wrong(
        "CREATE EVENT T ON SCHEDULE EVERY 1 HOUR DO SELECT 1;", NOTHING, "down() leaves behind event T"
    ),
    "down leaves an event as it is": Wrong(
        "ALTER EVENT weekly DISABLE;", NOTHING, "down() changes event weekly: status enabled -> disabled"
    ),
    "down forgets a partition": Wrong(
        "CREATE TABLE T (id INT) PARTITION BY HASH (id) PARTITIONS 2; ALTER TABLE posts DROP FOREIGN KEY by_author;"
        " ALTER TABLE posts PARTITION BY HASH (id) PARTITIONS 2;",
        "DROP TABLE T;",
        "down() changes table posts: partition by none -> HASH (`id`) PARTITIONS 2",
    ),
    "down forgets the character set of the database": Wrong(
        "ALTER DATABASE COLLATE utf8mb4_bin;",
        NOTHING,
        "down() changes database: collation utf8mb4_general_ci -> utf8mb4_bin",
    ),
    "down drops too much": Wrong(
        "CREATE INDEX T ON posts (title, id);",
        "ALTER TABLE posts DROP INDEX T, DROP INDEX by_title;",
        "down() does not bring back index posts.by_title",
    ),
    "up is not repeatable": Wrong(
        "CREATE TABLE IF NOT EXISTS T (id INT); ALTER TABLE T ADD COLUMN c INT;",
        "DROP TABLE T;",
        "up() twice fails: Duplicate column name 'c'",
        "-- idempotent: true",
    ),
    "down fails": Wrong("CREATE TABLE T (id INT);", "DROP TABLE T_x;", "down() fails: Unknown table '"),
    "up again fails": Wrong(
        "CREATE TABLE T (id INT); CREATE VIEW T_v AS SELECT id FROM T;",
        "DROP TABLE T;",
        "up() again fails: Table 'T_v' already exists",
    ),
    "up fails halfway": Wrong(
        "CREATE TABLE T (id INT); ALTER TABLE T ADD COLUMN id INT;",
        "DROP TABLE T;",
        "up() fails: Duplicate column name 'id'",
    ),
}

RIGHT: dict[str, tuple[str, str]] = {
    "table": ("CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(50), age INT);", "DROP TABLE users;"),
    "second table": (
        (
            "CREATE TABLE posts (id INT AUTO_INCREMENT PRIMARY KEY, author INT, title VARCHAR(50),"
            " FOREIGN KEY (author) REFERENCES users (id));"
        ),
        "DROP TABLE posts;",
    ),
    "column": ("ALTER TABLE users ADD COLUMN name VARCHAR(20);", "ALTER TABLE users DROP COLUMN name;"),
    "column in the middle": (
        "ALTER TABLE users ADD COLUMN middle INT NOT NULL DEFAULT 3 AFTER id;",
        "ALTER TABLE users DROP COLUMN middle;",
    ),
    "generated column": (
        "ALTER TABLE users ADD COLUMN mail VARCHAR(50) GENERATED ALWAYS AS (LOWER(email)) STORED;",
        "ALTER TABLE users DROP COLUMN mail;",
    ),
    "not null": (
        "ALTER TABLE users MODIFY email VARCHAR(50) NOT NULL;",
        "ALTER TABLE users MODIFY email VARCHAR(50);",
    ),
    "default": (
        "ALTER TABLE users ALTER age SET DEFAULT 18;",
        "ALTER TABLE users ALTER age SET DEFAULT NULL;",
    ),
    "type": (
        "ALTER TABLE users MODIFY age BIGINT DEFAULT 18;",
        "ALTER TABLE users MODIFY age INT DEFAULT 18;",
    ),
    "enum value": (
        "ALTER TABLE posts ADD COLUMN state ENUM('new', 'old');",
        "ALTER TABLE posts DROP COLUMN state;",
    ),
    "renamed column": (
        "ALTER TABLE posts RENAME COLUMN title TO heading;",
        "ALTER TABLE posts RENAME COLUMN heading TO title;",
    ),
    "renamed table": ("RENAME TABLE posts TO articles;", "RENAME TABLE articles TO posts;"),
    "index": ("CREATE INDEX by_age ON users (age DESC);", "DROP INDEX by_age ON users;"),
    "prefix index": ("CREATE INDEX by_mail ON users (email(10));", "DROP INDEX by_mail ON users;"),
    "unique index": ("CREATE UNIQUE INDEX one_mail ON users (email);", "DROP INDEX one_mail ON users;"),
    "fulltext index": (
        "CREATE FULLTEXT INDEX words ON articles (heading);",
        "DROP INDEX words ON articles;",
    ),
    "check": (
        "ALTER TABLE users ADD CONSTRAINT grown CHECK (age >= 0);",
        "ALTER TABLE users DROP CONSTRAINT grown;",
    ),
    "foreign key": (
        (
            "ALTER TABLE articles ADD COLUMN editor INT;"
            " ALTER TABLE articles ADD CONSTRAINT edited FOREIGN KEY (editor) REFERENCES users (id) ON DELETE SET NULL;"
        ),
        "ALTER TABLE articles DROP FOREIGN KEY edited; ALTER TABLE articles DROP COLUMN editor;",
    ),
    "comment": ("ALTER TABLE users COMMENT = 'people';", "ALTER TABLE users COMMENT = '';"),
    "engine": (
        "CREATE TABLE quick (id INT, KEY USING HASH (id)) ENGINE = MEMORY;",
        "DROP TABLE quick;",
    ),
    "partitions": (
        "CREATE TABLE days (d INT NOT NULL) PARTITION BY RANGE (d) (PARTITION p0 VALUES LESS THAN (10));",
        "DROP TABLE days;",
    ),
    "one more partition": (
        "ALTER TABLE days ADD PARTITION (PARTITION p1 VALUES LESS THAN (20));",
        "ALTER TABLE days DROP PARTITION p1;",
    ),
    "view": ("CREATE VIEW headings AS SELECT heading FROM articles;", "DROP VIEW headings;"),
    "another view": (
        "CREATE OR REPLACE VIEW headings AS SELECT heading FROM articles WHERE id > 0;",
        "CREATE OR REPLACE VIEW headings AS SELECT heading FROM articles;",
    ),
    "trigger": (
        "CREATE TRIGGER stamped BEFORE INSERT ON users FOR EACH ROW BEGIN SET NEW.age = 1; SET NEW.name = 'x'; END;",
        "DROP TRIGGER stamped;",
    ),
    "procedure": ("CREATE PROCEDURE one(IN a INT) BEGIN SELECT a; END;", "DROP PROCEDURE one;"),
    "function": (
        "CREATE FUNCTION twice(a INT) RETURNS INT DETERMINISTIC NO SQL RETURN a * 2;",
        "DROP FUNCTION twice;",
    ),
    "event": ("CREATE EVENT daily ON SCHEDULE EVERY 1 DAY DO SELECT 1;", "DROP EVENT daily;"),
    "rows": (
        "INSERT INTO users (id, middle, email) VALUES (1, 2, 'a');",
        "DELETE FROM users WHERE id = 1;",
    ),
    "idempotent": ("CREATE TABLE IF NOT EXISTS twice_made (id INT);", "DROP TABLE IF EXISTS twice_made;"),
    "collation": (
        "ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;",
        "ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;",
    ),
}
