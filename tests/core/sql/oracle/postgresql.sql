-- Everything in which a semicolon does not end a statement; run whole by psql and statement by statement by us.
CREATE SCHEMA app; CREATE TABLE app.users (id int PRIMARY KEY, name text DEFAULT 'a;b', "odd;name" text);
/* a comment; /* with another; inside */ and its rest; */
CREATE FUNCTION app.plain() RETURNS text LANGUAGE sql AS 'SELECT ''a;b''; SELECT ''c''';
CREATE FUNCTION app.dollar() RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
    EXECUTE $$SELECT ';$other$'; $$; -- it's
    /* $body */ PERFORM 1;
END;
$body$;
CREATE OR REPLACE FUNCTION app.standard(a int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN a > 1 THEN CASE a WHEN 2 THEN 3 ELSE 4 END END AS first;
    SELECT 5 AS second;
END;
CREATE PROCEDURE app.nothing() BEGIN ATOMIC END;
CREATE FUNCTION app.expression(a int) RETURNS int RETURN a + 1; SELECT 1; ; ;
CREATE TABLE app.log (what text, at int);
CREATE RULE users_rule AS ON DELETE TO app.users
    DO ALSO (INSERT INTO app.log VALUES ('deleted;', old.id); NOTIFY changed);
INSERT INTO app.log VALUES (E'a\';b', 1), ('c\', 2), (U&'\0041;', 3), ('--', 4), ('/*', 5), ($$;$$, 6);
INSERT INTO app.log VALUES ('it''s'
    ' still; the same', 7);
INSERT INTO app.log SELECT "odd;name", array_length((ARRAY[1, 2, 3])[2:3], 1) FROM (SELECT ';' AS "odd;name") AS x;
INSERT INTO app.log SELECT 'minus', 3 - -1*-2; -- a comment; with 'quotes
COPY app.users (id, name) FROM STDIN;
1	it's; "quoted" -- and $$ more
2	\N
3	\\. not the end
\.
COPY app.log FROM STDIN WITH (FORMAT text); -- a comment behind
a;\nb'	8
c,	9
\.
COMMENT ON TABLE app.users IS 'one;'
    ' two'
    ;
CREATE VIEW app.names AS SELECT name || ';' AS n FROM app.users WHERE name ~ E'^\\w+;'
