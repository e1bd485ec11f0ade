"""`python -m stepwell`: the same program as `stepwell`."""

from __future__ import annotations

from stepwell.cli.main import entry

if __name__ == "__main__":
    entry()
