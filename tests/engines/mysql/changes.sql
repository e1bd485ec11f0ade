--= database: collation utf8mb4_unicode_ci -> utf8mb4_general_ci
ALTER DATABASE COLLATE utf8mb4_general_ci;

--: needs mariadb
--= database: comment none -> mine
ALTER DATABASE COMMENT 'mine';

--= table plain: removed
--= table plainer: added
RENAME TABLE plain TO plainer;

--= table plain: removed (3 columns)
DROP TABLE plain;

--= table another: added (1 column, 1 constraint)
CREATE TABLE another (id INT PRIMARY KEY);

--= table plain: engine InnoDB -> MyISAM
ALTER TABLE plain ENGINE = MyISAM;

--= table users: comment people -> folk
ALTER TABLE users COMMENT = 'folk';

--= table users: collation utf8mb4_unicode_ci -> utf8mb4_bin
ALTER TABLE users DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

--= column plain.c: collation utf8mb4_unicode_ci -> latin1_swedish_ci
--= table plain: collation utf8mb4_unicode_ci -> latin1_swedish_ci
ALTER TABLE plain CONVERT TO CHARACTER SET latin1 COLLATE latin1_swedish_ci;

--= table users: options ROW_FORMAT DYNAMIC -> COMPACT
ALTER TABLE users ROW_FORMAT = COMPACT;

--= table plain: options STATS_PERSISTENT none -> 0
ALTER TABLE plain STATS_PERSISTENT = 0;

--= table packed: options MAX_ROWS 10 -> 20
ALTER TABLE packed MAX_ROWS = 20;

--= table packed: options CHECKSUM 1 -> none
ALTER TABLE packed CHECKSUM = 0;

--= table packed: options DELAY_KEY_WRITE none -> 1
ALTER TABLE packed DELAY_KEY_WRITE = 1;

--= column plain.d: added (int)
--: needs mysql
ALTER TABLE plain ADD COLUMN d INT;

--= column plain.d: added (int(11))
--: needs mariadb
ALTER TABLE plain ADD COLUMN d INT;

--= column plain.c: removed
ALTER TABLE plain DROP COLUMN c;

--= column plain.c: removed
--= column plain.cc: added (varchar(20))
ALTER TABLE plain RENAME COLUMN c TO cc;

--= table plain: order of columns a, b, c -> c, a, b
ALTER TABLE plain MODIFY c VARCHAR(20) FIRST;

--= table plain: order of columns a, b, c -> a, c, b
ALTER TABLE plain MODIFY b INT AFTER c;

--= column plain.d: added
ALTER TABLE plain ADD COLUMN d INT AFTER a;

--= column plain.c: type varchar(20) -> varchar(21)
ALTER TABLE plain MODIFY c VARCHAR(21);

--= column plain.a: type int(11) -> bigint(20)
--: needs mariadb
ALTER TABLE plain MODIFY a BIGINT;

--= column plain.a: type int -> int unsigned
--: needs mysql
ALTER TABLE plain MODIFY a INT UNSIGNED;

--= column plain.a: not null no -> yes
ALTER TABLE plain MODIFY a INT NOT NULL;

--= column users.bits: not null no -> yes
ALTER TABLE users MODIFY bits BIT(3) NOT NULL DEFAULT b'101';

--= column users.kind: type enum('a','b') -> enum('a','b','c')
ALTER TABLE users MODIFY kind ENUM('a','b','c') DEFAULT 'a';

--= column users.tags: type set('x','y') -> set('y','x')
ALTER TABLE users MODIFY tags SET('y','x');

--= column users.kind: default 'a' -> 'b'
ALTER TABLE users ALTER kind SET DEFAULT 'b';

--= column users.bits: default b'101' -> b'110'
ALTER TABLE users ALTER bits SET DEFAULT b'110';

--: needs mysql
--= column users.bare: no default no -> yes
ALTER TABLE users ALTER bare DROP DEFAULT;

