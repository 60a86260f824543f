"""Edits that many make at once: read with the record held, and done again when it has to be."""

from __future__ import annotations

from collections.abc import Callable
from random import uniform
from time import sleep
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from .errors import VersionConflict
from .queries import current

T = TypeVar("T")

#: SQLSTATE of a transaction that the database ended for another's sake: serialization, deadlock.
ENDED_FOR_ANOTHER = {"40001", "40P01"}
#: The same of SQLite: the write lock was not to be had, or what was read is out of date.
BUSY = {"SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED"}
LONGEST_PAUSE = 0.1


def hold(session: Session, model: type[T], id: Any) -> T | None:
    """Load the live current version of a record to edit it, and keep others from editing it.

    The record is held until the transaction's end: who else holds or saves it waits, and then gets
    this transaction's version. So the edit meets no `VersionConflict`, at the price that a long
    transaction keeps the others waiting. None where no record with the id is alive.

    PostgreSQL locks the row; when that was superseded while waiting for it, its next version is
    taken. SQLite has one writer, who holds all: begin its transactions IMMEDIATE
    (`prepare_sqlite`), for it locks nothing here.
    """
    query = current(model).where(model.id == id)  # type: ignore[attr-defined]
    # no key update: rows that refer to this one may still be written
    locking = query.with_for_update(key_share=True, of=model)
    locking = locking.execution_options(populate_existing=True)
    alive = select(query.exists())
    while (held := session.scalars(locking).one_or_none()) is None:
        if not session.scalar(alive):
            return None
    return held


def retry_on_conflict(
    sessions: Callable[[], Session], work: Callable[[Session], T], *, attempts: int = 10
) -> T:
    """Do `work` with a new session, commit, and return what it returned.

    When somebody else was first (`VersionConflict`, a deadlock, a lock not to be had), all of it is
    rolled back and `work` is done again from the start, after a short pause of at most 0.1 s, up
    to `attempts` times in all. So it must read with that session what it edits (best with `hold`),
    and do nothing that a rollback does not undo.

    Raises the last attempt's error, and every other error at once; nothing is written then.
    """
    for attempt in range(1, attempts):
        try:
            return _once(sessions, work)
        except (VersionConflict, DBAPIError) as error:
            if not _may_pass(error):
                raise
        sleep(uniform(0, min(LONGEST_PAUSE, 0.001 * 2**attempt)))
    return _once(sessions, work)


def _once(sessions: Callable[[], Session], work: Callable[[Session], T]) -> T:
    with sessions() as session:
        done = work(session)
        session.commit()
        return done


def _may_pass(error: VersionConflict | DBAPIError) -> bool:
    """Whether another attempt may succeed where this one failed."""
    if isinstance(error, VersionConflict):
        return True
    cause = error.orig
    state = getattr(cause, "sqlstate", None)
    return state in ENDED_FOR_ANOTHER or getattr(cause, "sqlite_errorname", None) in BUSY
