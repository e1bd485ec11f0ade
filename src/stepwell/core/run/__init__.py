"""The run machine: a generator that turns a plan into actions and hears of their outcomes. It decides all of a run.

No I/O and no clock: the shell (`app/drive.py`) performs an action and sends what came of it. What the machine promises
is checked by properties in `tests/core/test_run_properties.py`: every `Acquire` that was held ends exactly once, a
record stands in the transaction of its change, and applied + failed + undone + not run is the plan.
"""

from __future__ import annotations

from stepwell.core.run.machine import run
from stepwell.core.run.patience import FIRST_POLL, RunPolicy
from stepwell.core.run.values import Machine

__all__ = ["FIRST_POLL", "Machine", "RunPolicy", "run"]