--= column users.email: default '' -> none
ALTER TABLE users ALTER email DROP DEFAULT;

--= column users.sum: default
ALTER TABLE users MODIFY sum INT DEFAULT (1 + 3);

--= column users.made: on update
ALTER TABLE users MODIFY made TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00';

--= column users.made: default '2020-01-01 00:00:00' -> '2020-01-01 00:00:01'
ALTER TABLE users ALTER made SET DEFAULT '2020-01-01 00:00:01';

--= column users.seen: default
ALTER TABLE users ALTER seen DROP DEFAULT;

--= column users.seen: type datetime(6) -> datetime
ALTER TABLE users MODIFY seen DATETIME;

--= column users.latin: collation latin1_bin -> latin1_swedish_ci
ALTER TABLE users MODIFY latin VARCHAR(20) CHARACTER SET latin1;

--= column users.email: comment
ALTER TABLE users MODIFY email VARCHAR(100) NOT NULL DEFAULT '' COMMENT 'its a \\ mail, /*!50000 or */ not';

--= column users.low: generated
ALTER TABLE users MODIFY low VARCHAR(100) GENERATED ALWAYS AS (LOWER(RIGHT(email, 9))) VIRTUAL;

--= column users.up: stored yes -> no
ALTER TABLE users DROP COLUMN up; ALTER TABLE users ADD COLUMN up VARCHAR(100) AS (UPPER(email)) VIRTUAL AFTER low;

--= column users.hidden: invisible yes -> no
ALTER TABLE users MODIFY hidden INT;

--= column users.id: auto increment yes -> no
ALTER TABLE posts DROP FOREIGN KEY by_author; ALTER TABLE users MODIFY id INT NOT NULL;

--= column plain.d: added (binary(3) default
ALTER TABLE plain ADD COLUMN d BINARY(3) DEFAULT X'00FF27';

--: needs mariadb
--= column plain.c: default none -> '\0\xff'
ALTER TABLE plain MODIFY c VARBINARY(9) DEFAULT X'00FF';

--= table plain: options CONNECTION none -> 'mysql://me:***@somewhere/of/mine'
ALTER TABLE plain CONNECTION = 'mysql://me:it''s@secret@somewhere/of/mine';

--= table plain: comment none -> see http://wiki:80 or ask me@x.org
ALTER TABLE plain COMMENT = 'see http://wiki:80 or ask me@x.org';

--= constraint parts.PRIMARY: definition PRIMARY KEY (`id`,`y`) -> PRIMARY KEY (`y`,`id`)
ALTER TABLE parts DROP PRIMARY KEY, ADD PRIMARY KEY (y, id);

--= constraint posts.PRIMARY: removed
ALTER TABLE posts DROP PRIMARY KEY;

--= index users.by_age: renamed to aged
ALTER TABLE users RENAME INDEX by_age TO aged;

--= index users.by_age: definition (`age` DESC,`email`(10)) -> (`age`,`email`(10))
ALTER TABLE users DROP INDEX by_age, ADD INDEX by_age (age, email(10)) COMMENT 'old ones';

--= index users.by_age: definition (`age` DESC,`email`(10)) -> (`age` DESC,`email`(11))
ALTER TABLE users DROP INDEX by_age, ADD INDEX by_age (age DESC, email(11)) COMMENT 'old ones';

--= index users.by_age: definition (`age` DESC,`email`(10)) -> (`email`(10),`age` DESC)
ALTER TABLE users DROP INDEX by_age, ADD INDEX by_age (email(10), age DESC) COMMENT 'old ones';

--= index users.by_age: comment old ones -> none
ALTER TABLE users DROP INDEX by_age, ADD INDEX by_age (age DESC, email(10));

--= index users.by_age: comment old ones -> it's \ "new"
ALTER TABLE users DROP INDEX by_age, ADD INDEX by_age (age DESC, email(10)) COMMENT 'it''s \\ "new"';

--= index users.one_mail: unique yes -> no
ALTER TABLE users DROP INDEX one_mail, ADD INDEX one_mail (email);

--= index posts.words: removed
ALTER TABLE posts DROP INDEX words;

--: needs mariadb
--= index posts.places: type spatial -> none
ALTER TABLE posts DROP INDEX places, ADD INDEX places (place(25));

--= index plain.new: added ((`a`))
ALTER TABLE plain ADD INDEX new (a);

--= index plain.new: added (unique (`a`,`b`))
ALTER TABLE plain ADD UNIQUE INDEX new (a, b);

--= index plain.new: added
ALTER TABLE plain ADD INDEX new (a) KEY_BLOCK_SIZE = 1;

--= index packed.id: definition
ALTER TABLE packed DROP INDEX id, ADD INDEX id (id, b(10));

--= constraint posts.by_author: definition
ALTER TABLE posts DROP FOREIGN KEY by_author;
ALTER TABLE posts ADD CONSTRAINT by_author FOREIGN KEY (author) REFERENCES users (id) ON DELETE CASCADE;

--= constraint posts.by_author: definition
ALTER TABLE posts DROP FOREIGN KEY by_author;
ALTER TABLE posts ADD CONSTRAINT by_author FOREIGN KEY (author) REFERENCES users (id)
ON DELETE SET NULL ON UPDATE SET NULL;

--= constraint posts.by_author: renamed to written_by
ALTER TABLE posts DROP FOREIGN KEY by_author;
ALTER TABLE posts ADD CONSTRAINT written_by FOREIGN KEY (author) REFERENCES users (id)
ON DELETE CASCADE ON UPDATE SET NULL;

--= constraint posts.by_author: removed
ALTER TABLE posts DROP FOREIGN KEY by_author;

--= constraint users.adult: removed
ALTER TABLE users DROP CONSTRAINT adult;

--= constraint users.adult: definition
ALTER TABLE users DROP CONSTRAINT adult; ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 18);

