"""The moods and meal types that a new journal offers."""

from db.migrations.base import Migration
from db.session import database

MOODS = (("awful", 1), ("bad", 2), ("okay", 3), ("good", 4), ("great", 5))
MEAL_TYPES = (("breakfast", 1), ("lunch", 2), ("dinner", 3), ("snack", 4))


class SeedInitialDataMigration(Migration):
    def get_version(self) -> str:
        return "005"

    def get_name(self) -> str:
        return "seed_initial_data"

    def get_description(self) -> str:
        return "Seed moods and meal types"

    def get_dependencies(self) -> list[str]:
        return ["001"]

    async def up(self) -> None:
        # What is there already under the same name stays as it is, and is not noted as ours.
        for name, score in MOODS:
            await database.execute(
                """
                WITH added AS (
                    INSERT INTO moods (name, score) VALUES (:name, :score)
                    ON CONFLICT (name) DO NOTHING
                    RETURNING id
                )
                INSERT INTO seeded_rows (seeded_by, table_name, row_id)
                SELECT '005', 'moods', id FROM added
                """,
                {"name": name, "score": score},
            )
        for name, position in MEAL_TYPES:
            await database.execute(
                """
                WITH added AS (
                    INSERT INTO meal_types (name, position) VALUES (:name, :position)
                    ON CONFLICT (name) DO NOTHING
                    RETURNING id
                )
                INSERT INTO seeded_rows (seeded_by, table_name, row_id)
                SELECT '005', 'meal_types', id FROM added
                """,
                {"name": name, "position": position},
            )

    async def down(self) -> None:
        await self.remove_moods()
        await self.remove_meal_types()
        await database.execute("DELETE FROM seeded_rows WHERE seeded_by = '005'")

    async def remove_moods(self) -> None:
        # Whoever is writing an entry with one of these at this moment finishes first, or waits.
        await database.execute("""
            SELECT id FROM moods
            WHERE id IN (SELECT row_id FROM seeded_rows WHERE seeded_by = '005' AND table_name = 'moods')
            ORDER BY id FOR UPDATE
        """)
        # What people have changed, or use in an entry, is theirs by now and stays.
        for name, score in MOODS:
            await database.execute(
                """
                DELETE FROM moods
                WHERE name = :name AND score = :score
                AND id IN (
                    SELECT row_id FROM seeded_rows WHERE seeded_by = '005' AND table_name = 'moods'
                )
                AND NOT EXISTS (SELECT FROM mood_entries WHERE mood_entries.mood_id = moods.id)
                """,
                {"name": name, "score": score},
            )

    async def remove_meal_types(self) -> None:
        await database.execute("""
            SELECT id FROM meal_types
            WHERE id IN (SELECT row_id FROM seeded_rows WHERE seeded_by = '005' AND table_name = 'meal_types')
            ORDER BY id FOR UPDATE
        """)
        for name, position in MEAL_TYPES:
            await database.execute(
                """
                DELETE FROM meal_types
                WHERE name = :name AND position = :position
                AND id IN (
                    SELECT row_id FROM seeded_rows WHERE seeded_by = '005' AND table_name = 'meal_types'
                )
                AND NOT EXISTS (SELECT FROM meals WHERE meals.meal_type_id = meal_types.id)
                """,
                {"name": name, "position": position},
            )
