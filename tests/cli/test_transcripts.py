"""What a user types and sees, as transcripts: `transcripts/*.txt`.

A transcript is a list of sections: `== file PATH` writes a file, `== delete PATH` removes one, `== $ stepwell
...` runs a command; below it stand its standard output, then `== stderr` with that, then `== exit CODE` where
it is not 0. STEPWELL_UPDATE_GOLDEN=1 writes what was seen into the file, to be read in the diff.
"""

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

UPDATE = os.environ.get("STEPWELL_UPDATE_GOLDEN") == "1"  # before the project's fixture takes it away
TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("*.txt"))

_CHANGING = (
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b"), "BATCH"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*\+00:00"), "TIME"),
    (re.compile(r"\b\d+\.\d+ (ms|s)\b"), "N ms"),
    (re.compile(r"(?<=  )[\w-]+@[\w.-]+$", re.MULTILINE), "WHO"),
    (re.compile(r'"elapsed_ms": \d+(\.\d+)?'), '"elapsed_ms": N'),
    (re.compile(r"1:[0-9a-f]{64}"), "1:CHECKSUM"),
    (re.compile(r"(?<=\S) {2,}"), "  "),
)


def settled(text: str, project: Path) -> str:
    """Without what differs from run to run."""
    text = text.replace(str(project), "PROJECT")
    for pattern, replacement in _CHANGING:
        text = pattern.sub(replacement, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def sections(text: str) -> list[tuple[str, str]]:
    parts = re.split(r"^== (.*)\n", text, flags=re.MULTILINE)
    assert not parts[0].strip() or parts[0].startswith("#"), "a transcript begins with a comment"
    return list(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=[path.stem for path in TRANSCRIPTS])
def test_transcript(path: Path, project: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    text = path.read_text(encoding="utf-8")
    seen = [text[: text.index("\n== ") + 1]]
    for title, body in sections(text):
        kind, _, rest = title.partition(" ")
        if kind == "file":
            file = project / rest
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body.rstrip("\n") + "\n", encoding="utf-8")
            seen.append(f"== {title}\n{body.rstrip()}\n\n")
        elif kind == "delete":
            (project / rest).unlink()
            seen.append(f"== {title}\n\n")
        elif kind == "$":
            code, out, err = run(*shlex.split(rest)[1:])
            seen.append(f"== {title}\n{shown(out, project)}")
            seen.append(f"== stderr\n{shown(err, project)}" if err else "")
            seen.append(f"== exit {code}\n\n" if code else "\n")
    actual = re.sub(r"\n{2,}== ", "\n\n== ", "".join(seen)).rstrip() + "\n"
    if UPDATE:
        path.write_text(actual, encoding="utf-8")
    assert actual == path.read_text(encoding="utf-8")


def shown(text: str, project: Path) -> str:
    return settled(text, project) + "\n" if text else ""
