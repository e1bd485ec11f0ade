"""Let people sign in."""

from db.migrations.base import Migration
from db.session import database


class AddUserAuthenticationMigration(Migration):
    def get_version(self) -> str:
        return "002"

    def get_name(self) -> str:
        return "add_user_authentication"

    def get_description(self) -> str:
        return "Add auth fields to users table"

    def get_dependencies(self) -> list[str]:
        return ["001"]

    async def up(self) -> None:
        # Users who exist already have neither address nor password until they give one: both may be empty.
        await database.execute("""
            ALTER TABLE users
                ADD COLUMN email VARCHAR(254) CONSTRAINT users_email_check CHECK (email LIKE '_%@%_'),
                ADD COLUMN password_hash VARCHAR(255),
                ADD COLUMN is_active BOOLEAN NOT NULL DEFAULT TRUE,
                ADD COLUMN last_login_at TIMESTAMPTZ
        """)
        # One address, one account, however it is spelled: mail hosts don't tell Ann@ from ann@.
        await database.execute("CREATE UNIQUE INDEX users_email_key ON users (lower(email))")

    async def down(self) -> None:
        await database.execute("DROP INDEX users_email_key")
        await database.execute("""
            ALTER TABLE users
                DROP COLUMN last_login_at,
                DROP COLUMN is_active,
                DROP COLUMN password_hash,
                DROP COLUMN email
        """)