--= constraint plain.positive: added
ALTER TABLE plain ADD CONSTRAINT positive CHECK (a > 0);

--= partition listed.c: added (VALUES IN (4))
ALTER TABLE listed ADD PARTITION (PARTITION c VALUES IN (4));

--= partition listed.b: removed
ALTER TABLE listed DROP PARTITION b;

--= partition listed.b: definition VALUES IN (3) -> VALUES IN (3,4)
ALTER TABLE listed REORGANIZE PARTITION b INTO (PARTITION b VALUES IN (3, 4));

--= partition parts.p0: definition
ALTER TABLE parts REORGANIZE PARTITION p0 INTO (PARTITION p0 VALUES LESS THAN (10) COMMENT = 'other');

--= partition listed.a: removed
--= partition listed.b: removed
--= table listed: partition by LIST COLUMNS
ALTER TABLE listed REMOVE PARTITIONING;

--= table spread: partition by
ALTER TABLE spread ADD PARTITION PARTITIONS 1;

--= table spread: partition by
ALTER TABLE spread PARTITION BY LINEAR HASH (id) PARTITIONS 4;

--= view adults: definition
ALTER ALGORITHM=MERGE SQL SECURITY INVOKER VIEW adults AS SELECT id, email FROM users WHERE age > 18
WITH CASCADED CHECK OPTION;

--= view adults: check option cascaded -> local
ALTER ALGORITHM=MERGE SQL SECURITY INVOKER VIEW adults AS SELECT id, email FROM users WHERE age > 17
WITH LOCAL CHECK OPTION;

--= view adults: check option cascaded -> none
ALTER ALGORITHM=MERGE SQL SECURITY INVOKER VIEW adults AS SELECT id, email FROM users WHERE age > 17;

--= view adults: security invoker -> definer
ALTER ALGORITHM=MERGE SQL SECURITY DEFINER VIEW adults AS SELECT id, email FROM users WHERE age > 17
WITH CASCADED CHECK OPTION;

