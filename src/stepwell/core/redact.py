"""Secrets, and keeping them out of text that is read. It hides text, it encrypts nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"

_SHORT = 4  # characters; below this, a secret turns up by chance

# Text that looks like a secret whether or not we know it: (pattern, replacement).
_SHAPES = (
    # scheme://user:SECRET@host. Greedy up to the last `@`: a badly encoded secret may hold `/`, `:` and `@`.
    # The bounds keep the time linear in whatever text.
    (r"(://[^\s/:@'\"]{0,256}:)[^\s'\"]{0,512}@", rf"\1{MASK}@"),
    # password='SECRET', "password": "SECRET"
    (
        r"(?i)((?:password|passwd|passphrase|pwd)[\"']?\s*[=:]\s*)([\"'])(?:\2\2|(?!\2).)*\2",
        rf"\1\2{MASK}\2",
    ),
    # password=SECRET in a connection string or in the query of a URL
    (r"(?i)((?:password|passwd|passphrase|pwd)\s?=\s?)(?![\"'\s*])[^\s&;,'\")]+", rf"\1{MASK}"),
    # CREATE ROLE ... PASSWORD 'SECRET'; IDENTIFIED BY 'SECRET'
    (r"(?i)(\b(?:password|identified\s+by)\s+e?)'(?:[^'\\]|''|\\.)*'?", rf"\1'{MASK}'"),
)


class Secret:
    """A text that no representation shows; `reveal()` gives it to a driver, and to nothing else."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text itself."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        return format(MASK, format_spec)

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


class Redactor:
    """Masks secrets in text: those it was given, in every form they take, and whatever has a secret's shape.

    A secret that could be an ordinary word or number (`postgres`, `1234`, `a`) is masked only where it stands
    as a whole word: masking it inside of others would leave nothing readable.
    """

    __slots__ = ("_known", "secrets")

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self.secrets = tuple(secrets)
        forms = {form for secret in self.secrets for form in _forms(secret.reveal())}
        alternatives = [_pattern(form) for form in sorted(forms, key=lambda form: (-len(form), form))]
        self._known = re.compile("|".join(alternatives)) if alternatives else None

    def clean(self, text: str) -> str:
        """Give the text with each secret replaced by `***`."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for pattern, replacement in _SHAPES:
            text = re.sub(pattern, replacement, text)
        return text


def _forms(secret: str) -> Iterable[str]:
    """The forms in which drivers, servers and tracebacks repeat a secret."""
    from urllib.parse import quote, quote_plus, unquote  # not before there is a secret

    forms = {
        secret,
        unquote(secret),
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        repr(secret)[1:-1],
        secret.replace("'", "''"),
        secret.replace("'", "\\'").replace('"', '\\"'),
        secret.replace("\\", "\\\\").replace('"', '\\"'),
        secret.encode("unicode_escape").decode("ascii"),
    }
    forms |= {re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in forms}
    return (form for form in forms if form.strip())


def _pattern(form: str) -> str:
    if not _ordinary(form):
        return re.escape(form)
    before = r"(?<!\w)" if re.match(r"\w", form) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", form) else ""
    return before + re.escape(form) + after


def _ordinary(form: str) -> bool:
    """Whether this could well be a part of innocent text: very short, only digits, or letters of one case."""
    one_case = form.islower() or form.isupper()
    return len(form) < _SHORT or form.isdigit() or (form.isalpha() and one_case)
