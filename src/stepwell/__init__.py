"""stepwell: incremental database migrations for Python.

Public names are loaded when they are first used, so that `import stepwell` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stepwell.author import Migration, database
    from stepwell.project import Project
    from stepwell.shortest import migrate, rollback, status

__version__ = "0.1.0"

_WHERE = {
    "Migration": "stepwell.author",
    "database": "stepwell.author",
    "Project": "stepwell.project",
    "migrate": "stepwell.shortest",
    "rollback": "stepwell.shortest",
    "status": "stepwell.shortest",
}

__all__ = ["Migration", "Project", "__version__", "database", "migrate", "rollback", "status"]


def __getattr__(name: str) -> Any:
    return _loaded(name, _WHERE, globals())


def _loaded(name: str, where: dict[str, str], names: dict[str, Any]) -> Any:
    """A public name of a module whose `names` these are, out of the module where it is. Raises `AttributeError`."""
    if (module := where.get(name)) is None:
        raise AttributeError(f"module {names['__name__']!r} has no attribute {name!r}")
    from importlib import import_module

    names[name] = getattr(import_module(module), name)  # the next one to ask does not get here
    return names[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