--: needs mariadb
--= view adults: algorithm merge -> undefined
ALTER ALGORITHM=UNDEFINED SQL SECURITY INVOKER VIEW adults AS SELECT id, email FROM users WHERE age > 17
WITH CASCADED CHECK OPTION;

--= view authors: definer tester@% -> ks_reader@localhost
ALTER DEFINER=ks_reader@localhost VIEW authors AS SELECT p.id, adults.email FROM posts p
JOIN adults ON adults.id = p.author;

--= view authors: removed
DROP VIEW authors;

--= trigger users.later: removed
DROP TRIGGER later;

--= trigger users.second: follows first -> none
--= trigger users.first: follows none -> second
DROP TRIGGER first; CREATE TRIGGER first BEFORE INSERT ON users FOR EACH ROW FOLLOWS second SET NEW.age = 1;

--= trigger users.later: definition
DROP TRIGGER later;
CREATE TRIGGER later AFTER DELETE ON users FOR EACH ROW BEGIN DELETE FROM posts WHERE id = OLD.id; END;

--= trigger users.later: runs after delete -> before delete
DROP TRIGGER later;
CREATE TRIGGER later BEFORE DELETE ON users FOR EACH ROW BEGIN DELETE FROM posts WHERE author = OLD.id; END;

--= trigger users.later: sql mode
DROP TRIGGER later; SET sql_mode = 'STRICT_ALL_TABLES';
CREATE TRIGGER later AFTER DELETE ON users FOR EACH ROW BEGIN DELETE FROM posts WHERE author = OLD.id; END;

--= trigger users.later: definer tester@% -> ks_reader@localhost
DROP TRIGGER later; CREATE DEFINER = ks_reader@localhost
TRIGGER later AFTER DELETE ON users FOR EACH ROW BEGIN DELETE FROM posts WHERE author = OLD.id; END;

--= procedure proc: comment a comment -> another
ALTER PROCEDURE proc COMMENT 'another';

--= procedure proc: data access reads sql data -> modifies sql data
ALTER PROCEDURE proc MODIFIES SQL DATA;

--= procedure proc: security definer -> invoker
ALTER PROCEDURE proc SQL SECURITY INVOKER;

--= function func: security invoker -> definer
ALTER FUNCTION func SQL SECURITY DEFINER;

--= procedure proc: removed
DROP PROCEDURE proc;

--= procedure proc: definition SELECT 1 INTO b -> SELECT 2 INTO b
DROP PROCEDURE proc;
CREATE PROCEDURE proc(IN a INT, OUT b VARCHAR(10)) READS SQL DATA COMMENT 'a comment' SELECT 2 INTO b;

--= procedure proc: parameters
DROP PROCEDURE proc;
CREATE PROCEDURE proc(IN a INT, INOUT b VARCHAR(10)) READS SQL DATA COMMENT 'a comment' SELECT 1 INTO b;

--= function func: parameters a decimal(5,2) -> a decimal(5,3)
DROP FUNCTION func; CREATE FUNCTION func(a DECIMAL(5, 3)) RETURNS VARCHAR(10) CHARACTER SET latin1
DETERMINISTIC SQL SECURITY INVOKER RETURN a;

--= function func: returns varchar(10) collate latin1_swedish_ci -> varchar(10)
DROP FUNCTION func; CREATE FUNCTION func(a DECIMAL(5, 2)) RETURNS VARCHAR(10)
DETERMINISTIC SQL SECURITY INVOKER RETURN a;

--= function func: deterministic yes -> no
DROP FUNCTION func; CREATE FUNCTION func(a DECIMAL(5, 2)) RETURNS VARCHAR(10) CHARACTER SET latin1
SQL SECURITY INVOKER NO SQL RETURN a;

--= event daily: status disabled -> enabled
ALTER EVENT daily ENABLE;

--= event daily: every 1 DAY -> 2 DAY
ALTER EVENT daily ON SCHEDULE EVERY 2 DAY STARTS '2030-01-01 00:00:00';

