"""`verify` of migrations for MySQL and MariaDB, on scratch databases of their server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.verify.mysql.cases import BASE, RIGHT, WRONG
from tests.verify.test_verify import named

from stepwell.core.errors import UsageError
from stepwell.core.proof import Verdict

if TYPE_CHECKING:
    from stepwell.core.proof import Proof
    from stepwell.testing import Workshop


def proofs(shop: Workshop, *versions: str, **choice: Any) -> tuple[Proof, ...]:
    """What is proved at the URL of the workshop as the place of scratch databases."""
    return shop.run(shop.project(url=None, scratch_url=shop.url).verify(list(versions), **choice)).proofs


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_told_with_the_right_words(shop: Workshop, name: str) -> None:
    case = WRONG[name]
    shop.sql("001_base", BASE, "DROP TABLE posts;")
    shop.sql("002_case", named(case.up), named(case.down), header=case.header)
    (proof,) = proofs(shop, "002", rows=False)
    assert proof.verdict is Verdict.BROKEN
    told = named(case.told)
    assert any(told in reason for reason in proof.reasons), proof.reasons


def test_all_right_ones_are_proved(shop: Workshop) -> None:
    for number, (name, (up, down)) in enumerate(RIGHT.items(), 1):
        header = "-- idempotent: true" if name == "idempotent" else ""
        shop.sql(f"{number:03}_{name.replace(' ', '_')}", up, down, header=header)
    found = proofs(shop, rows=False)
    assert {proof.name: proof.reasons for proof in found if proof.verdict is not Verdict.PROVED} == {}
    assert len(found) == len(RIGHT) >= 30
    assert len(WRONG) >= 35
