"""The tests that every project has: each migration goes up, down and up again, and they fit together."""

from stepwell.testing import MigrationTests


class TestMigrations(MigrationTests):
    """Nothing of our own."""