--= event daily: starts 2030-01-01 00:00:00 -> 2020-02-01 03:00:00
ALTER EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2020-02-01 03:00:00';

--= event daily: ends none -> 2036-01-01 00:00:00
ALTER EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ENDS '2036-01-01 00:00:00';

--= event daily: ends none -> 2036-12-31 23:59:59
ALTER EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ENDS '2036-12-31 23:59:59';

--= event daily: preserved yes -> no
ALTER EVENT daily ON COMPLETION NOT PRESERVE;

--= event daily: comment each day -> none
ALTER EVENT daily COMMENT '';

--= event daily: definition SELECT 1 -> SELECT 2
ALTER EVENT daily DO SELECT 2;

--= event once: at 2037-01-01 00:00:00 -> 2036-01-01 00:00:00
ALTER EVENT once ON SCHEDULE AT '2036-01-01 00:00:00';

--= event once: removed
--= event twice: added
ALTER EVENT once RENAME TO twice;

--= database: grants ks_reader@localhost on users SELECT -> INSERT, SELECT
GRANT INSERT ON users TO ks_reader@localhost;

--= database: grants ks_reader@localhost on users (email) UPDATE -> none
REVOKE UPDATE (email) ON users FROM ks_reader@localhost;

--= database: grants ks_reader@localhost on procedure proc EXECUTE -> ALTER ROUTINE, EXECUTE
GRANT ALTER ROUTINE ON PROCEDURE proc TO ks_reader@localhost;

--= database: grants ks_reader@localhost on plain none -> GRANT, SELECT
GRANT SELECT ON plain TO ks_reader@localhost WITH GRANT OPTION;

--: needs mariadb
--= sequence tickets: increment 2 -> 3
ALTER SEQUENCE tickets INCREMENT BY 3;

--: needs mariadb
--= sequence tickets: cycle yes -> no
ALTER SEQUENCE tickets NOCYCLE;

--: needs mariadb
--= sequence tickets: cache 10 -> none
--= sequence tickets: no cache no -> yes
ALTER SEQUENCE tickets NOCACHE;

--: needs mariadb
--= sequence tickets: maximum 100 -> 200
ALTER SEQUENCE tickets MAXVALUE 200;

--: needs mariadb
--= sequence others: added
CREATE SEQUENCE others;

--: needs mariadb
--= column numbered.kept: type varchar(200) COMPRESSED -> varchar(200)
ALTER TABLE numbered MODIFY kept VARCHAR(200);

--: needs mariadb
--= column numbered.id: default nextval(`tickets`) -> none
ALTER TABLE numbered MODIFY id INT;

--: needs mariadb
--= column numbered.few: check (`few` > 0) -> (`few` > 1)
ALTER TABLE numbered MODIFY few INT CHECK (few > 1);

--: needs mariadb
--= index numbered.by_k: ignored yes -> no
ALTER TABLE numbered ALTER INDEX by_k NOT IGNORED;

--: needs mariadb
--= column past.x: without system versioning yes -> no
SET system_versioning_alter_history = KEEP; ALTER TABLE past MODIFY x INT WITH SYSTEM VERSIONING;

--: needs mariadb
--= table past: system versioned yes -> no
ALTER TABLE past DROP SYSTEM VERSIONING;

--: needs mariadb
--= table past2: partition by SYSTEM_TIME INTERVAL 1 MONTH -> SYSTEM_TIME INTERVAL 2 MONTH
ALTER TABLE past2 PARTITION BY SYSTEM_TIME INTERVAL 2 MONTH (PARTITION h0 HISTORY, PARTITION now CURRENT);

--: needs mariadb
--= table booked: periods stay (`a`,`b`) -> none
ALTER TABLE booked DROP INDEX room, DROP PERIOD FOR stay;

--: needs mariadb
--= index booked.room: definition
ALTER TABLE booked DROP INDEX room, ADD UNIQUE room (room, a, b);

--: needs mariadb
--= table crash_safe: options PAGE_CHECKSUM 0 -> 1
ALTER TABLE crash_safe PAGE_CHECKSUM = 1;

