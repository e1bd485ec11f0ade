"""Takes a URL out of the process list: on Linux, arguments can be overwritten in the memory they were given in."""

from __future__ import annotations

import os
import sys

_MEMORY = "/proc/self/mem"
_STATUS = "/proc/self/stat"
_START, _END = 45, 46  # of the fields behind the name of the program: arg_start and arg_end, see proc(5)


def hide(text: str) -> bool:
    """Overwrite this argument behind its first colon, wherever it stands; give whether that worked.

    It was visible before: from the start of the process until now. Raises nothing.
    """
    if not sys.platform.startswith("linux"):
        return False
    wanted = os.fsencode(text)
    scheme, colon, _ = wanted.partition(b":")
    hidden = (scheme + colon).ljust(len(wanted), b"*")
    try:
        return _overwrite(wanted, hidden)
    except (OSError, ValueError, IndexError):  # a /proc that is closed, or of another form
        return False


def _overwrite(wanted: bytes, hidden: bytes) -> bool:
    with open(_STATUS, "rb") as status:  # noqa: PTH123 - a file of the kernel's; pathlib is not loaded otherwise
        fields = status.read().rpartition(b")")[2].split()
    start, end = int(fields[_START]), int(fields[_END])
    with open(_MEMORY, "r+b", buffering=0) as memory:  # noqa: PTH123 - see above
        memory.seek(start)
        seen = memory.read(end - start)
        replaced = seen.replace(wanted, hidden)
        if replaced == seen:
            return False
        memory.seek(start)
        return memory.write(replaced) == len(seen)
