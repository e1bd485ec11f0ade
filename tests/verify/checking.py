"""What the tests of `verify` share: a run on the server of the tests, where the target has no place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stepwell.core.proof import VerifyReport
    from stepwell.testing import Workshop


def verified(shop: Workshop, *versions: str, **choice: Any) -> VerifyReport:
    """What `verify` says of all migrations, or of these."""
    project = shop.project(url=None, scratch_url=shop.url)
    return shop.run(project.verify(list(versions), **choice))
