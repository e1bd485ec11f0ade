"""Columns that fit: which of them shrink, which are left out, and never a line that is too long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell.render.cells import cut, pad, width
from stepwell.render.view import Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stepwell.render.view import View

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Cell:
    """A text and its tone."""

    text: str
    tone: Tone | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, and a shorter one for when it has to shrink."""

    header: str
    short: str | None = None

    def title(self, columns: int) -> str:
        """The header that fits best."""
        return self.header if self.short is None or width(self.header) <= columns else self.short


@dataclass(frozen=True, slots=True)
class Shrink:
    """Where room comes from, one after the other: columns that shrink down to a floor, then columns left
    out.
    """

    floors: tuple[tuple[int, int], ...] = ()
    leave_out: tuple[int, ...] = ()


def draw(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], view: View, shrink: Shrink) -> list[str]:
    """Give the lines of a table: headers, then rows, each at most as wide as the view."""
    widths = fit(_natural(columns, rows), view.width, shrink)
    titles = [
        Cell(column.title(columns_wide), Tone.STRONG)
        for column, columns_wide in zip(columns, widths, strict=True)
    ]
    return [_line(row, widths, view) for row in (titles, *rows)]


def _natural(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> list[int]:
    natural = [width(column.header) for column in columns]
    for row in rows:
        natural = [max(known, width(cell.text)) for known, cell in zip(natural, row, strict=True)]
    return natural


def fit(natural: Sequence[int], room: int | None, shrink: Shrink) -> list[int]:
    """Decide the width of each column; 0 leaves it out."""
    widths = list(natural)
    if room is None:
        return widths
    gone: set[int] = set()
    for left_out in (None, *shrink.leave_out):
        if left_out is not None:
            gone.add(left_out)
        widths = [0 if index in gone else columns for index, columns in enumerate(natural)]
        for index, floor in shrink.floors:
            excess = _total(widths) - room
            if excess > 0 and widths[index] > floor:
                widths[index] = max(floor, widths[index] - excess)
        if _total(widths) <= room:
            break
    return widths


def _total(widths: Sequence[int]) -> int:
    shown = [columns for columns in widths if columns]
    return sum(shown) + len(_GAP) * max(0, len(shown) - 1)


def _line(row: Sequence[Cell], widths: Sequence[int], view: View) -> str:
    shown = [(cell, columns) for cell, columns in zip(row, widths, strict=True) if columns]
    parts = [_fill(cell, columns, view) for cell, columns in shown]
    return _GAP.join(parts).rstrip()


def _fill(cell: Cell, columns: int, view: View) -> str:
    text = cut(cell.text, columns, view.ellipsis)
    return view.paint(text, cell.tone) + pad("", columns - width(text))
