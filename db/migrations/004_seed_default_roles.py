"""The roles that the journal's own code asks for."""

from db.migrations.base import Migration
from db.session import database

ROLES = (
    ("admin", "May do everything, and give roles to others"),
    ("editor", "May write and publish changelog entries"),
    ("member", "May keep a journal"),
)

# A role of that name that is there already stays as it is, and is not noted as ours.
ADD = """\
WITH added AS (
    INSERT INTO roles (name, description) VALUES (:name, :description)
    ON CONFLICT (name) DO NOTHING
    RETURNING id
)
INSERT INTO seeded_rows (seeded_by, table_name, row_id)
SELECT '004', 'roles', id FROM added"""

# Whoever is giving somebody one of these roles at this moment finishes first, or waits.
LOCK = """\
SELECT id FROM roles
WHERE id IN (SELECT row_id FROM seeded_rows WHERE seeded_by = '004' AND table_name = 'roles')
ORDER BY id FOR UPDATE"""

# What people have changed, or given to somebody, is theirs by now and stays.
REMOVE = """\
DELETE FROM roles
WHERE name = :name AND description = :description
AND id IN (SELECT row_id FROM seeded_rows WHERE seeded_by = '004' AND table_name = 'roles')
AND NOT EXISTS (SELECT FROM user_roles WHERE user_roles.role_id = roles.id)"""


# Of a database that was built before it had a history: whether these rows have ever been put there.
NOTED = "SELECT EXISTS (SELECT FROM seeded_rows WHERE seeded_by = '004')"


class SeedDefaultRolesMigration(Migration):
    idempotent = True

    def get_version(self) -> str:
        return "004"

    def get_name(self) -> str:
        return "seed_default_roles"

    def get_description(self) -> str:
        return "Create default roles"

    def get_dependencies(self) -> list[str]:
        return ["001"]

    async def up(self) -> None:
        for name, description in ROLES:
            await database.execute(ADD, {"name": name, "description": description})

    async def is_applied(self) -> bool:
        return bool(await database.fetch_val(NOTED))

    async def down(self) -> None:
        await database.execute(LOCK)
        for name, description in ROLES:
            await database.execute(REMOVE, {"name": name, "description": description})
        await database.execute("DELETE FROM seeded_rows WHERE seeded_by = '004'")
