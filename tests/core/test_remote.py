"""Which hosts are this machine, and what is said of a connection to any other."""

import pytest

from stepwell.core.remote import is_local, unproven

LOCAL = ("", "localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "/run/postgresql", "@abstract")
REMOTE = (
    "db",
    "db.example",
    "10.0.0.1",
    "localhost.example",
    "127.0.0.1.example",
    "2001:db8::1",
    "::2",
    "127",
)


@pytest.mark.parametrize("host", LOCAL)
def test_this_machine(host: str) -> None:
    assert is_local(host)
    assert unproven(host, "sslmode=disable", encrypted=False, proven=False, demand="?x") is None


@pytest.mark.parametrize("host", REMOTE)
def test_another_machine(host: str) -> None:
    assert not is_local(host)
    assert unproven(host, "sslmode=verify-full", encrypted=True, proven=True, demand="?x") is None
    for encrypted in (True, False):
        warning = unproven(host, "sslmode=prefer", encrypted=encrypted, proven=False, demand="?x")
        assert warning is not None
        assert host in warning
        assert ("not encrypted" in warning) is not encrypted
