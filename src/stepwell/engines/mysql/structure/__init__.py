"""The structure of a MySQL or MariaDB database as facts: what is asked, what the server prints, and what it means."""
