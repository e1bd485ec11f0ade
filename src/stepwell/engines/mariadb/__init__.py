"""The engine of `mariadb://` URLs: that of MySQL, reading SQL as MariaDB does. Nothing else stands here."""

from __future__ import annotations

from stepwell.engines.mysql import MySQL
from stepwell.engines.mysql.dialect import MARIADB_DIALECT

ENGINE = MySQL(MARIADB_DIALECT)
