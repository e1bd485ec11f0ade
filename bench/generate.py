"""The migrations that are measured, as values: a table and an index each. Peers write them as files."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One migration: `number` from 1; `up` and `down` are statements without a semicolon, in order."""

    number: int
    name: str
    up: tuple[str, ...]
    down: tuple[str, ...]

    @property
    def up_script(self) -> str:
        """The statements of `up` as a script."""
        return script(self.up)

    @property
    def down_script(self) -> str:
        """The statements of `down` as a script."""
        return script(self.down)


def script(statements: tuple[str, ...]) -> str:
    """Join statements to a script, each on lines of its own."""
    return "".join(f"{statement};\n" for statement in statements)


def table_and_index(number: int) -> Sample:
    """Make the migration of this number; the same number always gives the same migration."""
    table = f"bench_{number:05}"
    return Sample(
        number=number,
        name=f"create_{table}",
        up=(
            f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, name VARCHAR(100) NOT NULL, made_at TIMESTAMPTZ)",
            f"CREATE INDEX {table}_name_idx ON {table} (name)",
        ),
        down=(f"DROP INDEX {table}_name_idx", f"DROP TABLE {table}"),
    )


def nothing_much(number: int) -> Sample:
    """Make a migration that costs the server next to nothing, to see what planning alone costs."""
    return Sample(
        number=number, name=f"select_{number:05}", up=(f"SELECT {number}",), down=(f"SELECT -{number}",)
    )


def tables(count: int) -> list[Sample]:
    """Make the first `count` migrations with a table and an index each."""
    return [table_and_index(number) for number in range(1, count + 1)]
