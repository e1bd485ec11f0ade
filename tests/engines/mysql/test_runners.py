"""Many runners at once, where each statement of one can be seen by the others at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepwell.testing import Workshop


def test_eight_processes_on_an_empty_database(shop: Workshop) -> None:
    """Tables of the tool, and of migrations, appear while the others read and plan."""
    numbers = range(1, 16)
    for number in numbers:
        shop.sql(
            f"{number:03}_step",
            f"CREATE TABLE t{number} (id INTEGER);\nINSERT INTO t{number} VALUES (1);\n"
            f"ALTER TABLE t{number} ADD COLUMN more INTEGER;",
        )
    running = [shop.process() for _ in range(8)]
    done = [json.loads(process.communicate(timeout=60)[0]) for process in running]
    assert [each["exit"] for each in done] == [0] * 8, done
    steps = [step for each in done for step in each["steps"]]
    assert sorted(steps) == [f"{number:03} applied" for number in numbers]
    assert len(shop.told()) == len(numbers)
    for number in numbers:
        assert shop.column(f"SELECT count(*) FROM t{number}") == [1]
