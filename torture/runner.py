"""A run of stepwell in a forked child, with a fault or without one, and what it told before it ended."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell import Project
from stepwell.core.errors import StepwellError
from torture.faults import Fault, Striking, sockets, strike
from torture.points import Points

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from torture.points import Strike

PATIENCE = 30.0  # seconds after which a run is taken to hang
INTERRUPTED = 130


Scene = Callable[[], str]
"""Tells what is going on in the database."""


class Verb(NamedTuple):
    """A method of `Project`, its arguments, and the settings of the project."""

    name: str
    settings: Mapping[str, Any]
    wish: Mapping[str, Any] = {}


@dataclass(slots=True)
class Told:
    """What a run told: its exit code (None: it told none), what became of every step, all its text, its end."""

    exit: int | None = None
    error: str = ""
    report: dict[str, Any] | None = None
    points: int = 0
    struck: str | None = None
    text: str = ""
    hung: bool = False
    scene: str = ""  # what was going on when it was found to hang
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def outcomes(self) -> dict[str, str]:
        """What it says became of each version."""
        return dict(self.report["steps"]) if self.report is not None else {}


_children: set[int] = set()


def end_all() -> None:
    """Kill the children that nobody waits for any more, also stopped ones."""
    for pid in _children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _children.clear()


class Running:
    """A child that runs a verb. It is over after `wait`."""

    def __init__(self, pid: int, pipe: int, output: BinaryIO, scene: Scene) -> None:
        self.pid = pid
        _children.add(pid)
        self.stopped = False
        self._scene = scene
        self._pipe, self._output = pipe, output
        self._deadline = time.monotonic() + PATIENCE
        self._told = Told()
        self._rest = b""
        self._over = False

    def until_struck(self) -> bool:
        """Wait until the fault is done (true), or the child has ended without it."""
        while self._told.struck is None and self._read():
            pass
        return self._told.struck is not None

    def until_stopped(self) -> None:
        """Wait until the kernel has stopped it."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        self.stopped = os.WIFSTOPPED(status)
        self._over = not self.stopped

    def go_on(self) -> None:
        """Let it go on after a stop."""
        if self.stopped:
            os.kill(self.pid, signal.SIGCONT)
            self.stopped = False
            self._deadline = time.monotonic() + PATIENCE

    def wait(self) -> Told:
        """Wait until it has ended, and give what it told."""
        while self._read():
            pass
        if not self._over:
            os.waitpid(self.pid, 0)
        _children.discard(self.pid)
        os.close(self._pipe)
        with self._output:
            self._output.seek(0)
            self._told.text += self._output.read().decode(errors="replace")
        return self._told

    def _read(self) -> bool:
        left = self._deadline - time.monotonic()
        if left <= 0 or not select.select([self._pipe], [], [], left)[0]:
            self._told.scene = self._scene()
            os.kill(self.pid, signal.SIGKILL)
            self._told.hung = True
            self._deadline = time.monotonic() + PATIENCE
            return True
        data = os.read(self._pipe, 65536)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            for key, value in json.loads(line).items():
                setattr(self._told, key, value)
        return bool(data)


def begin(
    verb: Verb,
    scene: Scene,
    fault: Fault | None = None,
    prepare: Callable[[], Striking] | None = None,
) -> Running:
    """Fork a child that runs the verb. `prepare`, called in the child, gives what the fault needs; `scene` is asked
    where the child hangs.
    """
    reading, writing = os.pipe()
    output = tempfile.TemporaryFile()  # noqa: SIM115 - `Running.wait` closes it
    gc.freeze()  # the child shall not copy our memory by looking for garbage
    pid = os.fork()
    if pid:
        os.close(writing)
        return Running(pid, reading, output, scene)
    try:
        os.close(reading)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _child(verb, fault, prepare, writing)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - nothing may get back into the parent's code
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(0)


def run(verb: Verb, scene: Scene) -> Told:
    """Run a verb without a fault."""
    return begin(verb, scene).wait()


def _child(verb: Verb, fault: Fault | None, prepare: Callable[[], Striking] | None, pipe: int) -> None:
    def say(**what: Any) -> None:
        os.write(pipe, json.dumps(what).encode() + b"\n")

    logging.basicConfig(level=logging.INFO)  # what stepwell logs is read too: it must hold no secret
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    means = prepare() if prepare is not None else None
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        points = Points(fault.point if fault else None, _striker(fault, means, say, lambda: points))
        loop.set_task_factory(points.factory)
        say(**_perform(runner, verb, points))


def _striker(
    fault: Fault | None, means: Striking | None, say: Callable[..., None], points: Callable[[], Points]
) -> Strike:
    if fault is None or means is None:
        return lambda _: None
    means = means._replace(say=lambda where: say(struck=where), old_sockets=sockets())
    return lambda where: strike(fault, where, points(), means)


def _perform(runner: asyncio.Runner, verb: Verb, points: Points) -> dict[str, Any]:
    """Run it, and give what it tells: as a program that uses the library sees it."""

    async def main() -> Any:
        try:
            return await getattr(Project(**verb.settings), verb.name)(**verb.wish)
        finally:
            points.open = False

    error: BaseException | None = None
    result: Any = None
    try:
        result = runner.run(main())
    except (Exception, asyncio.CancelledError) as raised:  # noqa: BLE001 - whatever it raises is told
        error, result = raised, getattr(raised, "report", None)
    text = repr(result) + (
        "".join(traceback.format_exception(error)) + str(getattr(error, "hint", "")) if error else ""
    )
    return {
        "exit": _exit_code(error),
        "error": f"{type(error).__name__}: {error}" if error else "",
        "report": _report(result),
        "extra": {"states": _states(result)},
        "points": points.passed,
        "text": text,
    }


def _exit_code(error: BaseException | None) -> int:
    if error is None:
        return 0
    if isinstance(error, asyncio.CancelledError):
        return INTERRUPTED
    return error.exit_code if isinstance(error, StepwellError) else 1


def _states(result: Any) -> dict[str, str]:
    """What a status says of each version."""
    return {entry.version.text: entry.state.value for entry in getattr(result, "entries", ())}


def _report(result: Any) -> dict[str, Any] | None:
    if not hasattr(result, "steps"):
        return None
    return {
        "ok": result.ok,
        "steps": [(step.version.text, step.outcome.value) for step in result.steps],
        "exit": result.exit_code,
        "stands": result.stands,
    }
