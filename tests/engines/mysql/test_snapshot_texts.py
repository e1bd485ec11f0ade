"""What SHOW CREATE prints is taken apart rightly, also where no server of these tests prints it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from stepwell.core.settings import Settings
from stepwell.core.url import parse_url
from stepwell.engines.mysql.connection import connect
from stepwell.engines.mysql.lexical import MARIADB
from stepwell.engines.mysql.structure.asking import KNOWN, counted
from stepwell.engines.mysql.structure.rights import sees_all
from stepwell.engines.mysql.structure.stored import sequence
from stepwell.engines.mysql.structure.tables import Given, Words, facts_of
from stepwell.ports import ConnectOptions

from .conftest import Sink, made, taken

if TYPE_CHECKING:
    from stepwell.core.schema.snapshot import Fact


def facts(body: str, options: str = "ENGINE=InnoDB") -> dict[str, Fact]:
    """The facts about a table of the database `shop`, by kind and name."""
    text = f"CREATE TABLE `t` (\n  {body}\n) {options}"
    found = facts_of(Given("t", text, Words("utf8mb4_bin", ""), {}), MARIADB, "shop")
    return {str(fact.key): fact for fact in found}


COLUMNS: dict[str, dict[str, object]] = {
    "`a` int(11) NOT NULL": {"type": "int(11)", "not_null": True},
    "`a` varchar(9) DEFAULT ')'": {"type": "varchar(9)", "default": "')'"},
    "`a` varchar(9) DEFAULT 'NOT NULL, `b` int'": {"type": "varchar(9)", "default": "'NOT NULL, `b` int'"},
    r"`a` varchar(9) DEFAULT 'it''s \' COMMENT x'": {
        "type": "varchar(9)",
        "default": r"'it''s \' COMMENT x'",
    },
    "`a` timestamp NULL DEFAULT NULL": {"type": "timestamp"},
    "`a` int(11)": {"type": "int(11)", "no_default": True},
    "`a` enum('DEFAULT','/*!50000 x */') DEFAULT NULL": {"type": "enum('DEFAULT','/*!50000 x */')"},
    "`a` int(11) GENERATED ALWAYS AS (`b` + 1) STORED": {
        "type": "int(11)",
        "generated": "(`b` + 1)",
        "stored": True,
    },
    "`a` varchar(9) GENERATED ALWAYS AS (_utf8mb4') STORED') VIRTUAL NOT NULL /*!80023 INVISIBLE */": {
        "type": "varchar(9)",
        "generated": "(') STORED')",
        "not_null": True,
        "invisible": True,
    },
    "`a` text DEFAULT (concat(_latin1'a',_binary'b',_utf8mb4'é',_utf16'c',`_latin1`))": {
        "type": "text",
        "default": "(concat('a',_binary'b',_utf8mb4'é',_utf16'c',`_latin1`))",
    },
    "`a` bigint(20) DEFAULT nextval(`shop`.`s`)": {"type": "bigint(20)", "default": "nextval(`s`)"},
    "`a` bigint(20) DEFAULT nextval(`other`.`s`)": {"type": "bigint(20)", "default": "nextval(`other`.`s`)"},
    "`a` int(11) DEFAULT 1 /*!99999 SOMETHING NEW */": {"type": "int(11)", "default": "1 SOMETHING NEW"},
    "`a` geometry NOT NULL /*!80003 SRID 4326 */": {
        "type": "geometry",
        "not_null": True,
        "options": {"SRID": "4326"},
    },
}


@pytest.mark.parametrize("line", COLUMNS)
def test_a_column(line: str) -> None:
    fact = facts(line)["column t.a"]
    assert fact.attributes == {**COLUMNS[line], "position": 1}


OPTIONS: dict[str, dict[str, object]] = {
    "ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin": {"engine": "InnoDB"},
    "ENGINE=MERGE DEFAULT CHARSET=latin1 INSERT_METHOD=LAST UNION=(`a`,`b`)": {
        "engine": "MERGE",
        "options": {"INSERT_METHOD": "LAST", "UNION": "(`a`,`b`)"},
    },
    "ENGINE=InnoDB DATA DIRECTORY='/data/a b' INDEX DIRECTORY='/x'": {
        "engine": "InnoDB",
        "options": {"DATA DIRECTORY": "'/data/a b'", "INDEX DIRECTORY": "'/x'"},
    },
    "/*!50100 TABLESPACE `slow` */ ENGINE=InnoDB": {"engine": "InnoDB", "options": {"TABLESPACE": "`slow`"}},
    "ENGINE=InnoDB WITH SYSTEM VERSIONING `own`=3": {
        "engine": "InnoDB",
        "options": {"`own`": "3"},
        "system_versioned": True,
    },
    "ENGINE=FEDERATED CONNECTION='mysql://app:hunter2@db/shop/t'": {
        "engine": "FEDERATED",
        "options": {"CONNECTION": "'mysql://app:***@db/shop/t'"},
    },
    "ENGINE=FEDERATED CONNECTION='mysql://app:hu@nt:er/2@db/shop/t'": {
        "engine": "FEDERATED",
        "options": {"CONNECTION": "'mysql://app:***@db/shop/t'"},
    },
    "ENGINE=CONNECT OPTION_LIST='user=app,password=hunter2,port=3'": {
        "engine": "CONNECT",
        "options": {"OPTION_LIST": "'user=app,password=***,port=3'"},
    },
    "ENGINE=CONNECT `password`='hunter2'": {"engine": "CONNECT", "options": {"`password`": "***"}},
    "ENGINE=InnoDB\n PARTITION BY KEY ALGORITHM = 2 (`a`)\nPARTITIONS 3": {
        "engine": "InnoDB",
        "partition_by": "KEY ALGORITHM = 2 (`a`) PARTITIONS 3",
    },
}


@pytest.mark.parametrize("options", OPTIONS)
def test_options_of_a_table(options: str) -> None:
    fact = facts("`a` int(11) DEFAULT NULL", options)["table t"]
    assert fact.attributes == {"collation": "utf8mb4_bin", **OPTIONS[options]}


HANGERS: dict[str, tuple[str, dict[str, object]]] = {
    "KEY `k` (`a`(10) DESC,(lower(`b`))) USING BTREE COMMENT 'it, (is)'": (
        "index t.k",
        {"definition": "(`a`(10) DESC,(lower(`b`))) USING BTREE", "comment": "it, (is)"},
    ),
    "VECTOR KEY `v` (`a`) `M`=8": ("index t.v", {"type": "vector", "definition": "(`a`) `M`=8"}),
    "CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `other`.`u` (`id`)": (
        "constraint t.f",
        {"type": "foreign key", "definition": "FOREIGN KEY (`a`) REFERENCES `other`.`u` (`id`)"},
    ),
    "CONSTRAINT `c` CHECK (`a` in ('x','NOT ENFORCED')) /*!80016 NOT ENFORCED */": (
        "constraint t.c",
        {"type": "check", "definition": "CHECK (`a` in ('x','NOT ENFORCED'))", "not_enforced": True},
    ),
    "SOMETHING NEW (`a`)": ("unknown in the table t: SOMETHING NEW (`a`)", {}),
}


def test_a_check_may_have_the_name_of_a_foreign_key() -> None:
    key = "CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `u` (`id`)"
    found = facts(f"`a` int(11) DEFAULT NULL,\n  {key},\n  CONSTRAINT `c` CHECK (`a` > 0)")
    assert found["constraint t.c"].attributes["type"] == "foreign key"
    assert found["constraint t.c (check)"].attributes["type"] == "check"


def test_a_temporary_table_hides_another_one(sink: Sink) -> None:
    async def hidden() -> object:
        connection = await connect(parse_url(sink.url), ConnectOptions(Settings(), "."))
        try:
            await connection._target.channel.execute("CREATE TEMPORARY TABLE plain (other INT)")
            (fact,) = (each for each in (await connection.snapshot()).facts if each.identity == "plain")
        finally:
            await connection.close()
        return fact.attributes

    assert asyncio.run(hidden()) == {"invalid": "hidden by a temporary table"}


def test_a_password_in_a_comment() -> None:
    text = "CREATE TABLE `t` (\n  `a` int(11)\n) ENGINE=SPIDER COMMENT='x'"
    words = Words("utf8mb4_bin", 'wrapper "mysql", user "app", password "hunter2", port "3"')
    *_, table = facts_of(Given("t", text, words, {}), MARIADB, "shop")
    assert table.attributes["comment"] == 'wrapper "mysql", user "app", password "***", port "3"'


@pytest.mark.parametrize("line", HANGERS)
def test_indexes_and_constraints(line: str) -> None:
    name, attributes = HANGERS[line]
    assert facts(f"`a` int(11) DEFAULT NULL,\n  {line}")[name].attributes == attributes


def test_a_sequence_with_a_type() -> None:
    bounds = "start with -5 minvalue -10 maxvalue 0 increment by -1 nocache nocycle"
    text = f"CREATE SEQUENCE `s` as bigint unsigned {bounds}"
    assert sequence("s", text, MARIADB, "shop").attributes == {
        "type": "bigint unsigned", "start": "-5", "minimum": "-10", "maximum": "0", "increment": "-1", "no_cache": True,
    }  # fmt: skip


# --- what is not known, what is not seen ---


def test_what_nobody_asks_about_is_said(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if events were something new: that they are there is told, not dropped."""
    monkeypatch.setattr("stepwell.engines.mysql.structure.asking.KNOWN", KNOWN - {"events"})
    assert [fact.identity for fact in taken(sink.url).unknown] == ["3 of information_schema.events"]


