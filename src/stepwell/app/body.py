"""Runs the body of a step with a handle: the `up` or `down` of a class, or the statements of a section."""

import asyncio
import inspect
import traceback
from typing import Any

from stepwell.app.handle import StepHandle, in_file
from stepwell.author import Migration as Author
from stepwell.author import running_step
from stepwell.core.errors import Fault, Place, StepError
from stepwell.core.migration import Direction, SqlBody
from stepwell.core.plan import Step
from stepwell.core.sql.errors import SqlSyntaxError
from stepwell.core.sql.rules import LexRules
from stepwell.core.sql.split import Statement, split


async def run_body(
    step: Step, cls: type[Author] | None, handle: StepHandle, file: str, rules: LexRules
) -> None:
    """Run a step to its end. Raises `StepError` (of which `EngineError` is one), with the line."""
    if cls is None:
        await _run_sql(step, handle, rules)
    else:
        await _run_python(step, cls, handle, file)
    handle.close()


def section_statements(step: Step, rules: LexRules) -> list[Statement]:
    """The statements of an SQL file in the direction of the step."""
    body = step.migration.body
    if not isinstance(body, SqlBody):
        return []
    section = body.up if step.direction is Direction.UP else body.down
    return split(section.text, rules, section.first_line) if section is not None else []


async def _run_sql(step: Step, handle: StepHandle, rules: LexRules) -> None:
    path = step.migration.path
    try:
        statements = section_statements(step, rules)
    except SqlSyntaxError as error:
        fault = Fault(error.message, version=step.version.text, place=Place(path, error.line))
        raise StepError(fault) from error
    for statement in statements:
        await handle.run_statement(statement, Place(path, statement.line))


async def _run_python(step: Step, cls: type[Author], handle: StepHandle, file: str) -> None:
    method = getattr(cls(), step.direction.value)
    token = running_step.set(handle)
    try:
        if inspect.iscoroutinefunction(method):
            await method()
        else:
            handle.blocking(asyncio.get_running_loop())
            result = await asyncio.to_thread(method)
            if inspect.isawaitable(result):
                await result
    except StepError:
        raise
    except (Exception, SystemExit) as error:
        raise StepError(python_fault(error, step, file)) from error
    finally:
        running_step.reset(token)


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


def locate_in_sections(fault: Fault, steps: tuple[Step, ...], rules: LexRules) -> Fault:
    """Give a fault of an SQL file the line of its position: pipelined, it surfaces when its step has long been left."""
    for step in steps:
        if fault.version == step.version.text and isinstance(step.migration.body, SqlBody) and fault.place:
            for statement in section_statements(step, rules):
                if statement.line == fault.place.line:
                    return in_file(fault, statement, step.version.text)
    return fault


def nothing(*_: Any) -> None:
    """An event sink, or any other listener, that listens to nothing."""
