"""The tables of the journal as it first went live."""

from db.migrations.base import Migration
from db.session import database


class InitialSchemaMigration(Migration):
    def get_version(self) -> str:
        return "001"

    def get_name(self) -> str:
        return "initial_schema"

    def get_description(self) -> str:
        return "Create initial database schema"

    def get_dependencies(self) -> list[str]:
        return []

    async def up(self) -> None:
        await self.create_people()
        await self.create_moods()
        await self.create_meals()
        await self.create_changelog()
        await self.create_seeded_rows()

    async def down(self) -> None:
        await database.execute("DROP TABLE seeded_rows")
        await database.execute("DROP TABLE changelog")
        await database.execute("DROP TABLE meals")
        await database.execute("DROP TABLE meal_types")
        await database.execute("DROP TABLE mood_entries")
        await database.execute("DROP TABLE moods")
        await database.execute("DROP TABLE user_roles")
        await database.execute("DROP TABLE roles")
        await database.execute("DROP TABLE users")

    async def create_people(self) -> None:
        await database.execute("""
            CREATE TABLE users (
                id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                username VARCHAR(50) NOT NULL CHECK (username <> ''),
                display_name VARCHAR(100) NOT NULL,
                created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
            )
        """)
        await database.execute("CREATE UNIQUE INDEX users_username_key ON users (lower(username))")
        await database.execute("""
            CREATE TABLE roles (
                id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                name VARCHAR(50) NOT NULL UNIQUE CHECK (name = lower(name) AND name <> ''),
                description VARCHAR(255) NOT NULL DEFAULT ''
            )
        """)
        await database.execute("""
            CREATE TABLE user_roles (
                user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                role_id INTEGER NOT NULL REFERENCES roles (id) ON DELETE RESTRICT,
                granted_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
                PRIMARY KEY (user_id, role_id)
            )
        """)
        await database.execute("CREATE INDEX user_roles_role_id_idx ON user_roles (role_id)")

    async def create_moods(self) -> None:
        await database.execute("""
            CREATE TABLE moods (
                id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                name VARCHAR(50) NOT NULL UNIQUE CHECK (name = lower(name) AND name <> ''),
                score SMALLINT NOT NULL CHECK (score BETWEEN 1 AND 5)
            )
        """)
        await database.execute("""
            CREATE TABLE mood_entries (
                id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                mood_id INTEGER NOT NULL REFERENCES moods (id) ON DELETE RESTRICT,
                note TEXT,
                felt_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
            )
        """)
        await database.execute(
            "CREATE INDEX mood_entries_user_id_felt_at_idx ON mood_entries (user_id, felt_at DESC)"
        )
        await database.execute("CREATE INDEX mood_entries_mood_id_idx ON mood_entries (mood_id)")

    async def create_meals(self) -> None:
        await database.execute("""
            CREATE TABLE meal_types (
                id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                name VARCHAR(50) NOT NULL UNIQUE CHECK (name = lower(name) AND name <> ''),
                position SMALLINT NOT NULL DEFAULT 0 CHECK (position >= 0)
            )
        """)
        await database.execute("""
            CREATE TABLE meals (
                id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                meal_type_id INTEGER NOT NULL REFERENCES meal_types (id) ON DELETE RESTRICT,
                description TEXT NOT NULL,
                calories INTEGER CHECK (calories >= 0),
                eaten_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
            )
        """)
        await database.execute("CREATE INDEX meals_user_id_eaten_at_idx ON meals (user_id, eaten_at DESC)")
        await database.execute("CREATE INDEX meals_meal_type_id_idx ON meals (meal_type_id)")

    async def create_changelog(self) -> None:
        await database.execute("""
            CREATE TABLE changelog (
                id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                title VARCHAR(200) NOT NULL CHECK (title <> ''),
                body TEXT NOT NULL DEFAULT '',
                kind VARCHAR(20) NOT NULL DEFAULT 'changed'
                    CHECK (kind IN ('added', 'changed', 'fixed', 'removed')),
                created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
            )
        """)
        await database.execute("CREATE INDEX changelog_created_at_idx ON changelog (created_at DESC)")

    async def create_seeded_rows(self) -> None:
        # Data migrations note here which rows are theirs: their down() tells them from what people added.
        await database.execute("""
            CREATE TABLE seeded_rows (
                seeded_by VARCHAR(50) NOT NULL,
                table_name VARCHAR(63) NOT NULL,
                row_id BIGINT NOT NULL,
                PRIMARY KEY (table_name, row_id)
            )
        """)
        await database.execute("CREATE INDEX seeded_rows_seeded_by_idx ON seeded_rows (seeded_by)")