--: needs mariadb
--= function total: aggregate yes -> no
DROP FUNCTION total; CREATE FUNCTION total(x INT) RETURNS INT RETURN x;

--: needs mariadb
--= package body shelf: definition
SET sql_mode = ORACLE;
CREATE OR REPLACE PACKAGE BODY shelf AS FUNCTION one RETURN INT AS BEGIN RETURN 2; END; END;

--: needs mariadb
--= package body shelf: removed
SET sql_mode = ORACLE; DROP PACKAGE BODY shelf;

--: needs mysql
--= index newer.by_sum: definition
ALTER TABLE newer DROP INDEX by_sum, ADD INDEX by_sum ((a + 2));

--: needs mysql
--= index newer.unseen: invisible yes -> no
ALTER TABLE newer ALTER INDEX unseen VISIBLE;

--: needs mysql
--= constraint newer.relaxed: not enforced yes -> no
ALTER TABLE newer ALTER CHECK relaxed ENFORCED;

--: needs mysql
--= column newer.g: options SRID 4326 -> 0
ALTER TABLE newer MODIFY g GEOMETRY NOT NULL SRID 0;

--: needs mysql
--= column newer.fixed: options COLUMN_FORMAT FIXED -> none
ALTER TABLE newer MODIFY fixed INT;

--: needs mysql
--= index grams.words: definition (`body`) WITH PARSER `ngram` -> (`body`)
ALTER TABLE grams DROP INDEX words; ALTER TABLE grams ADD FULLTEXT KEY words (body);

--: needs mysql
--= table plain: options
ALTER TABLE plain AUTOEXTEND_SIZE = 4M;

--: needs mysql
--= library lib: removed
DROP LIBRARY lib;

--= event once: time zone
SET time_zone = '+05:00'; ALTER EVENT once ON SCHEDULE AT '2037-01-01 00:00:00';

--= event once: sql mode
SET sql_mode = 'STRICT_ALL_TABLES'; ALTER EVENT once DO SELECT 3;

--= event once: definer tester@% -> ks_reader@localhost
ALTER DEFINER = ks_reader@localhost EVENT once DO SELECT 3;

--= procedure proc: sql mode
DROP PROCEDURE proc; SET sql_mode = 'STRICT_ALL_TABLES';
CREATE PROCEDURE proc(IN a INT, OUT b VARCHAR(10)) READS SQL DATA COMMENT 'a comment' SELECT 1 INTO b;

--= procedure proc: definer tester@% -> ks_reader@localhost
DROP PROCEDURE proc; CREATE DEFINER = ks_reader@localhost
PROCEDURE proc(IN a INT, OUT b VARCHAR(10)) READS SQL DATA COMMENT 'a comment' SELECT 1 INTO b;

--= function func: sql mode
DROP FUNCTION func; SET sql_mode = 'STRICT_ALL_TABLES';
CREATE FUNCTION func(a DECIMAL(5, 2)) RETURNS VARCHAR(10) CHARACTER SET latin1
DETERMINISTIC SQL SECURITY INVOKER RETURN a;

--= function func: definer tester@% -> ks_reader@localhost
DROP FUNCTION func; CREATE DEFINER = ks_reader@localhost
FUNCTION func(a DECIMAL(5, 2)) RETURNS VARCHAR(10) CHARACTER SET latin1 DETERMINISTIC SQL SECURITY INVOKER RETURN a;

--= database: collation utf8mb4_unicode_ci -> latin1_swedish_ci
--= trigger users.second: collation utf8mb4_unicode_ci -> latin1_swedish_ci
ALTER DATABASE CHARACTER SET latin1; DROP TRIGGER second;
CREATE TRIGGER second BEFORE INSERT ON users FOR EACH ROW FOLLOWS first SET NEW.age = 2;

