"""What the tests of `verify` share: a run on the server of the tests, where the target has no place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stepwell.core.proof import Proof, Verdict, VerifyReport
    from stepwell.testing import Workshop


def verified(shop: Workshop, *versions: str, **choice: Any) -> VerifyReport:
    """What `verify` says of all migrations, or of these."""
    project = shop.project(url=None, scratch_url=shop.url)
    return shop.run(project.verify(list(versions), **choice))


def must_be(proof: Proof, verdict: Verdict, told: str = "") -> None:
    """See that a proof ends so, and that this is a part of its first reason."""
    assert proof.verdict is verdict, proof
    assert not told or told in proof.reasons[0], proof.reasons
