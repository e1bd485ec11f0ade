"""What stands between a text and its tree: the interpreter's own faults."""

from __future__ import annotations

import ast
import gc

from stepwell.core.files.pytree import parse_tree

TEXT = "x = f(g(h([1, {2: 3}])))\n" * 100


class Litter:
    """A piece of garbage whose end parses Python, as writing a traceback does."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        ast.parse("a = [1, 2, [3, (4, 5)]]")


def test_garbage_that_parses_when_it_is_collected_harms_nobody() -> None:
    before = gc.get_threshold()
    gc.set_threshold(50)
    try:
        for _ in range(60):
            for _ in range(3):
                Litter()
            assert len(parse_tree(TEXT, "001.py").body) == 100
    finally:
        gc.set_threshold(*before)
