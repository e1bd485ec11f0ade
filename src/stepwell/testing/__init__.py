"""For tests: databases with migrations applied, proofs of migrations, and the suite that an engine must pass.

Public names are loaded when they are first used. Nothing here needs pytest, except `MigrationTests`; the plugin for it
is `stepwell.pytest_plugin`. All of it is async; `stepwell.testing.blocking` has the same for those who do not await.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell import _loaded

if TYPE_CHECKING:
    from stepwell.app.databases import Database
    from stepwell.testing.conformance import EngineConformance
    from stepwell.testing.databases import migrated_database
    from stepwell.testing.generated import MigrationTests
    from stepwell.testing.proofs import (
        assert_clean,
        assert_models_match,
        assert_no_drift,
        assert_one_head,
        assert_rolls_back,
        assert_verified,
    )
    from stepwell.testing.suite import Suite, cases
    from stepwell.testing.workshop import Workshop

_WHERE = {
    "Database": "stepwell.app.databases",
    "EngineConformance": "stepwell.testing.conformance",
    "MigrationTests": "stepwell.testing.generated",
    "Suite": "stepwell.testing.suite",
    "Workshop": "stepwell.testing.workshop",
    "assert_clean": "stepwell.testing.proofs",
    "assert_models_match": "stepwell.testing.proofs",
    "assert_no_drift": "stepwell.testing.proofs",
    "assert_one_head": "stepwell.testing.proofs",
    "assert_rolls_back": "stepwell.testing.proofs",
    "assert_verified": "stepwell.testing.proofs",
    "cases": "stepwell.testing.suite",
    "migrated_database": "stepwell.testing.databases",
}

__all__ = [
    "Database",
    "EngineConformance",
    "MigrationTests",
    "Suite",
    "Workshop",
    "assert_clean",
    "assert_models_match",
    "assert_no_drift",
    "assert_one_head",
    "assert_rolls_back",
    "assert_verified",
    "cases",
    "migrated_database",
]


def __getattr__(name: str) -> Any:
    return _loaded(name, _WHERE, globals())


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
