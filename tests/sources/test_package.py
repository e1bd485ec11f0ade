"""Migrations in a package that is not there."""

import pytest

from stepwell.core.errors import UsageError
from stepwell.sources.package import PackageSource

HINT = "name an installed package, such as `package:shop.migrations`"


@pytest.mark.parametrize(
    ("package", "message"),
    [
        (
            "no_such_package.migrations",
            "the package 'no_such_package.migrations' can't be imported: No module named 'no_such_package'",
        ),
        ("", "the package '' can't be imported: Empty module name"),
        ("json.decoder", "'json.decoder' is a module, not a package"),
    ],
)
def test_a_package_that_can_not_be_read(package: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        PackageSource(package).read()
    assert raised.value.message == message
    assert raised.value.hint == HINT
