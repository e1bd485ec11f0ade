"""How the structure of a SQLite file is read: what its pragmas tell, and what only the text of its CREATEs does."""
