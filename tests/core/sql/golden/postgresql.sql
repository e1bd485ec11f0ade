-- A comment that goes; what is in quotes stays.
CREATE TABLE   app."Users" (
    id    bigint GENERATED ALWAYS AS IDENTITY,   -- the key
    name  text DEFAULT 'it''s -- no comment',
    path  text DEFAULT E'a\'b;\n',
    tags  text[] CHECK (tags[1:2] <> '{}'::text[] AND id >=-1)
);

/* outer /* inner; */ still outer */
/*+ SeqScan(a) */ SELECT $1, :name, U&"d\0061ta", 1_000.5e-3, a->>'b' FROM t;
DO $do$
BEGIN
    PERFORM $$ -- not a comment $$;
END
$do$;
CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;
COPY t FROM STDIN;
1	-- data
\.