--= column posts.author: type int
--= constraint posts.by_author: type foreign key -> check
ALTER TABLE posts DROP FOREIGN KEY by_author;
ALTER TABLE posts MODIFY author BIGINT, ADD CONSTRAINT by_author CHECK (author > 0);

--: needs mariadb
--= package shelf: definition
SET sql_mode = ORACLE; CREATE OR REPLACE PACKAGE shelf AS FUNCTION one RETURN INT; FUNCTION two RETURN INT; END;

--: needs mariadb
--= sequence tickets: start 5 -> 7
ALTER SEQUENCE tickets START WITH 7;

--: needs mariadb
--= sequence tickets: minimum 0 -> 1
ALTER SEQUENCE tickets MINVALUE 1;

--: needs mariadb
--= sequence tickets: engine InnoDB -> MyISAM
ALTER TABLE tickets ENGINE = MyISAM;

--: needs mysql
--= library lib: definition
DROP LIBRARY lib; CREATE LIBRARY lib LANGUAGE JAVASCRIPT AS 'export function one() { return 2 }';

--= column plain.a: type
ALTER TABLE plain MODIFY a INT UNSIGNED ZEROFILL;

--= column plain.c: type varchar(20) -> varbinary(20)
ALTER TABLE plain MODIFY c VARBINARY(20);

--= column plain.c: default none -> 'NULL'
ALTER TABLE plain MODIFY c VARCHAR(20) DEFAULT 'NULL';

--= column plain.c: default none -> 'it''s \\ "x"'
ALTER TABLE plain MODIFY c VARCHAR(20) DEFAULT 'it''s \\ "x"';

--= column plain.c: default none ->
ALTER TABLE plain MODIFY c VARCHAR(20) DEFAULT (CONCAT('/*! x */', ' COMMENT'));

--= column plain.a: comment none -> DEFAULT 3, NOT NULL /*!50000 x */
ALTER TABLE plain MODIFY a INT COMMENT 'DEFAULT 3, NOT NULL /*!50000 x */';

--= table plain: comment none -> ENGINE=MyISAM /*!50100 PARTITION BY x */
ALTER TABLE plain COMMENT 'ENGINE=MyISAM /*!50100 PARTITION BY x */';

--= column users.kind: type enum('a','b') -> enum('a','B')
ALTER TABLE users MODIFY kind ENUM('a', 'B') DEFAULT 'a';

--= column users.kind: type enum('a','b') -> enum('a','b COMMENT ''x''')
ALTER TABLE users MODIFY kind ENUM('a', 'b COMMENT ''x''') DEFAULT 'a';

--= column users.price: type decimal(10,2) -> decimal(10,3)
ALTER TABLE users MODIFY price DECIMAL(10, 3) DEFAULT 1.50;

--= column plain.B: added
--= column plain.b: removed
ALTER TABLE plain CHANGE b B INT;

--= column plain.g: added
--= index plain.g: added (unique (`g`))
ALTER TABLE plain ADD COLUMN g INT AS (a * 2) STORED UNIQUE;

--= index users.by_age: renamed to BY_AGE
ALTER TABLE users RENAME INDEX by_age TO BY_AGE;

--= constraint plain.fk: added
--= index plain.fk: added
ALTER TABLE plain ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES posts (id);

--= constraint posts.by_author: definition
--= table people: added
--= table users: removed
RENAME TABLE users TO people;

--= table plain: options KEY_BLOCK_SIZE none -> 4
--= table plain: options ROW_FORMAT none -> COMPRESSED
ALTER TABLE plain ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 4;

--= table plain: options STATS_AUTO_RECALC none -> 1
--= table plain: options STATS_SAMPLE_PAGES none -> 33
ALTER TABLE plain STATS_AUTO_RECALC = 1, STATS_SAMPLE_PAGES = 33;

--= partition plain.p0: added (VALUES LESS THAN ('m'))
--= partition plain.p1: added (VALUES LESS THAN (MAXVALUE))
--= table plain: partition by none -> RANGE COLUMNS
ALTER TABLE plain PARTITION BY RANGE COLUMNS (c)
(PARTITION p0 VALUES LESS THAN ('m'), PARTITION p1 VALUES LESS THAN (MAXVALUE));

