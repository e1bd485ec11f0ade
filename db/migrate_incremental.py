"""The project's own door to stepwell: `python db/migrate_incremental.py COMMAND` is `stepwell COMMAND`.

It works from any folder, because it names the root of the project itself; settings are in its pyproject.toml.
"""

import sys
from pathlib import Path

from stepwell.cli.main import main

ROOT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    # Python put the folder of this script on the path, but the package `db` is found from its parent.
    sys.path.insert(0, str(ROOT))
    sys.exit(main(root=ROOT))
