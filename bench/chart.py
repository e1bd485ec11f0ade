"""Draws bars as SVG text: one panel a load, one bar a tool. Pure; knows neither files nor measurements."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.peer import Kind

WIDTH = 760
LABELS = 170  # the column of names
VALUES = 90  # room for the number after the longest bar
BAR = 16
ROW = 22
HEAD = 34
GAP = 18

STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.head { font-weight: 600; }
.ours { fill: #0b7a75; } .tool { fill: #9aa4ae; } .yardstick { fill: #d0b35c; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .ours { fill: #2fb8b0; } .tool { fill: #6b7681; } .yardstick { fill: #b3963f; }
}"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `seconds` gives its length."""

    name: str
    kind: Kind
    seconds: float


@dataclass(frozen=True, slots=True)
class Panel:
    """The bars of one load, in the order in which they are drawn."""

    title: str
    bars: tuple[Bar, ...]

    @property
    def height(self) -> int:
        """Its height in pixels, with the gap below."""
        return HEAD + ROW * len(self.bars) + GAP


def draw(panels: Sequence[Panel], *, title: str) -> str:
    """Draw panels below each other, each on a scale of its own that begins at zero."""
    height = sum(panel.height for panel in panels) + GAP
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
    ]
    top = GAP
    for panel in panels:
        lines.extend(_panel(panel, top))
        top += panel.height
    return "\n".join([*lines, "</svg>", ""])


def _panel(panel: Panel, top: int) -> list[str]:
    longest = max((bar.seconds for bar in panel.bars), default=1.0)
    lines = [f'<text class="head" x="8" y="{top + 16}">{escape(panel.title)}</text>']
    for number, bar in enumerate(panel.bars):
        y = top + HEAD + number * ROW
        length = max(1.0, (WIDTH - LABELS - VALUES) * bar.seconds / longest)
        lines += [
            f'<text x="{LABELS - 8}" y="{y + 13}" text-anchor="end">{escape(bar.name)}</text>',
            f'<rect class="{bar.kind}" x="{LABELS}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2"/>',
            f'<text x="{LABELS + length + 6:.1f}" y="{y + 13}">{duration(bar.seconds)}</text>',
        ]
    return lines


def duration(seconds: float) -> str:
    """Seconds as people read them: milliseconds below one second."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
