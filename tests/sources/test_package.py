"""Migrations in a package that is not there."""

import pytest

from stepwell.core.errors import UsageError
from stepwell.sources.package import PackageSource


@pytest.mark.parametrize("package", ["no_such_package.migrations", "", "json.decoder"])
def test_a_package_that_can_not_be_read(package: str) -> None:
    with pytest.raises(UsageError) as raised:
        PackageSource(package).read()
    assert raised.value.message.startswith(f"the package {package!r} can't be imported: ")
    assert raised.value.hint == "name an installed package, such as `package:shop.migrations`"
