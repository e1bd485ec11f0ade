"""Which value of a setting holds, and how a wrong one is told."""

import pytest

from stepwell.core.errors import Place, UsageError
from stepwell.core.ignore import Ignore
from stepwell.core.settings import (
    BY_NAME,
    SETTINGS,
    Atomic,
    Given,
    Numbering,
    Origin,
    OriginKind,
    Settings,
    resolve,
)


def given(value: object, kind: OriginKind = OriginKind.CONFIG, line: int | None = 7) -> Given:
    return Given(value, Origin(kind, "somewhere", Place("stepwell.toml", line)))


def test_without_anything_the_defaults_hold() -> None:
    resolved = resolve([])
    assert resolved.settings == Settings()
    assert {str(origin) for origin in resolved.origins.values()} == {"default"}
    assert set(resolved.origins) == {setting.name for setting in SETTINGS} == set(Settings.__slots__)


def test_the_first_layer_that_gives_a_setting_wins() -> None:
    resolved = resolve(
        [{"table": given("first", OriginKind.FLAG)}, {"table": given("second"), "role": given("app")}]
    )
    assert (resolved.settings.table, resolved.settings.role) == ("first", "app")
    assert resolved.origins["table"].kind is OriginKind.FLAG
    assert resolved.origins["role"].kind is OriginKind.CONFIG


ACCEPTED = [
    ("url", " sqlite:///x.db ", "sqlite:///x.db"),
    ("migrations", "a, b", ("a", "b")),
    ("migrations", ["a", "package:b"], ("a", "package:b")),
    ("trusted_owners", "app", ("app",)),
    ("atomic", "migration", Atomic.MIGRATION),
    ("numbering", "timestamp", Numbering.TIMESTAMP),
    ("lock_wait", "2min", 120.0),
    ("lock_timeout", "250ms", 0.25),
    ("statement_timeout", 3, 3.0),
    ("idle_timeout", "0", 0.0),
    ("scratch", "same-server", "same-server"),
    ("table", "t" * 59, "t" * 59),
    ("ignore", [], ()),
    (
        "ignore",
        [{"pattern": "index  tmp_*", "reason": " made by\na job "}],
        (Ignore("index tmp_*", "made by a job"),),
    ),
    ("ignore", ["* audit.* # of the auditors # always"], (Ignore("* audit.*", "of the auditors # always"),)),
    ("ignore", "a # b\n\nc # d\n", (Ignore("a", "b"), Ignore("c", "d"))),
    ("ignore", (Ignore("a", "b"),), (Ignore("a", "b"),)),
]


@pytest.mark.parametrize(("name", "value", "parsed"), ACCEPTED)
def test_a_value_is_understood(name: str, value: object, parsed: object) -> None:
    assert getattr(resolve([{name: given(value)}]).settings, name) == parsed


REFUSED = [
    ("url", 5, "must be text"),
    ("url", "  ", "is empty"),
    ("migrations", [], "must be a text or a list of texts"),
    ("migrations", [1], "must be text"),
    ("migrations", "a,,b", "is empty"),
    ("migrations", {"a": 1}, "must be a text or a list of texts"),
    ("atomic", "all", "must be one of: batch, migration"),
    ("atomic", ["batch"], "must be one of: batch, migration"),
    ("numbering", True, "must be one of: sequential, timestamp"),
    ("lock_wait", "soon", "is wrong: 'soon' is not a length of time"),
    ("lock_wait", -1, "is wrong: -1 is not a length of time"),
    ("scratch", "elsewhere", "must be one of: same-server"),
    ("table", "public.migrations", "is a table's name without its schema"),
    ("table", "t" * 60, "is longer than 59 bytes"),
    ("table", "t" * 64, "is longer than 59 bytes"),
    ("schema", "ü" * 32, "is longer than 63 bytes"),
    ("role", "a\0b", "holds a control character"),
    ("trusted_owners", ["a\nb"], "holds a control character"),
    ("ignore", 5, "must be a list of tables with 'pattern' and 'reason', or of texts 'PATTERN # REASON'"),
    ("ignore", {"pattern": "a"}, "must be a list of tables"),
    ("ignore", ["a # b", 5], "is wrong: its entry 2 must be a table with 'pattern' and 'reason', or a text"),
    (
        "ignore",
        ["index tmp_*"],
        "is wrong: its entry 1, 'index tmp_*', has no reason: write 'PATTERN # REASON', or",
    ),
    ("ignore", [{"pattern": "a", "reason": " "}], "is wrong: its entry 1, 'a', has no reason"),
    ("ignore", [{"pattern": "a", "reason": 5}], "is wrong: its entry 1, 'a', has a reason that is not text"),
    ("ignore", [{"reason": "a"}], "is wrong: its entry 1 has no pattern"),
    (
        "ignore",
        [{"pattern": "a", "reason": "b\0"}],
        "is wrong: its entry 1, 'a', has a reason with a control character",
    ),
    (
        "ignore",
        [{"patern": "a"}],
        "is wrong: its entry 1 has a key 'patern': there are 'pattern' and 'reason'",
    ),
]


@pytest.mark.parametrize(("name", "value", "why"), REFUSED)
def test_a_wrong_value_is_told_with_its_place(name: str, value: object, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve([{name: given(value)}])
    assert caught.value.message.startswith(f"the setting {name!r} (somewhere) {why}")
    assert caught.value.place == Place("stepwell.toml", 7)
    assert caught.value.__cause__ is None


def test_an_unknown_setting_is_told_with_what_it_may_have_meant() -> None:
    with pytest.raises(UsageError) as caught:
        resolve([{"lock-wait": given("5s")}])
    assert str(caught.value) == "stepwell.toml:7: there is no setting 'lock-wait' (somewhere)"
    assert caught.value.hint == "did you mean 'lock_wait'?"
    with pytest.raises(UsageError) as caught:
        resolve([{"zzz": given("5s")}])
    assert (caught.value.hint or "").startswith("the settings are: url, direct_url")


def test_a_setting_knows_its_flag_and_its_variables() -> None:
    assert BY_NAME["lock_wait"].flag == "--lock-wait"
    assert BY_NAME["lock_wait"].variables == ("STEPWELL_LOCK_WAIT",)
    assert BY_NAME["url"].variables == ("STEPWELL_URL", "DATABASE_URL")


def test_settings_do_not_show_a_url() -> None:
    settings = resolve(
        [{name: given("postgresql://a:hunter2@db") for name in ("url", "direct_url", "scratch_url")}]
    )
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in repr(given("hunter2"))
