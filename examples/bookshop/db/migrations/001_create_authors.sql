-- description: Create authors
-- migrate:up
CREATE TABLE authors (
    id INTEGER PRIMARY KEY,
    name VARCHAR(200) NOT NULL UNIQUE
);

-- migrate:down
DROP TABLE authors;
