"""Text that may hold anything as Markdown that shows it, and does nothing else: of GitHub, and of MyST."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stepwell.render.cells import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;"}
_ACTS = re.compile(r"[\\`*\[\]{}~]|(?<![^\W_])_|_(?![^\W_])")
_EMOJI = re.compile(r":(?=[\w+-]+:)")
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp):|\b(www)\.|(?<=\w)@(?=\w)")
_BEGINS = re.compile(r"^([-+=#:%(]|\d+(?=[.)]))")
_ENDS = re.compile(r"#+$")  # of a heading, they would be its end
_TICKS = re.compile("`+")


def text(given: str) -> str:
    """A text within a line."""
    line = "".join(_ENTITIES.get(each, each) for each in one_line(given))
    line = _EMOJI.sub("&#58;", _ACTS.sub(r"\\\g<0>", line))
    line = _ADDRESS.sub(_unlinked, line)
    return _BEGINS.sub(_harmless, _ENDS.sub(lambda match: r"\#" * len(match[0]), line))


def _unlinked(match: re.Match[str]) -> str:
    """What would become a link by itself: nobody has looked at where it leads."""
    return f"{match[1]}&#58;" if match[1] else f"{match[2]}&#46;" if match[2] else "&#64;"


def _harmless(match: re.Match[str]) -> str:
    """What would begin a list, a heading or the like."""
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"


def code(given: str) -> str:
    """A text within a line, letter by letter; white space becomes one blank. Nothing for an empty one."""
    line = one_line(given)
    if not line:
        return ""
    ticks = "`" * (_longest(line) + 1)
    blank = " " if "`" in (line[0], line[-1]) else ""
    return f"{ticks}{blank}{line}{blank}{ticks}"


def block(language: str, given: str) -> list[str]:
    """The lines of a text in a block of its own, in a fence that it can't end."""
    fence = "`" * max(3, _longest(given) + 1)
    return [f"{fence}{language}", *printable(given).split("\n"), fence]


def _longest(given: str) -> int:
    return max((len(run) for run in _TICKS.findall(given)), default=0)


def link(label: str, path: str) -> str:
    """A link; the label is Markdown already."""
    return f"[{label}]({path})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], keep: Collection[str] = ()) -> list[str]:
    """A table of cells that are Markdown already; nothing for no rows.

    Columns that are empty in all rows are left out, but for those to `keep`.
    """
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    if not cells:
        return []
    shown = [index for index, name in enumerate(head) if name in keep or any(row[index] for row in cells)]
    lines = [[head[index] for index in shown], ["---"] * len(shown)]
    lines += [[row[index] for index in shown] for row in cells]
    return ["| " + " | ".join(line) + " |" for line in lines]


def page(title: str, *parts: Iterable[str]) -> str:
    """A page: its mark, its heading, and parts with a blank line between them."""
    bodies = ["\n".join(lines) for lines in map(list, parts) if lines]
    whole = "\n\n".join([MARK, f"# {title}", *bodies]) + "\n"
    return whole.encode("utf-8", "backslashreplace").decode()


MARK = "<!-- Written by stepwell docs. Edit the migrations, not this page. -->"
