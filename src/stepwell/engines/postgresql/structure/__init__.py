"""How the structure of a PostgreSQL database is read: a question for each kind, all in one short transaction."""
