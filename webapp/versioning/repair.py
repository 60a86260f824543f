"""Repair of flags: the persisted flag becomes what the version numbers say; no data is touched.

A flag is taken from a version that has a successor, and given to the newest one. A newest version
that bears an end is left as it is: its successor was removed, and no flag brings that back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    exists,
    func,
    inspect,
    not_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapper, Session

from .change import OPEN_CHANGE, REPAIR
from .errors import SelectionChanged, VersioningError
from .ledger import ledger_of
from .rows import untouched
from .shape import version_table

#: Versions that a plan names; all are counted.
MOST = 100


@dataclass(frozen=True)
class FlagSet:
    """A version whose flag is set: given (True) or taken (False)."""

    id: Any
    version_id: int
    flag: bool


@dataclass(frozen=True)
class FlagRepair:
    """What a repair sets, or has set: how many flags are given and taken, and the first of them.

    `left` counts the newest versions that lack the flag and bear an end; `left_first` are the first
    of these. `digest` tells two plans apart: it covers every version whose flag is set.
    """

    model: type[Any]
    given: int
    taken: int
    first: tuple[FlagSet, ...]
    left: int
    left_first: tuple[FlagSet, ...]
    digest: str

    @property
    def count(self) -> int:
        """How many flags are set."""
        return self.given + self.taken


def plan_flag_repair(session: Session, model: type[Any], *, most: int = MOST) -> FlagRepair:
    """What `repair_flags` would do now, in one statement; `most` versions are named.

    The flags of all records in the model's table are looked at, those of subclasses too.
    """
    mapper = inspect(model)
    return _plan(_connection(session, mapper), model, version_table(mapper), most)


def repair_flags(
    session: Session, model: type[Any], *, seen: str | None = None, most: int = MOST
) -> FlagRepair:
    """Set each flag that differs from the calculation to it, set-based; the caller commits.

    Nothing else of a row is written, and no version is made. Others may not write to the table
    until the transaction ends. The database's guards let this through, from here alone and nothing
    but this.

    `seen` is the `digest` of a plan that a person has looked at: raises SelectionChanged where it
    is no longer what would be done. Raises VersioningError in a transaction that has made versions,
    or is about to, and IntegrityError where the guards are not of this version of the program.
    """
    if ledger_of(session).opened is not None or session.new or session.dirty or session.deleted:
        raise VersioningError(
            "Flags are repaired in a transaction of their own, and this one has made versions, or"
            " is about to. No flag was set: commit or roll back first."
        )
    mapper = inspect(model)
    table, connection = version_table(mapper), _connection(session, mapper)
    if connection.dialect.name == "postgresql":
        name = connection.dialect.identifier_preparer.format_table(table)
        connection.execute(text(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE"))
    plan = _plan(connection, model, table, most)
    if seen is not None and plan.digest != seen:
        raise SelectionChanged(
            f"Other flags of {model.__name__} differ now than those that were shown. No flag was"
            " set: look at them again."
        )
    if plan.count:
        with _repairing(connection):
            # taken first: two current rows of a record are refused at every moment
            taken = connection.execute(_set(table, False)).rowcount
            given = connection.execute(_set(table, True)).rowcount
        if (taken, given) != (plan.taken, plan.given):
            raise SelectionChanged(
                f"Somebody wrote to {model.__name__} meanwhile. Roll back, and no flag was set."
            )
        session.expire_all()
    return plan


def _connection(session: Session, mapper: Mapper[Any]) -> Connection:
    return session.connection(bind_arguments={"mapper": mapper})


def _has_newer(table: Table) -> ColumnElement[bool]:
    newer = table.alias("newer")
    above = and_(newer.c.id == table.c.id, newer.c.version_id > table.c.version_id)
    return exists(select(1).select_from(newer).where(above))


def _plan(connection: Connection, model: type[Any], table: Table, most: int) -> FlagRepair:
    """Look at the versions that differ, one after the other: memory holds `most` of each kind."""
    row, is_newest = table.c, not_(_has_newer(table))
    differing = (
        select(row.id, row.version_id, is_newest.label("flag"), row.version_to)
        .where(row.is_current_version != is_newest)
        .order_by(row.id, row.version_id)
        .execution_options(yield_per=1000)
    )
    counts, left = {True: 0, False: 0}, 0
    first: list[FlagSet] = []
    left_first: list[FlagSet] = []
    digest = hashlib.sha256()
    for id, version_id, flag, end in connection.execute(differing):
        found = FlagSet(id, version_id, bool(flag))
        if found.flag and end is not None:
            left += 1
            left_first += [found] if len(left_first) < most else []
            continue
        counts[found.flag] += 1
        first += [found] if len(first) < most else []
        digest.update(f"{id!s}\0{version_id}\0{found.flag:d}\n".encode())
    return FlagRepair(
        model,
        counts[True],
        counts[False],
        tuple(first),
        left,
        tuple(left_first),
        digest.hexdigest(),
    )


def _set(table: Table, flag: bool) -> Any:
    """Give the flag to every newest version without an end that lacks it, or take it from every
    other that bears it."""
    row, newer = table.c, _has_newer(table)
    which = and_(not_(newer), row.version_to.is_(None)) if flag else newer
    values = {row.is_current_version: flag, **untouched(table, {})}
    return update(table).where(row.is_current_version != flag, which).values(values)


@contextmanager
def _repairing(connection: Connection) -> Iterator[None]:
    """Tell the guards that flags may be set to the calculated value, until the block ends."""
    connection.info[OPEN_CHANGE] = REPAIR
    is_postgresql = connection.dialect.name == "postgresql"
    if is_postgresql:
        connection.execute(select(func.set_config(OPEN_CHANGE, REPAIR, True)))
    try:
        yield
    finally:
        connection.info.pop(OPEN_CHANGE, None)
    if is_postgresql:  # after an error the transaction is over, and its settings with it
        connection.execute(select(func.set_config(OPEN_CHANGE, "", True)))
