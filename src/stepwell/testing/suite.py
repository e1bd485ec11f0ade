"""What every part of the suite stands on: what an engine's test class has to give, and cases as data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from stepwell.testing.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stepwell.testing.workshop import Row

Test = TypeVar("Test", bound=Callable[..., None])
_CASES = "stepwell_cases"


def cases(name: str, values: Mapping[str, object]) -> Callable[[Test], Test]:
    """Run a test once for every value, which it gets as the argument `name`; the keys are shown as its id."""

    def mark(test: Test) -> Test:
        setattr(test, _CASES, (name, values))
        return test

    return mark


class Suite:
    """Give a fixture `url` with a new, empty database for each test, and the members below.

    Assertions read best with `pytest.register_assert_rewrite("stepwell.testing")` in a conftest.
    """

    # The table of an older runner with seven columns, as the engine's people write it; `{table}` stands for its name.
    seven_columns: ClassVar[str]
    # What else may stand under the name of the history table and can't be trusted: the statements that make it.
    foreign_tables: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    # A statement that the engine refuses, which is no syntax error, and what it calls the error (SQLSTATE, if it has).
    failing: ClassVar[tuple[str, str]]

    # Whether an INSERT can give rows: whether there is RETURNING.
    returning: ClassVar[bool] = True

    # How an index is dropped; `{index}` and `{table}` stand for the names.
    drop_index: ClassVar[str] = "DROP INDEX {index}"

    def ask(self, url: str, sql: str) -> list[Row]:
        """Run one statement on the database by its driver, outside of stepwell; commit; give the rows, if any."""
        raise NotImplementedError

    def workshop(self, url: str, folder: Path) -> Workshop:
        """Migrations in a new folder, for this database."""
        return Workshop(url, folder, lambda sql: self.ask(url, sql))

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Called by pytest for every test of the class: what `cases` marked becomes parameters."""
        if found := getattr(metafunc.function, _CASES, None):
            name, values = found
            metafunc.parametrize(name, list(values.values()), ids=list(values))
