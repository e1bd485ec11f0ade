"""The options of a `mysql://` URL, as far as they are about TLS, to an `ssl` context. Connects nowhere."""

from __future__ import annotations

import ssl
from enum import StrEnum
from typing import TYPE_CHECKING

from stepwell.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Security(StrEnum):
    """How much a connection must be secured, by the words of MySQL's own client."""

    DISABLED = "disabled"
    PREFERRED = "preferred"
    REQUIRED = "required"
    VERIFY_CA = "verify_ca"
    VERIFY_IDENTITY = "verify_identity"


MODE_KEYS = ("ssl", "ssl_mode", "sslmode")
FILE_KEYS = ("ssl_ca", "ssl_cert", "ssl_key")
# Also the words of libpq, and plain ones.
_WORDS = {
    **{each.value: each for each in Security},
    "false": Security.DISABLED,
    "0": Security.DISABLED,
    "disable": Security.DISABLED,
    "prefer": Security.PREFERRED,
    "true": Security.REQUIRED,
    "1": Security.REQUIRED,
    "require": Security.REQUIRED,
    "verify_full": Security.VERIFY_IDENTITY,
}
_VERIFYING = frozenset({Security.VERIFY_CA, Security.VERIFY_IDENTITY})


def security(query: Mapping[str, str]) -> Security:
    """What the URL asks for; by default a secure connection where the server offers one. Raises `UsageError`."""
    given = [query[key] for key in MODE_KEYS if key in query]
    if not given:
        return Security.VERIFY_IDENTITY if "ssl_ca" in query else Security.PREFERRED
    found = _WORDS.get(given[0].lower().replace("-", "_"))
    if found is None or len(given) > 1:
        raise UsageError(
            f"the option {MODE_KEYS[0]} of the database URL is not one of {', '.join(Security)}",
            hint=f"for example ?{MODE_KEYS[0]}={Security.VERIFY_IDENTITY}",
        )
    return found


def context(query: Mapping[str, str], mode: Security) -> ssl.SSLContext | None:
    """The context for a mode; None where there is to be no TLS. Raises `UsageError` for files that can't be read."""
    if mode is Security.DISABLED:
        return None
    try:
        made = ssl.create_default_context(cafile=query.get("ssl_ca"))
        if "ssl_cert" in query:
            made.load_cert_chain(query["ssl_cert"], query.get("ssl_key"))
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"a file of the options {', '.join(FILE_KEYS)} of the database URL can't be used ({error.strerror})"
        ) from None
    made.check_hostname = mode is Security.VERIFY_IDENTITY
    made.verify_mode = ssl.CERT_REQUIRED if mode in _VERIFYING else ssl.CERT_NONE
    return made


def verifies(mode: Security) -> bool:
    """Whether the server has to prove who it is."""
    return mode in _VERIFYING
