"""`stepwell config`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.cli.command import Command

if TYPE_CHECKING:
    from stepwell.cli.context import Context
    from stepwell.render.view import View
    from stepwell.settings import LoadedSettings


def run(context: Context) -> int:
    """Show every setting with the place it came from."""
    loaded = context.load()
    context.output.result(lambda view: _text(loaded, view), lambda: _document(loaded))
    return 0


def _rows(loaded: LoadedSettings) -> list[tuple[str, object, str]]:
    from stepwell.core.settings import SETTINGS

    rows: list[tuple[str, object, str]] = []
    for setting in SETTINGS:
        value = getattr(loaded.settings, setting.name)
        shown = _shown_url(value) if setting.secret and value is not None else value
        rows.append((setting.name, shown, str(loaded.resolved.origins[setting.name])))
    return rows


def _shown_url(url: str) -> str:
    from stepwell.core.errors import UsageError
    from stepwell.core.redact import MASK
    from stepwell.core.url import parse_url

    try:
        return parse_url(url).shown
    except UsageError as error:
        return f"{MASK} ({error})"


def _text(loaded: LoadedSettings, view: View) -> str:
    from stepwell.render.cells import one_line
    from stepwell.render.table import Cell, Column, Shrink, draw
    from stepwell.render.view import Tone

    columns = (Column("setting"), Column("value"), Column("from"))
    rows = [
        [Cell(name, Tone.STRONG), Cell(one_line(_written(value))), Cell(one_line(origin), Tone.FAINT)]
        for name, value, origin in _rows(loaded)
    ]
    lines = [
        f"root: {loaded.root}",
        f"configuration: {loaded.config_file or 'none'}",
        f"environment: {loaded.env or 'none'}",
        "",
        *draw(columns, rows, view, Shrink()),
    ]
    return "\n".join(lines) + "\n"


def _written(value: object) -> str:
    if value is None or value == ():
        return "-"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g} s" if isinstance(value, float) else str(value)


def _document(loaded: LoadedSettings) -> dict[str, Any]:
    return {
        "format": 1,
        "root": str(loaded.root),
        "config": None if loaded.config_file is None else str(loaded.config_file),
        "env": loaded.env,
        "settings": [
            {"name": name, "value": value, "origin": origin} for name, value, origin in _rows(loaded)
        ],
    }


COMMAND = Command(
    name="config",
    help="show every setting and where it came from",
    run=run,
    examples=(
        ("stepwell config", "what holds here"),
        ("stepwell config --env prod", "what would hold there"),
    ),
)
