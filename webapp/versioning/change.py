"""Who, when and why: a transaction that makes versions is recorded as one change."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Insert,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    event,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column, scoped_session

from .errors import VersioningError
from .indexes import index_changes
from .ledger import ChangeContext, Ledger, OpenChange, ledger_of
from .sent import Sent, sends
from .types import UtcDateTime

#: Names, in ``Connection.info`` and in PostgreSQL's settings, the change whose rows may be amended.
OPEN_CHANGE = "versioning.change"
#: The columns of a change that are given; its number is the database's.
GIVEN = ("at", "actor", "reason", "origin", "request_id")
#: Stands there in place of a change while flags are repaired (`repair.repair_flags`).
REPAIR = "repair"


class ChangeRecord:
    """Mixin for the table of changes, one row for each transaction that made versions.

    Rows are never updated. Numbers rise but may skip one on PostgreSQL, where a transaction that
    was rolled back does not give its number back.
    """

    __table_args__: ClassVar[Any] = {"info": {"append_only": True}}

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, sort_order=-1
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str | None] = mapped_column(String(50))
    request_id: Mapped[str | None] = mapped_column(String(64))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        event.listen(cls, "after_mapper_constructed", _complete_mapping)
        super().__init_subclass__(**kwargs)


@contextmanager
def change(
    session: Session | scoped_session[Session],
    *,
    actor: str | None = None,
    reason: str | None = None,
    origin: str | None = None,
    request_id: str | None = None,
    at: datetime | None = None,
) -> Iterator[None]:
    """Say who makes the session's next change, why and from where, for the length of a block.

    What is left out comes from an enclosing block, then from the `describe` function given to
    `enable_versioning`. `at` (aware) replaces the clock, as an import of older history needs.

    Raises VersioningError when the transaction has recorded its change already: one transaction is
    one change, so commit or roll back first.
    """
    ledger = ledger_of(session() if isinstance(session, scoped_session) else session)
    if ledger.opened is not None:
        raise VersioningError(
            "This transaction has already recorded its change, whose actor and reason can no"
            " longer be set. Nothing was lost: commit or roll back, then begin the next change."
        )
    before = ledger.context
    ledger.context = _overlay(before, ChangeContext(actor, reason, origin, request_id, at))
    try:
        yield
    finally:
        ledger.context = before


def open_change(session: Session, mapper: Mapper[Any]) -> OpenChange:
    """The transaction's change, recorded on first call, for versions of the mapper's class."""
    ledger = ledger_of(session)
    if ledger.opened is None:
        ledger.opened = _open(session, ledger, mapper)
    ledger.opened.touched.add(mapper.base_mapper)
    return ledger.opened


def allow_amending(session: Session, mapper: Mapper[Any]) -> None:
    """Tell the guards that rows of the open change may still be amended, by this transaction.

    SQLite's guard asks a function of this connection, PostgreSQL's a setting that ends with the
    transaction.
    """
    ledger = ledger_of(session)
    if ledger.opened is None or ledger.amending:
        return
    connection = session.connection(bind_arguments={"mapper": mapper})
    connection.info[OPEN_CHANGE] = ledger.opened.id
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.set_config(OPEN_CHANGE, str(ledger.opened.id), True)))
    ledger.amending = True


def _complete_mapping(mapper: Mapper[Any], cls: type[Any]) -> None:
    """Once the class is mapped: versions can be asked for by their change."""
    table = mapper.local_table
    assert isinstance(table, Table)
    table.info["changes"] = True
    index_changes(table.metadata)


def _open(session: Session, ledger: Ledger, mapper: Mapper[Any]) -> OpenChange:
    row = next_change(ledger)
    recorder = ledger.settings.change_model
    if recorder is None:
        session.connection(bind_arguments={"mapper": mapper})
        return opened_change(session, secrets.randbits(63), row)
    recorded = inspect(recorder)
    connection = session.connection(bind_arguments={"mapper": recorded})
    return opened_change(session, _record(connection, recorded.local_table, row), row)


def _record(connection: Connection, changes: Table, row: dict[str, Any]) -> int:
    if connection.dialect.name == "sqlite" and sends(connection) and takes_no_defaults(changes):
        return _sent(changes, connection.dialect).execute(connection, row).lastrowid
    result = connection.execute(_recording(changes), row)
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


@lru_cache(maxsize=16)
def takes_no_defaults(changes: Table) -> bool:
    """Whether Python has nothing to add to a row of the table of changes."""
    return all(column.default is None for column in changes.c)


@lru_cache(maxsize=16)
def _sent(changes: Table, dialect: Dialect) -> Sent:
    given = [c for c in changes.c if c.name in GIVEN]
    return Sent(
        insert(changes).values({c: bindparam(c.name, type_=c.type) for c in given}), dialect
    )


def next_change(ledger: Ledger) -> dict[str, Any]:
    """What the row of the session's next change says, by column, but for its number."""
    settings, context = ledger.settings, ledger.context
    if settings.describe is not None:
        context = _overlay(settings.describe(), context)
    return {
        "at": context.at or settings.clock(),
        "actor": context.actor,
        "reason": context.reason,
        "origin": context.origin,
        "request_id": context.request_id,
    }


def opened_change(session: Session, id: int, row: dict[str, Any]) -> OpenChange:
    """The change of that number and row, as begun by the session's transaction or savepoint."""
    opened_in = session.get_nested_transaction() or session.get_transaction()
    assert opened_in is not None
    return OpenChange(id, row["at"], opened_in)


@lru_cache(maxsize=16)
def _recording(changes: Table) -> Insert:
    return insert(changes)


def _overlay(below: ChangeContext, above: ChangeContext) -> ChangeContext:
    """`above`, with what it leaves out taken from `below`."""
    given = {f.name: getattr(above, f.name) for f in fields(above)}
    return replace(below, **{name: value for name, value in given.items() if value is not None})
