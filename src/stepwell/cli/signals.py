"""Running a command to its end, or to the first signal: that one cancels in good order, a second one ends
at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stepwell.core.errors import InterruptedRunError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_to_end(work: Coroutine[Any, Any, int]) -> int:
    """Run a command in an event loop of its own and give its exit code.

    Raises `InterruptedRunError` where a signal cancelled it and the command did not say so itself.
    """
    received: list[int] = []
    with asyncio.Runner() as runner:
        try:
            return runner.run(_cancellable(work, received))
        except asyncio.CancelledError as cancelled:
            interrupted = InterruptedRunError(received[0] if received else signal.SIGINT)
            interrupted.report = getattr(cancelled, "report", None)  # what stands
            raise interrupted from None
        except InterruptedRunError as interrupted:
            if received:  # only we know which signal it was
                interrupted.signal_number = received[0]
                interrupted.exit_code = 128 + received[0]
            raise


async def _cancellable(work: Coroutine[Any, Any, int], received: list[int]) -> int:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)

    def on_signal(number: int, _: object) -> None:
        if received:
            os._exit(128 + number)
        received.append(number)
        # Not a handler of the loop: that would never run while a migration keeps the loop busy.
        loop.call_soon_threadsafe(task.cancel)

    with _handling(on_signal):
        return await task


@contextmanager
def _handling(handler: Any) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals belong to the main thread; whoever runs us elsewhere handles them
        return
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


@contextmanager
def interruptible() -> Iterator[None]:
    """While something waits for a person: the first SIGINT ends it at once, as `KeyboardInterrupt`."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
