-- One of nearly everything that a database can have. Blocks are separated by empty lines; a block that begins with
-- "--: since N" is for servers from that version on, "--: before N" for older ones, "--: needs X" and "--: lacks X" are
-- about extensions, and about the library icu.

CREATE SCHEMA app;
CREATE SCHEMA audit;
COMMENT ON SCHEMA app IS 'application';

--: needs pg_trgm
CREATE EXTENSION pg_trgm WITH SCHEMA app;

--: needs hstore
CREATE EXTENSION hstore;
COMMENT ON EXTENSION hstore IS 'changed';
REVOKE EXECUTE ON FUNCTION hstore_in(cstring) FROM PUBLIC;

--: needs icu
CREATE COLLATION app.german (provider = icu, locale = 'de-u-co-phonebk', deterministic = false);

--: lacks icu
CREATE COLLATION app.german FROM "C";

CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE app.addr AS (street text, zip varchar(10) COLLATE "C");
CREATE TYPE app.frange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE app.shell;
CREATE DOMAIN app.posint AS integer DEFAULT 1 NOT NULL CONSTRAINT pos CHECK (VALUE > 0);
CREATE DOMAIN app.email AS text COLLATE "C" CHECK (VALUE ~ '@');
ALTER DOMAIN app.email ADD CONSTRAINT short CHECK (length(VALUE) < 100) NOT VALID;
CREATE SEQUENCE app.seq1 AS integer START 5 INCREMENT 2 MINVALUE 1 MAXVALUE 1000 CACHE 3 CYCLE;

