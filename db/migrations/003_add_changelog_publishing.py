"""Give changelog entries an author and a moment at which readers see them."""

from db.migrations.base import Migration
from db.session import database


class AddChangelogPublishingMigration(Migration):
    def get_version(self) -> str:
        return "003"

    def get_name(self) -> str:
        return "add_changelog_publishing"

    def get_description(self) -> str:
        return "Add publishing fields to changelog"

    def get_dependencies(self) -> list[str]:
        return ["001"]

    async def up(self) -> None:
        # Entries that exist already are drafts: nobody has published them, and nobody knows who wrote them.
        await database.execute("""
            ALTER TABLE changelog
                ADD COLUMN version VARCHAR(50),
                ADD COLUMN author_id BIGINT
                    CONSTRAINT changelog_author_id_fkey REFERENCES users (id) ON DELETE SET NULL,
                ADD COLUMN is_published BOOLEAN NOT NULL DEFAULT FALSE,
                ADD COLUMN published_at TIMESTAMPTZ,
                ADD CONSTRAINT changelog_published_check CHECK (is_published = (published_at IS NOT NULL))
        """)
        await database.execute("CREATE INDEX changelog_author_id_idx ON changelog (author_id)")
        await database.execute(
            "CREATE INDEX changelog_published_at_idx ON changelog (published_at DESC) WHERE is_published"
        )

    async def down(self) -> None:
        await database.execute("DROP INDEX changelog_published_at_idx")
        await database.execute("DROP INDEX changelog_author_id_idx")
        await database.execute("""
            ALTER TABLE changelog
                DROP CONSTRAINT changelog_published_check,
                DROP COLUMN published_at,
                DROP COLUMN is_published,
                DROP COLUMN author_id,
                DROP COLUMN version
        """)
