"""The moods and meal types that a new journal offers."""

from db.migrations.base import Migration
from db.session import database

MOODS = (("awful", 1), ("bad", 2), ("okay", 3), ("good", 4), ("great", 5))
MEAL_TYPES = (("breakfast", 1), ("lunch", 2), ("dinner", 3), ("snack", 4))

# What is there already under the same name stays as it is, and is not noted as ours.
ADD_MOOD = """\
WITH added AS (
    INSERT INTO moods (name, score) VALUES (:name, :score)
    ON CONFLICT (name) DO NOTHING
    RETURNING id
)
INSERT INTO seeded_rows (seeded_by, table_name, row_id)
SELECT '005', 'moods', id FROM added"""

ADD_MEAL_TYPE = """\
WITH added AS (
    INSERT INTO meal_types (name, position) VALUES (:name, :position)
    ON CONFLICT (name) DO NOTHING
    RETURNING id
)
INSERT INTO seeded_rows (seeded_by, table_name, row_id)
SELECT '005', 'meal_types', id FROM added"""

# Whoever is writing an entry with one of these at this moment finishes first, or waits.
LOCK_MOODS = """\
SELECT id FROM moods
WHERE id IN (SELECT row_id FROM seeded_rows WHERE seeded_by = '005' AND table_name = 'moods')
ORDER BY id FOR UPDATE"""

LOCK_MEAL_TYPES = """\
SELECT id FROM meal_types
WHERE id IN (SELECT row_id FROM seeded_rows WHERE seeded_by = '005' AND table_name = 'meal_types')
ORDER BY id FOR UPDATE"""

# What people have changed, or use in an entry, is theirs by now and stays.
REMOVE_MOOD = """\
DELETE FROM moods
WHERE name = :name AND score = :score
AND id IN (SELECT row_id FROM seeded_rows WHERE seeded_by = '005' AND table_name = 'moods')
AND NOT EXISTS (SELECT FROM mood_entries WHERE mood_entries.mood_id = moods.id)"""

REMOVE_MEAL_TYPE = """\
DELETE FROM meal_types
WHERE name = :name AND position = :position
AND id IN (SELECT row_id FROM seeded_rows WHERE seeded_by = '005' AND table_name = 'meal_types')
AND NOT EXISTS (SELECT FROM meals WHERE meals.meal_type_id = meal_types.id)"""


# Of a database that was built before it had a history: whether these rows have ever been put there.
NOTED = "SELECT EXISTS (SELECT FROM seeded_rows WHERE seeded_by = '005')"


class SeedInitialDataMigration(Migration):
    idempotent = True

    def get_version(self) -> str:
        return "005"

    def get_name(self) -> str:
        return "seed_initial_data"

    def get_description(self) -> str:
        return "Seed moods and meal types"

    def get_dependencies(self) -> list[str]:
        return ["001"]

    async def up(self) -> None:
        for name, score in MOODS:
            await database.execute(ADD_MOOD, {"name": name, "score": score})
        for name, position in MEAL_TYPES:
            await database.execute(ADD_MEAL_TYPE, {"name": name, "position": position})

    async def is_applied(self) -> bool:
        return bool(await database.fetch_val(NOTED))

    async def down(self) -> None:
        await database.execute(LOCK_MOODS)
        for name, score in MOODS:
            await database.execute(REMOVE_MOOD, {"name": name, "score": score})
        await database.execute(LOCK_MEAL_TYPES)
        for name, position in MEAL_TYPES:
            await database.execute(REMOVE_MEAL_TYPE, {"name": name, "position": position})
        await database.execute("DELETE FROM seeded_rows WHERE seeded_by = '005'")
