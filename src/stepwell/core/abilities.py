"""What an engine can do, as a value. Code asks for the ability, never for the engine's name."""

from __future__ import annotations

from typing import NamedTuple


class Abilities(NamedTuple):
    """The abilities of an engine.

    `transactional_ddl`: schema changes can be undone with their transaction, so that a batch can be atomic.
    `session_lock`: the lock can be held by a session, for steps that can't be in a transaction.
    `pipeline`: statements are queued and their results awaited later, so that times of statements mean nothing.
    `schemas`: the history table may live in a schema of its own.
    `roles`: a run can take on a role.
    `timeouts`: lock and statement timeouts can be set on the server.
    `failure_poisons`: after a failed statement the transaction refuses all others until a savepoint is aborted to.
    `snapshots`: the whole structure of the database can be read as a value.
    `copies`: a whole database can be copied, so that a migrated one is there faster than by its migrations.
    `parallel`: a server works for several databases at the same time, so that trials in several of them pay.
    """

    transactional_ddl: bool
    session_lock: bool
    pipeline: bool = False
    schemas: bool = False
    roles: bool = False
    timeouts: bool = False
    failure_poisons: bool = False
    snapshots: bool = False
    copies: bool = False
    parallel: bool = False
