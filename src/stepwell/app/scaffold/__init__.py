"""The texts that `new` and `init` write, as files beside this one. They end in `.txt`: none of them is
code of ours.
"""

from __future__ import annotations

from importlib.resources import files


def template(name: str) -> str:
    """Give the text of a template: that of the file `NAME.txt`."""
    return (files(__name__) / f"{name}.txt").read_text(encoding="utf-8")
