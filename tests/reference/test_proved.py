"""The migrations of the reference application are proved, as everybody's should be in CI."""

from collections.abc import Callable
from typing import Any

Run = Callable[..., dict[str, Any]]


def test_all_five_are_proved(run: Run, postgresql_server: str) -> None:
    place = ("--scratch-url", postgresql_server, "--scratch", "same-server")
    document = run("verify", "--strict", "--no-cache", *place)
    assert document["counts"]["proved"] == len(document["migrations"]) == 5, document["migrations"]