--= partition listed.a: removed
--= partition listed.first: added (VALUES IN (1,2))
ALTER TABLE listed REORGANIZE PARTITION a INTO (PARTITION first VALUES IN (1, 2));

--= view authors: definition
CREATE OR REPLACE VIEW authors AS SELECT DISTINCT p.id, adults.email FROM posts p JOIN adults ON adults.id = p.author;

--= view authors: definition
CREATE OR REPLACE VIEW authors AS SELECT p.id, adults.email AS mail FROM posts p JOIN adults ON adults.id = p.author;

--= view authors: definition
CREATE OR REPLACE VIEW authors AS SELECT p.id, adults.email FROM posts p LEFT JOIN adults ON adults.id = p.author;

--= view authors: algorithm undefined -> temptable
CREATE OR REPLACE ALGORITHM=TEMPTABLE VIEW authors AS SELECT p.id, adults.email FROM posts p
JOIN adults ON adults.id = p.author;

--= table authors: added (1 column)
--= view authors: removed
DROP VIEW authors; CREATE TABLE authors (id INT);

--= trigger users.first: follows none -> zeroth
--= trigger users.zeroth: added (SET NEW.age = 0)
CREATE TRIGGER zeroth BEFORE INSERT ON users FOR EACH ROW PRECEDES first SET NEW.age = 0;

--= trigger plain.later: added
--= trigger users.later: removed
DROP TRIGGER later; CREATE TRIGGER later AFTER DELETE ON plain FOR EACH ROW DELETE FROM posts;

--= procedure proc: parameters
DROP PROCEDURE proc;
CREATE PROCEDURE proc(INOUT a INT, OUT b VARCHAR(10)) READS SQL DATA COMMENT 'a comment' SELECT 1 INTO b;

--= procedure proc: definition SELECT 1 INTO b -> SELECT '1' INTO b
DROP PROCEDURE proc;
CREATE PROCEDURE proc(IN a INT, OUT b VARCHAR(10)) READS SQL DATA COMMENT 'a comment' SELECT '1' INTO b;

--= function proc: added (RETURN a)
CREATE FUNCTION proc(a INT) RETURNS INT DETERMINISTIC RETURN a;

--= event often: every '1:30' HOUR_MINUTE -> '2:30' HOUR_MINUTE
ALTER EVENT often ON SCHEDULE EVERY '2:30' HOUR_MINUTE;

--= event often: definer tester@% -> ks_reader@localhost
ALTER DEFINER = ks_reader@localhost EVENT often ENABLE;

--= event once: at 2037-01-01 00:00:00 -> none
--= event once: every none -> 1 WEEK
ALTER EVENT once ON SCHEDULE EVERY 1 WEEK;

--= table `odd.na``me`: comment ) PARTITION BY -> it's
ALTER TABLE `odd.na``me` COMMENT 'it''s';

--= index `odd.na``me`.`i.x`: renamed to `i``y`
ALTER TABLE `odd.na``me` RENAME INDEX `i.x` TO `i``y`;

--: needs mariadb
--= sequence tickets: removed
--= table tickets: added (1 column)
ALTER TABLE numbered ALTER id DROP DEFAULT; DROP SEQUENCE tickets; CREATE TABLE tickets (x INT);

--: needs mariadb
--= sequence tickets: minimum 0 -> -10
ALTER SEQUENCE tickets MINVALUE -10;

--: needs mariadb
--= table plain: system versioned no -> yes
ALTER TABLE plain ADD SYSTEM VERSIONING;

--: needs mysql
--= column plain.a: options STORAGE none -> DISK
ALTER TABLE plain MODIFY a INT STORAGE DISK;

--: needs mysql
--= index newer.by_sum: definition
ALTER TABLE newer DROP INDEX by_sum, ADD INDEX by_sum ((a + 1) DESC);
