"""Rows for a rehearsal: values that fit the tables of a database, and what became of rows. Pure: the engines insert."""
