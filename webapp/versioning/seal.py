"""Tells whether a connection executed anything since a moment that was marked."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event

SEAL = "versioning.seal"
#: Events of the dialect: to listen to those of an engine costs each statement far more.
EXECUTIONS = ("do_execute", "do_executemany", "do_execute_no_params")


def seal(connection: Connection) -> object:
    """A mark on the connection, which the next statement takes off.

    The first call attaches the listeners to the connection's engine. What is sent past SQLAlchemy,
    to the driver itself, is not seen.
    """
    info = connection.info
    if SEAL not in info and not event.contains(connection.engine, EXECUTIONS[0], _break):
        for execution in EXECUTIONS:
            event.listen(connection.engine, execution, _break)
    mark = info[SEAL] = object()
    return mark


def is_unbroken(connection: Connection, mark: object) -> bool:
    """Whether nothing was executed since that mark was made."""
    return connection.info.get(SEAL) is mark


def _break(*statement: Any) -> None:
    """The execution's context comes last, whatever the event."""
    info = statement[-1].root_connection.info
    if SEAL in info:
        info[SEAL] = None
