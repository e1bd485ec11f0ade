-- description: Let no two books have one address
-- depends: 005
-- migrate:up
CREATE UNIQUE INDEX books_slug_key ON books (slug);

-- migrate:down
DROP INDEX books_slug_key;
