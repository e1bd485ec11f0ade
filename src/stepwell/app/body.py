"""Runs the body of a step with a handle: the methods of a class, or the statements of a section."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from stepwell.app.telling import in_file
from stepwell.author import running_step
from stepwell.core.errors import Fault, MisuseError, Place, StepError
from stepwell.core.migration import SqlBody

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stepwell.app.handle import StepHandle
    from stepwell.author import Migration as Author
    from stepwell.core.migration import Migration
    from stepwell.core.plan import Step


async def run_body(step: Step, cls: type[Author] | None, handle: StepHandle, file: str) -> None:
    """Run a step to its end. Raises `StepError` (of which `EngineError` is one), with the line."""
    async with _to_the_end(handle):
        if cls is None:
            await _run_sql(step, handle)
        else:
            await _run_python(step, cls, step.direction.value, handle, file)


async def ask_body(step: Step, cls: type[Author], handle: StepHandle, file: str) -> Any:
    """What `is_applied()` gives. Raises as `run_body` does."""
    async with _to_the_end(handle):
        return await _run_python(step, cls, "is_applied", handle, file)


@asynccontextmanager
async def _to_the_end(handle: StepHandle) -> AsyncIterator[None]:
    try:
        yield
        handle.close()
    except BaseException:
        await handle.abandon()
        raise


async def _run_sql(step: Step, handle: StepHandle) -> None:
    for statement in step.migration.statements(step.direction):
        await handle.run_statement(statement, Place(step.migration.path, statement.line))


async def _run_python(step: Step, cls: type[Author], name: str, handle: StepHandle, file: str) -> Any:
    method = getattr(cls(), name)
    token = running_step.set(handle)
    try:
        return await _call(method, name, step, handle)
    except StepError:
        raise
    except (Exception, SystemExit) as error:
        raise StepError(python_fault(error, step, file)) from error
    finally:
        running_step.reset(token)


async def _call(method: Any, name: str, step: Step, handle: StepHandle) -> Any:
    """Call a method, a plain function in a thread. What it gives may be a coroutine, as of a decorator."""
    if inspect.iscoroutinefunction(method):
        return await method()
    handle.blocking(asyncio.get_running_loop())
    result = await asyncio.to_thread(method)
    handle.blocking(None)
    if inspect.isawaitable(result):
        return await result
    if inspect.isasyncgen(result) or inspect.isgenerator(result):
        raise _is_generator(step, name, method)
    return result


def _is_generator(step: Step, name: str, method: Any) -> MisuseError:
    return MisuseError(
        Fault(
            f"{name}() holds a 'yield', which makes it a generator: nothing of it has run",
            code="misuse",
            version=step.version.text,
            place=place_of(method, step.migration),
            hint="take the 'yield' out, or put it into a function of its own",
        )
    )


def place_of(method: Any, migration: Migration) -> Place:
    """Where a method of a migration begins; its class, where nobody can tell."""
    code = getattr(method, "__code__", None)
    return Place(migration.path, code.co_firstlineno) if code else migration.place


def python_fault(error: BaseException, step: Step, file: str) -> Fault:
    """What an exception of the author's own code tells: its type and message, and the line in the migration's file."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == file and frame.lineno
    ]
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    place = Place(step.migration.path, lines[-1]) if lines else step.migration.place
    return Fault(text, code="migration_raised", version=step.version.text, place=place)


def locate_in_sections(fault: Fault, steps: tuple[Step, ...]) -> Fault:
    """Give a fault of an SQL file the line of its position: pipelined, it surfaces when its step has long been left."""
    for step in steps:
        if fault.version == step.version.text and isinstance(step.migration.body, SqlBody) and fault.place:
            for statement in step.migration.statements(step.direction):
                if statement.line == fault.place.line:
                    return in_file(fault, statement, step.version.text)
    return fault


def nothing(*_: Any) -> None:
    """An event sink, or any other listener, that listens to nothing."""
