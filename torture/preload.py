"""Imports everything that a run may need, once, so that forked children find it loaded."""

from __future__ import annotations

import importlib
import pkgutil

import stepwell

LEFT_OUT = ("stepwell.cli", "stepwell.testing", "stepwell.render", "stepwell.__main__")


def preload() -> None:
    """Import the package, but for what no run uses."""
    for module in pkgutil.walk_packages(stepwell.__path__, "stepwell."):
        if not module.name.startswith(LEFT_OUT):
            importlib.import_module(module.name)
