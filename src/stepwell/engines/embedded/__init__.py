"""The server behind `embedded://NAME`: a real PostgreSQL from the binaries in a wheel. Speaks no SQL.

Who decides what: `binaries` which installation, `account` who runs it, `home` where the data are, `cluster`
what the server is told, `lock` who is still there, `keeper` when it ends; `server` is the door.
"""

from __future__ import annotations

from stepwell.engines.embedded.engine import Embedded

ENGINE = Embedded()
