"""The texts that `init` writes, as files beside this one, and the templates of `new` in a folder. They end in `.txt`:
none of them is code of ours.
"""

from __future__ import annotations

from importlib.resources import files


def template(name: str) -> str:
    """Give the text of a file to write: that of the file `NAME.txt`."""
    return (files(__name__) / f"{name}.txt").read_text(encoding="utf-8")
