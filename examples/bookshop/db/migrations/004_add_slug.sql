-- description: Add the last part of the address of a book's page
-- depends: 003
-- migrate:up
ALTER TABLE books ADD COLUMN slug VARCHAR(250);

-- migrate:down
ALTER TABLE books DROP COLUMN slug;