CREATE TABLE app.users (
  id bigint GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 2) PRIMARY KEY,
  name text COLLATE app.german NOT NULL,
  nick varchar(20) DEFAULT 'x''y',
  amount numeric(12,2) DEFAULT 0.0 NOT NULL,
  m app.mood DEFAULT 'ok'::app.mood,
  moods app.mood[],
  a app.addr,
  e app.email,
  ts timestamptz DEFAULT '2024-01-01 00:00:00+00',
  d date DEFAULT '2024-02-01',
  span interval DEFAULT '1 day 02:00',
  raw bytea DEFAULT '\x00ff',
  path text DEFAULT 'c:\new',
  ratio float8 DEFAULT 0.1,
  price money DEFAULT '12.50',
  full_name text GENERATED ALWAYS AS (nick || '!') STORED,
  payload jsonb DEFAULT '{}'::jsonb,
  big text,
  serialcol serial,
  CONSTRAINT amount_pos CHECK (amount >= 0),
  CONSTRAINT nick_uq UNIQUE (nick) INCLUDE (amount) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT noinh CHECK (amount < 1000000) NO INHERIT
) WITH (fillfactor = 80, autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE app.users ALTER COLUMN big SET STORAGE EXTERNAL;
ALTER TABLE app.users ALTER COLUMN amount SET STATISTICS 500;
ALTER TABLE app.users ALTER COLUMN amount SET (n_distinct = 50);
ALTER TABLE app.users ADD CONSTRAINT nv CHECK (length(name) > 0) NOT VALID;
ALTER TABLE app.users ADD CONSTRAINT listed CHECK (nick IN ('a', 'b') AND amount BETWEEN 1 AND 5 AND ratio > 0);
COMMENT ON TABLE app.users IS 'users';
COMMENT ON COLUMN app.users.name IS 'the name';
COMMENT ON CONSTRAINT amount_pos ON app.users IS 'positive';

--: since 14
ALTER TABLE app.users ALTER COLUMN big SET COMPRESSION pglz;

CREATE TABLE app.orders (
  id serial PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES app.users(id) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE,
  other_id bigint,
  during tstzrange,
  qty app.posint,
  EXCLUDE USING gist (during WITH &&) WHERE (qty IS NOT NULL)
);
ALTER TABLE app.orders ADD CONSTRAINT fk_nv FOREIGN KEY (other_id) REFERENCES app.users(id) NOT VALID;
CREATE INDEX ix_expr ON app.users (lower(nick) text_pattern_ops DESC NULLS LAST, (payload->>'k'))
  INCLUDE (id) WITH (fillfactor=70) WHERE amount > 10;
CREATE INDEX ix_brin ON app.users USING brin (ts) WITH (pages_per_range=32);
CREATE INDEX ix_coll ON app.users (nick COLLATE "C");
ALTER INDEX app.ix_expr ALTER COLUMN 1 SET STATISTICS 300;
COMMENT ON INDEX app.ix_expr IS 'expr idx';
ALTER TABLE app.users CLUSTER ON ix_coll;
ALTER TABLE app.orders REPLICA IDENTITY USING INDEX orders_pkey;

--: needs pg_trgm
CREATE INDEX ix_trgm ON app.users USING gin (nick app.gin_trgm_ops);

--: before 14
CREATE STATISTICS app.st1 (dependencies, ndistinct, mcv) ON nick, amount FROM app.users;

--: since 14
CREATE STATISTICS app.st1 (dependencies, ndistinct, mcv) ON nick, amount, (lower(name)) FROM app.users;

--: since 13
ALTER STATISTICS app.st1 SET STATISTICS 200;

CREATE UNLOGGED TABLE app.unlog (k int);
CREATE TABLE app.measure (id int NOT NULL, t timestamptz NOT NULL, v float8 DEFAULT 1.1, CHECK (v > 0))
  PARTITION BY RANGE (t);
CREATE TABLE app.measure_2024 PARTITION OF app.measure (v DEFAULT 2.2)
  FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00') PARTITION BY HASH (id);
CREATE TABLE app.measure_2024_h0 PARTITION OF app.measure_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.measure_def PARTITION OF app.measure DEFAULT;
CREATE INDEX ix_measure ON app.measure (t);
ALTER TABLE app.measure ADD CONSTRAINT measure_pk PRIMARY KEY (id, t);
CREATE TABLE app.refers (id int, t timestamptz, FOREIGN KEY (id, t) REFERENCES app.measure (id, t));
CREATE TABLE app.parent (a int DEFAULT 1, b text NOT NULL, CONSTRAINT pc CHECK (a > 0));
CREATE TABLE app.child (c int) INHERITS (app.parent);
ALTER TABLE app.child ALTER COLUMN a SET DEFAULT 2;
CREATE TABLE app.typed OF app.addr (zip WITH OPTIONS NOT NULL);
CREATE TABLE audit."We ird""Tab" ("Co l" int, "select" text);

CREATE VIEW app.v_users WITH (security_barrier=true)
  AS SELECT id, name, amount FROM app.users WHERE amount > 5 WITH LOCAL CHECK OPTION;
ALTER VIEW app.v_users ALTER COLUMN amount SET DEFAULT 7;
CREATE RECURSIVE VIEW app.v_rec (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM v_rec WHERE n < 10;
COMMENT ON COLUMN app.v_users.name IS 'view col';
CREATE MATERIALIZED VIEW app.mv WITH (fillfactor=50)
  AS SELECT m, count(*) AS n FROM app.users GROUP BY m WITH NO DATA;
CREATE UNIQUE INDEX mv_ix ON app.mv (m);
COMMENT ON MATERIALIZED VIEW app.mv IS 'mv';
CREATE RULE r_del AS ON DELETE TO app.unlog DO INSTEAD NOTHING;
CREATE RULE r_ins AS ON INSERT TO app.v_rec DO INSTEAD SELECT 1;
ALTER TABLE app.unlog DISABLE RULE r_del;
COMMENT ON RULE r_del ON app.unlog IS 'rule';

CREATE FUNCTION app.f_touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.ts := now(); RETURN NEW; END $$;
CREATE FUNCTION app.f_add(a int, b int DEFAULT 2, VARIADIC c int[] DEFAULT '{}') RETURNS int
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 7 SECURITY DEFINER
  SET search_path = app, pg_catalog AS 'select a+b';
CREATE FUNCTION app.f_rows() RETURNS SETOF int LANGUAGE sql ROWS 5 AS 'select 1';
CREATE PROCEDURE app.p_do(INOUT x int) LANGUAGE plpgsql AS $$ BEGIN x := x + 1; END $$;
COMMENT ON FUNCTION app.f_touch() IS 'touch';
CREATE AGGREGATE app.mysum(int) (sfunc = int4pl, stype = int, initcond = '0', combinefunc = int4pl, parallel = safe);
CREATE TRIGGER tr_touch BEFORE UPDATE OF name, nick ON app.users
  FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION app.f_touch();
CREATE FUNCTION app.f_stmt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER tr_stmt AFTER INSERT ON app.users REFERENCING NEW TABLE AS nt
  FOR EACH STATEMENT EXECUTE FUNCTION app.f_stmt('a', 'b');
CREATE CONSTRAINT TRIGGER tr_con AFTER INSERT ON app.orders DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.f_stmt();
CREATE TRIGGER tr_part AFTER INSERT ON app.measure FOR EACH ROW EXECUTE FUNCTION app.f_stmt();
ALTER TABLE app.users DISABLE TRIGGER tr_stmt;
ALTER TABLE app.orders ENABLE ALWAYS TRIGGER tr_con;
ALTER TABLE app.measure_def DISABLE TRIGGER tr_part;
COMMENT ON TRIGGER tr_touch ON app.users IS 'trg';
CREATE FUNCTION app.f_evt() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER evt ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION app.f_evt();
ALTER EVENT TRIGGER evt DISABLE;

--: since 14
CREATE FUNCTION app.f_atomic(x int) RETURNS TABLE(y int, z text) LANGUAGE sql ROWS 5
  BEGIN ATOMIC SELECT x, 'q'::text; END;

ALTER TABLE app.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.users FORCE ROW LEVEL SECURITY;
CREATE POLICY pol_a ON app.users AS RESTRICTIVE FOR UPDATE TO ks_reader, ks_owner
  USING (amount > 0) WITH CHECK (amount < 10);
CREATE POLICY pol_b ON app.users FOR SELECT USING (true);
COMMENT ON POLICY pol_b ON app.users IS 'all';
GRANT USAGE ON SCHEMA app TO ks_reader;
GRANT SELECT, INSERT ON app.users TO ks_reader WITH GRANT OPTION;
GRANT UPDATE (name, nick) ON app.users TO ks_reader;
GRANT SELECT ON app.users TO PUBLIC;
GRANT USAGE ON SEQUENCE app.seq1 TO ks_reader;
REVOKE EXECUTE ON FUNCTION app.f_add(int, int, int[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.f_add(int, int, int[]) TO ks_reader;
GRANT USAGE ON TYPE app.mood TO ks_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO ks_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE ks_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER TABLE app.orders OWNER TO ks_owner;
ALTER SCHEMA audit OWNER TO ks_owner;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;

CREATE FUNCTION app.mood_to_int(app.mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'select 1';
CREATE CAST (app.mood AS int) WITH FUNCTION app.mood_to_int(app.mood) AS ASSIGNMENT;
CREATE FUNCTION app.addr_eq(app.addr, app.addr) RETURNS bool LANGUAGE sql IMMUTABLE AS 'select true';
CREATE OPERATOR app.=== (LEFTARG = app.addr, RIGHTARG = app.addr, FUNCTION = app.addr_eq,
  COMMUTATOR = OPERATOR(app.===), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR FAMILY app.myfam USING btree;
CREATE OPERATOR CLASS app.myops FOR TYPE int4 USING btree FAMILY app.myfam AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int4,int4);
CREATE TEXT SEARCH DICTIONARY app.plain (TEMPLATE = pg_catalog.simple, STOPWORDS = 'english');
CREATE TEXT SEARCH CONFIGURATION app.tsc (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION app.tsc ALTER MAPPING FOR asciiword WITH app.plain, simple;
CREATE TEXT SEARCH PARSER app.words (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,
  LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE app.tmpl (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE CONVERSION app.myconv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE ACCESS METHOD myheap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE audit.am_t (x int) USING myheap;
CREATE TRANSFORM FOR app.addr LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal));
COMMENT ON TYPE app.mood IS 'm';
COMMENT ON DOMAIN app.posint IS 'p';

CREATE FOREIGN DATA WRAPPER elsewhere OPTIONS (debug 'true');
CREATE SERVER srv TYPE 'kind' VERSION '1' FOREIGN DATA WRAPPER elsewhere OPTIONS (host 'x', dbname 'y');
CREATE USER MAPPING FOR ks_reader SERVER srv OPTIONS (user 'a', password 'hidden');
CREATE USER MAPPING FOR PUBLIC SERVER srv;
CREATE FOREIGN TABLE app.ft (a int OPTIONS (column_name 'aa') NOT NULL, b text)
  SERVER srv OPTIONS (schema_name 's', table_name 't');
GRANT USAGE ON FOREIGN SERVER srv TO ks_reader;

CREATE PUBLICATION pub_all FOR ALL TABLES WITH (publish = 'insert');
CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1 dbname=nope password=hidden' PUBLICATION pub
  WITH (connect=false, enabled=false, slot_name=NONE);

--: before 15
CREATE PUBLICATION pub FOR TABLE app.users, app.orders WITH (publish = 'insert, update');

--: since 15
CREATE PUBLICATION pub FOR TABLE app.users (id, name) WHERE (amount > 3), TABLE app.orders
  WITH (publish = 'insert, update', publish_via_partition_root = true);
CREATE PUBLICATION pub_s FOR TABLES IN SCHEMA audit;
