"""The fingerprint that a run leaves behind, and what it says of the database as it is now. Pure.

It is that of the structure without what may differ. Compared are only two that were made in the same way: other words
of a newer server, other facts of a newer stepwell, another list of what may differ are no changes of the database.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.schema.ignoring import stripped
from stepwell.core.schema.snapshot import FORMAT
from stepwell.core.standing import Left, Standing, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.ignore import Ignore
    from stepwell.core.schema.snapshot import Snapshot


class Fingerprint(NamedTuple):
    """A fingerprint, and all of how it was made that another one has to share.

    `server` is the version of the server, `tool` that of stepwell, `ignored` what may differ.
    """

    sum: str
    server: str
    tool: str
    ignored: str = ""
    format: int = FORMAT

    def dumps(self) -> str:
        """The fingerprint as the log has it; the log has the version of stepwell itself."""
        kept = {name: value for name, value in self._asdict().items() if value and name != "tool"}
        return json.dumps(kept)


def fingerprint(snapshot: Snapshot, ignores: Sequence[Ignore], tool: str) -> Fingerprint:
    """The fingerprint of a structure without what may differ; `tool` names this stepwell."""
    patterns = "\n".join(sorted(each.pattern for each in ignores))
    ignored = hashlib.sha256(patterns.encode()).hexdigest()[:16] if ignores else ""
    return Fingerprint(stripped(snapshot, ignores).fingerprint, snapshot.server, tool, ignored)


def loads(left: Left) -> Fingerprint | None:
    """Read a fingerprint out of the log; None for what is none that this stepwell knows."""
    try:
        found = Fingerprint(**json.loads(left.text or ""), tool=left.tool or "")
    except (TypeError, ValueError):
        return None
    return found if found.format == FORMAT else None


def standing(left: Left | None, now: Fingerprint) -> Standing:
    """Compare what the last run left with what there is now."""
    before = loads(left) if left is not None else None
    why = _incomparable(left, before, now)
    same = before is not None and before.sum == now.sum
    if why is None or (same and left is not None and not left.overtaken):
        return Standing(Verdict.SAME if same else Verdict.CHANGED, now.sum, left)
    return Standing(Verdict.UNKNOWN, now.sum, left, why)


def _incomparable(left: Left | None, before: Fingerprint | None, now: Fingerprint) -> str | None:
    """Why two fingerprints that are not the same may be of the same structure."""
    if left is None:
        return "no run has left a fingerprint"
    if left.overtaken:
        return "the last run has left no fingerprint"
    if before is None:
        return f"the fingerprint is one of {left.tool}, which this version can't read"
    for what, one, other in (
        ("the server was", before.server, now.server),
        ("it was taken by", before.tool, now.tool),
    ):
        if one != other:
            return f"{what} {one}, now it is {other}"
    return "since then, other things are to be ignored" if before.ignored != now.ignored else None
