"""The reference application: the database of a small wellness journal."""
