"""The handle through which this project's migrations reach the database of the running step."""

from stepwell import database

__all__ = ["database"]
