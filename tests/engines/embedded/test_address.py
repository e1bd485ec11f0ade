"""Names of embedded databases, and addresses as psycopg reads them."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from stepwell.core.errors import UsageError
from stepwell.engines.embedded.address import EmbeddedAddress, checked_name, database_name


@pytest.mark.parametrize("name", ["a", "shop", "Shop-2_b", "0", "-", "x" * 40])
def test_names(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../up", "a b", "a\n", "é", "x" * 41, "a\0", "a.b"])
def test_names_that_could_lead_elsewhere(name: str) -> None:
    with pytest.raises(UsageError, match="not a name") as caught:
        checked_name(name)
    assert "at most 40" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("name", "database"),
    [
        ("shop", "shop"),
        ("my-shop", "my_shop"),
        ("postgres", "postgres_db"),
        ("template0", "template0_db"),
    ],
)
def test_databases(name: str, database: str) -> None:
    assert database_name(name) == database


@pytest.mark.parametrize("folder", ["/run/user/1000/stepwell-x", "/home/a b/ü%20&?=#/run"])
def test_the_url_and_the_parameters_say_the_same(folder: str) -> None:
    address = EmbeddedAddress(folder, 5432, "postgres", "my_shop")
    assert conninfo_to_dict(address.conninfo()) == address.parameters()
    assert address.parameters()["host"] == folder
