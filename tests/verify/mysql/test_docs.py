"""`docs` on MySQL and MariaDB: the same, of engines whose renames have words of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.render.book import pages

if TYPE_CHECKING:
    from stepwell.testing import Workshop


def test_who_changed_a_column_last(shop: Workshop) -> None:
    shop.sql(
        "001_shop",
        """
        CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL COMMENT 'a|b', note TEXT);
        CREATE TABLE `odd.t` (id INT, user_id INT NOT NULL, boss INT,
            FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
            FOREIGN KEY (boss) REFERENCES users (id));
        CREATE VIEW v AS SELECT 1 AS x;
        """,
    )
    shop.sql("002_title", "ALTER TABLE users CHANGE name title VARCHAR(20) NOT NULL COMMENT 'a|b';")
    shop.sql("003_people", "RENAME TABLE users TO people;")
    shop.sql("004_note", "ALTER TABLE people MODIFY note VARCHAR(9) DEFAULT 'x', ADD seen DATETIME;")
    book = shop.run(shop.project(scratch="same-server").docs(verify=False))
    odd, people = book.sheets
    touched = {each.name: each.touched for each in people.columns}
    assert {name: f"{each.made} {each.changed}" for name, each in touched.items() if each} == {
        "id": "001 001",
        "title": "001 002",
        "note": "001 004",
        "seen": "004 004",
    }
    assert [(each.columns, each.to.identity, each.optional) for each in odd.references] == [
        (("user_id",), "people", False),
        (("boss",), "people", True),
    ]
    assert [(each.key.identity, dict(each.attributes)) for each in book.items] == [("v", {})]
    found = pages(book)
    assert "- column users.name: renamed to title\n" in found["migrations/002_title.md"]
    assert "a&#124;b" in found["tables/people.md"]
