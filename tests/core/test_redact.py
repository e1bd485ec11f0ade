"""Secrets stay out of text: known ones in every form, unknown ones by their shape, and innocent text is left
alone.
"""

import json
import pickle
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.redact import Redactor, Secret

SHAPES = [
    ("postgresql://app:hunter2@db/shop", "postgresql://app:***@db/shop"),
    ("at postgresql://app:hun/t@er2@db/shop.", "at postgresql://app:***@db/shop."),
    ("host=db password=hunter2 dbname=x", "host=db password=*** dbname=x"),
    ("?sslpassword=hunter2&sslmode=require", "?sslpassword=***&sslmode=require"),
    ("PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql"),
    ("{'password': 'hun ter2', 'user': 'a'}", "{'password': '***', 'user': 'a'}"),
    ('{"password": "hunter2"}', '{"password": "***"}'),
    ("password='it''s' x", "password='***' x"),
    ("CREATE ROLE a PASSWORD 'hun''ter2' LOGIN", "CREATE ROLE a PASSWORD '***' LOGIN"),
    ("create role a password E'hunter2'", "create role a password E'***'"),
    ("LINE 1: create role a password 'hunter2", "LINE 1: create role a password '***'"),
    ("CREATE USER a IDENTIFIED BY 'hunter2'", "CREATE USER a IDENTIFIED BY '***'"),
]

INNOCENT = [
    "",
    "wrong password: check the URL",
    "the password of the database URL is badly percent-encoded",
    "postgresql://app@db/shop",
    "postgresql://db:5432/shop",
    "ALTER TABLE users ADD COLUMN password_hash text",
    "mail to me@example.org",
]


@pytest.mark.parametrize(("text", "clean"), SHAPES)
def test_what_looks_like_a_secret_is_masked(text: str, clean: str) -> None:
    assert Redactor().clean(text) == clean


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_text_is_left_alone(text: str) -> None:
    assert Redactor([Secret("hunter2")]).clean(text) == text


FORMS = ["S3cr3t", "p@ss/w:rd?#%", "it's", 'a"b\\c', "pässwörd", "with space", "a%40b", "tab\there"]


@pytest.mark.parametrize("secret", FORMS)
def test_a_known_secret_is_masked_in_every_form(secret: str) -> None:
    forms = [secret, quote(secret, safe=""), quote_plus(secret), repr(secret), secret.replace("'", "''")]
    forms += [
        json.dumps(secret, ensure_ascii=False),
        re.sub("%..", lambda code: code[0].lower(), quote(secret, safe="")),
    ]
    for form in forms:
        clean = Redactor([Secret(secret)]).clean(f"before {form} after")
        assert clean.strip("\"'").replace('"***"', "***").replace("'***'", "***") == "before *** after"


ORDINARY = [
    ("a", "a table a, a", "*** table ***, ***"),
    ("1234", "line 12345, port 1234", "line 12345, port ***"),
    ("postgres", "postgresql as postgres", "postgresql as ***"),
    ("!!", "a!!b", "a***b"),
    ("S3cr3t", "xS3cr3ty", "x***y"),
    ("", "nothing", "nothing"),
    (" ", "a b", "a b"),
]


@pytest.mark.parametrize(("secret", "text", "clean"), ORDINARY)
def test_an_ordinary_word_is_masked_only_as_a_whole(secret: str, text: str, clean: str) -> None:
    assert Redactor([Secret(secret)]).clean(text) == clean


@given(
    secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=4).filter(lambda text: text.strip()),
    before=st.text(max_size=5),
)
def test_no_known_secret_survives(secret: str, before: str) -> None:
    assert secret not in Redactor([Secret(secret)]).clean(f"{before} {secret} .").replace("***", "")


@given(st.lists(st.text(min_size=1, max_size=6), max_size=3), st.text(max_size=40))
def test_cleaning_raises_nothing(secrets: list[str], text: str) -> None:
    assert isinstance(Redactor(map(Secret, secrets)).clean(text), str)


def test_a_secret_is_not_shown_by_accident() -> None:
    secret = Secret("hunter2")
    assert f"{secret} {secret!r} {secret:>5}" == "*** Secret('***')   ***"
    assert secret == Secret("hunter2")
    assert secret != "hunter2"
    assert len({secret, Secret("hunter2")}) == 1
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)


@pytest.mark.parametrize("piece", ["://", "://a:", "password", "password='", "'", "identified ", "a", " "])
def test_the_time_is_linear(piece: str) -> None:
    # With a quadratic pattern this takes minutes: the time limit is that of whoever runs the tests.
    text = piece * (300_000 // len(piece))
    assert Redactor([Secret("hunter2")]).clean(text + " hunter2").endswith(" ***")
