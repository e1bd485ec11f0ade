"""The structure of a database as a value: snapshots, and what is different between two of them."""
