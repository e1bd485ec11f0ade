"""Runs of pytest in a process of its own, as users run it with the plugin, and what came of each test."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path

import stepwell

SOURCE = Path(stepwell.__file__).parents[1]
# Where the package is not installed anew since it has the plugin, it is named.
_NAMED = () if entry_points(group="pytest11", name="stepwell") else ("-p", "stepwell.pytest_plugin")
_WITHOUT = ("-p", "no:stepwell")
# What would change settings of the project under test.
_SETTINGS = re.compile("STEPWELL_|DATABASE_URL$|PYTEST_")


@dataclass
class Ran:
    """What came of a run: the exit code, its output, and of each test by its name how it ended, and why."""

    code: int
    output: str
    ended: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)

    def names(self, ended: str) -> set[str]:
        """The tests that ended so: `passed`, `failed`, `error` or `skipped`."""
        return {name for name, how in self.ended.items() if how == ended}


def run_pytest(folder: Path, *arguments: str, plugin: bool = True, **environ: str) -> Ran:
    """Run the tests in a folder, with variables of the environment besides; without the plugin, where that is said."""
    clean = {name: value for name, value in os.environ.items() if not _SETTINGS.match(name)}
    report = folder / "report.xml"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *(_NAMED if plugin else _WITHOUT),
            f"--junit-xml={report}",
            *arguments,
        ],
        cwd=folder,
        env={**clean, "PYTHONPATH": str(SOURCE), **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout + done.stderr)
    for case in ET.parse(report).iter("testcase") if report.exists() else ():
        name = case.attrib["name"]
        ran.ended[name] = "passed"
        for child in case:
            if child.tag in {"failure", "error", "skipped"}:
                ran.ended[name] = {"failure": "failed"}.get(child.tag, child.tag)
                ran.told[name] = f"{child.attrib.get('message', '')}\n{child.text or ''}"
    return ran
