-- description: Create books
-- depends: 001
-- migrate:up
CREATE TABLE books (
    id INTEGER PRIMARY KEY,
    author_id INTEGER NOT NULL REFERENCES authors (id),
    title VARCHAR(200) NOT NULL,
    price INTEGER NOT NULL CHECK (price >= 0)
);
CREATE INDEX books_author_id_idx ON books (author_id);

-- migrate:down
DROP TABLE books;
