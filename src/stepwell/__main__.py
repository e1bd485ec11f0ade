"""`python -m stepwell`: the same program as `stepwell`."""

from stepwell.cli.main import entry

if __name__ == "__main__":
    entry()
