"""Two ways to write the same structure. As data."""

from __future__ import annotations

A = "CREATE TABLE a (b INT, c INT);"
P = "CREATE TABLE a (b INT PRIMARY KEY);"
SAME = {
    "case, quotes and synonyms": (
        "CREATE TABLE a (b INT NOT NULL DEFAULT 3, KEY k (b))",
        "create table `a` (`b` integer not null default '3', index `k` (`b` asc))",
    ),
    "comments": ("CREATE TABLE a (b INT)", "CREATE /* x */ TABLE a (-- y\n b /*!50000 INT */ # z\n)"),
    "what is usual": (
        "CREATE TABLE a (b INT)",
        "CREATE TABLE IF NOT EXISTS a (b INT NULL DEFAULT NULL) ENGINE=InnoDB",
    ),
    "a column that is added": (A, "CREATE TABLE a (c INT); ALTER TABLE a ADD COLUMN b INT FIRST"),
    "a key at its column": (P, "CREATE TABLE a (b INT NOT NULL, PRIMARY KEY (b))"),
    "a unique column": ("CREATE TABLE a (b INT UNIQUE)", "CREATE TABLE a (b INT, UNIQUE KEY b (b))"),
    "SERIAL": (
        "CREATE TABLE a (b SERIAL)",
        "CREATE TABLE a (b BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE)",
    ),
    "BOOLEAN": ("CREATE TABLE a (b BOOLEAN DEFAULT FALSE)", "CREATE TABLE a (b TINYINT(1) DEFAULT 0)"),
    "the moment": (
        "CREATE TABLE a (b TIMESTAMP NOT NULL DEFAULT NOW() ON UPDATE NOW())",
        "CREATE TABLE a (b TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE LOCALTIME)",
    ),
    "the collation of the table": (
        "CREATE TABLE a (b VARCHAR(3)) CHARSET latin1",
        "CREATE TABLE a (b VARCHAR(3) CHARACTER SET latin1 COLLATE latin1_swedish_ci) CHARSET latin1",
    ),
    "the order of indexes": (
        f"{A} CREATE INDEX x ON a (b); CREATE INDEX y ON a (c)",
        f"{A} CREATE INDEX y ON a (c); CREATE INDEX x ON a (b)",
    ),
    "the order of checks": (
        "CREATE TABLE a (b INT, CONSTRAINT x CHECK (b > 1), CONSTRAINT y CHECK (b < 9))",
        "CREATE TABLE a (b INT, CONSTRAINT y CHECK (b<9)); ALTER TABLE a ADD CONSTRAINT x CHECK ((b>1))",
    ),
    "a copy": (
        "CREATE TABLE z (b INT DEFAULT 3, KEY x (b)); CREATE TABLE a LIKE z",
        "CREATE TABLE z (b INT DEFAULT 3, KEY x (b)); CREATE TABLE a (b INT DEFAULT 3, KEY x (b))",
    ),
    "other names at first": (
        f"{P} CREATE TABLE c (b INT, CONSTRAINT k FOREIGN KEY (b) REFERENCES a (b))",
        (
            "CREATE TABLE z (y INT PRIMARY KEY); CREATE TABLE c (b INT, CONSTRAINT k FOREIGN KEY (b) REFERENCES z (y));"
            " RENAME TABLE z TO a; ALTER TABLE a CHANGE y b INT"
        ),
    ),
    "the index of a foreign key": (
        f"{P} CREATE TABLE c (b INT, CONSTRAINT k FOREIGN KEY (b) REFERENCES a (b))",
        f"{P} CREATE TABLE c (b INT, KEY k (b), CONSTRAINT k FOREIGN KEY (b) REFERENCES a (b))",
    ),
    "the name of a foreign key": (
        f"{P} CREATE TABLE c (b INT, FOREIGN KEY (b) REFERENCES a (b))",
        f"{P} CREATE TABLE c (b INT); ALTER TABLE c ADD FOREIGN KEY (b) REFERENCES a (b)",
    ),
    "the text of a view": (
        f"{A} CREATE VIEW v AS SELECT b, c FROM a WHERE b > 1",
        f"{A} CREATE OR REPLACE VIEW v AS select a.`b` , /* hm */ c\nfrom a where (b>1)",
    ),
    "a view of all columns": (
        f"{A} CREATE VIEW v AS SELECT * FROM a",
        f"{A} CREATE VIEW v AS SELECT b, c FROM a",
    ),
    "what ends a trigger": (
        f"{A} CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.b = 1",
        f"{A} CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.b = 1 ;",
    ),
    "numbers": (
        "CREATE TABLE a (b NUMERIC(5,2), c DOUBLE PRECISION, d REAL, e INTEGER, f DEC(4))",
        "CREATE TABLE a (b DECIMAL(5,2), c DOUBLE, d DOUBLE, e INT, f DECIMAL(4,0))",
    ),
    "labels": ("CREATE TABLE a (b ENUM('x','y'))", "CREATE TABLE a (b enum ( 'x' , \"y\" ))"),
    "rows and their numbers": (
        "CREATE TABLE a (b INT AUTO_INCREMENT PRIMARY KEY)",
        "CREATE TABLE a (b INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT=77; INSERT INTO a VALUES (), ()",
    ),
    "a table built anew": (A, f"{A} ALTER TABLE a FORCE; ALTER TABLE a ENGINE=InnoDB; TRUNCATE a"),
    "a partition that is added": (
        "CREATE TABLE a (b INT) PARTITION BY LIST (b) (PARTITION p VALUES IN (1), PARTITION q VALUES IN (2))",
        (
            "CREATE TABLE a (b INT) PARTITION BY LIST (b) (PARTITION p VALUES IN (1));"
            " ALTER TABLE a ADD PARTITION (PARTITION q VALUES IN (2))"
        ),
    ),
    "the head of a procedure": (
        "CREATE PROCEDURE p(IN a INT) SELECT a",
        (
            "CREATE PROCEDURE `p` ( a   integer )\n  NOT DETERMINISTIC CONTAINS SQL SQL SECURITY DEFINER SELECT a;"
        ),
    ),
}