def test_what_the_server_can_not_open_is_said(kitchen: Sink) -> None:
    """And the rest is read all the same."""
    with made(
        kitchen,
        "CREATE TABLE a (id INT) ENGINE = MyISAM; CREATE TABLE torn (id INT) ENGINE = MERGE UNION = (a); DROP TABLE a;"
        "CREATE TABLE b (id INT); CREATE VIEW torn_too AS SELECT id FROM b; DROP TABLE b; CREATE TABLE whole (id INT)",
    ) as sink:
        told = {str(fact.key): fact.attributes for fact in taken(sink.url).facts}
    assert told["table torn"] == {"invalid": "error 1168"}
    assert told["table whole"]["engine"] == "InnoDB"
    assert told["view torn_too"]["definition"] == "select `b`.`id` AS `id` from `b`"


def test_where_all_is_known_nothing_is_asked() -> None:
    assert counted([{"catalog": name, "holder": "x"} for name in KNOWN]) is None


SEEN = {
    "GRANT ALL PRIVILEGES ON *.* TO `a`@`%` WITH GRANT OPTION": True,
    "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON `shop`.* TO `a`@`%`": True,
    r"GRANT ALL PRIVILEGES ON `sh\_p`.* TO `a`@`%`": False,
    "GRANT ALL PRIVILEGES ON `sh_p`.* TO `a`@`%`": True,
    "GRANT ALL PRIVILEGES ON `s%`.* TO `a`@`%`": True,
    "GRANT ALL PRIVILEGES ON `other`.* TO `a`@`%`": False,
    "GRANT SELECT ON *.* TO `a`@`%`": False,
    "GRANT ALL PRIVILEGES ON `shop`.`t` TO `a`@`%`": False,
    "GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*1'": False,
}


@pytest.mark.parametrize("grant", SEEN)
def test_who_sees_all(grant: str) -> None:
    assert sees_all([grant, "GRANT `role` TO `a`@`%`"], "shop") is SEEN[grant]
