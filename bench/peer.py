"""What the benchmark asks of a tool, and how a peer's file answers. Knows no tool by name.

A peer is one module in `peers/` with a `PEERS` tuple; adding one is adding that file.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bench.generate import Sample
from bench.server import Database


class AbsentError(Exception):
    """A peer can't take part on this machine; the message says why, for the report."""


class Verb(StrEnum):
    """What a tool is asked to do."""

    APPLY = "apply"
    NOTHING = "nothing to do"
    ROLL_BACK = "roll back"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, the variables it wants, and how often in a row it runs to do the work once."""

    arguments: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    times: int = 1


@dataclass(frozen=True, slots=True)
class Site:
    """Where a tool works: the folder it was written to (and runs in), how many migrations, which database."""

    folder: Path
    count: int
    database: Database


class Kind(StrEnum):
    """What a peer is in the comparison."""

    OURS = "ours"
    TOOL = "tool"
    YARDSTICK = "yardstick"


class Peer(Protocol):
    """A tool, or a yardstick such as the bare interpreter."""

    @property
    def name(self) -> str:
        """The name in the report."""

    @property
    def kind(self) -> Kind:
        """Ours, another tool, or a yardstick."""

    @property
    def remark(self) -> str:
        """How the tool is used, for a footnote of the report: one sentence without its full stop."""

    def install(self) -> str:
        """Make sure that the tool is here and give its version. Raises `AbsentError`."""

    def write(self, samples: Sequence[Sample], folder: Path) -> None:
        """Write the migrations, and what the tool wants beside them, into an empty folder."""

    def command(self, verb: Verb, site: Site) -> Command | None:
        """The command line that does this, or None where the tool has none."""


def all_peers() -> list[Peer]:
    """Every peer that has a file, in the order of their names."""
    package = importlib.import_module("bench.peers")
    found: list[Peer] = []
    for module in pkgutil.iter_modules(package.__path__, "bench.peers."):
        found.extend(importlib.import_module(module.name).PEERS)
    return sorted(found, key=lambda peer: peer.name)
