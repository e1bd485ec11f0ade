"""The text of SQL: tokens, statements, parameters, what kind of statement one is. No syntax tree is built."""
