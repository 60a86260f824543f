"""A single record superseded, as an editor's save does: in as few steps as there are.

PostgreSQL is asked once: the statement records the change, closes the old row, inserts the next
one, and tells that one as it is stored, with the change and the digest before, so that the
version's own digest needs no further question. SQLite, which is no journey away, has `copies`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Connection,
    Insert,
    Table,
    and_,
    bindparam,
    insert,
    inspect,
    literal_column,
    select,
    true,
    type_coerce,
    update,
)
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.types import NullType

from .canonical import CHANGE_COLUMNS
from .change import GIVEN, next_change, open_change, opened_change, takes_no_defaults
from .copies import supersede_alone
from .digest_rows import DIGEST, Reader, reader_of
from .ledger import Step, Told, ledger_of
from .rows import closed_row, column_of, moment, next_row
from .sent import sends
from .shape import part_tables, version_table
from .types import UtcDateTime

AT = bindparam("c_at", type_=UtcDateTime())
#: Where PostgreSQL keeps a row: any UPDATE moves it.
PLACE = literal_column("ctid", NullType())
#: What the place of the change's row is called, which may have columns of a model's own.
CHANGE_PLACE = "versioning_place"


def takes(connection: Connection, mapper: Mapper[Any]) -> bool:
    """Whether a record of the mapper's class can be superseded so."""
    here = connection.dialect.name == "postgresql" or sends(connection)
    return here and not part_tables(mapper)


def supersede_lone(
    session: Session, connection: Connection, mapper: Mapper[Any], step: Step
) -> bool:
    """Close the step's old row and insert its next version, as part of the transaction's change.

    Returns whether there was such a row to close. On PostgreSQL the change is recorded by the same
    statement, where this is the first that the transaction writes.
    """
    ledger = ledger_of(session)
    if connection.dialect.name == "sqlite":
        return supersede_alone(connection, mapper, step, open_change(session, mapper))
    recorder = _recorder(session, connection)
    if ledger.opened is not None or recorder is None:
        opened = open_change(session, mapper)
        given = {**_given(step), "c_at": opened.at, "b_change": opened.id}
        statement = _statement(mapper, tuple(sorted(step.values)), None, None)
        return connection.execute(statement, given).first() is not None
    row = next_change(ledger)
    reader = _reader(connection, mapper, recorder)
    statement = _statement(mapper, tuple(sorted(step.values)), recorder, reader)
    given = {**_given(step), **{f"c_{name}": value for name, value in row.items()}}
    found = connection.execute(statement, given).first()
    if found is None:
        return False
    ledger.opened = opened_change(session, found[0], row)
    opened = open_change(session, mapper)
    if reader is not None:
        opened.told[version_table(mapper)] = Told(connection, reader, found[1], found[2], found[3:])
    return True


def _given(step: Step) -> dict[str, Any]:
    values = {f"v_{name}": value for name, value in step.values.items()}
    return {**values, "b_id": step.id, "b_version": step.old_version, "b_op": step.op}


def _recorder(session: Session, connection: Connection) -> Table | None:
    """The table of changes, where it is written to by the same connection and as it is given."""
    model = ledger_of(session).settings.change_model
    if model is None:
        return None
    recorded = inspect(model)
    if session.get_bind(recorded) not in (connection.engine, connection):
        return None
    table = version_table(recorded)
    return table if takes_no_defaults(table) else None


def _reader(connection: Connection, mapper: Mapper[Any], recorder: Table) -> Reader | None:
    table = version_table(mapper)
    if DIGEST not in table.info:
        return None
    reader = reader_of(table, connection.dialect)
    recorded = reader.change is not None and reader.change.table is recorder
    return reader if recorded and not reader.content.parts else None


@lru_cache(maxsize=1024)
def _statement(
    mapper: Mapper[Any], names: tuple[str, ...], recorder: Table | None, reader: Reader | None
) -> Insert:
    """What supersedes a row with new values of the named attributes.

    Where it records the change, it tells its number; with a `reader` also where the new row lies,
    what of it is digested, and the digest on which that one stands.
    """
    table = version_table(mapper)
    made = None if recorder is None else _made(recorder)
    closed = _closed(table)
    replaced: dict[Any, Any] = {
        column_of(mapper, name): bindparam(f"v_{name}", type_=column_of(mapper, name).type)
        for name in names
    }
    row = next_row(
        table,
        replaced,
        at=closed.c.version_to,
        op=bindparam("b_op", type_=table.c.version_op.type),
        change_id=bindparam("b_change", type_=BigInteger()) if made is None else made.c.id,
        old=closed.c,
    )
    chosen = select(*row.values()).select_from(closed)
    if made is not None:
        chosen = chosen.join(made, true())
    statement = insert(table).from_select(list(row), chosen, include_defaults=False)
    if made is None:
        return statement.returning(table.c.version_id)
    told: list[Any] = []
    if reader is not None:
        change_place = select(made.c[CHANGE_PLACE]).scalar_subquery()
        told = [PLACE, change_place, *reader.content.columns, *_told(reader, made)]
    return statement.returning(select(made.c.id).scalar_subquery(), *told)


def _made(changes: Table) -> CTE:
    values = {c: bindparam(f"c_{c.name}", type_=c.type) for c in changes.c if c.name in GIVEN}
    return (
        insert(changes)
        .values(values)
        .returning(*changes.c, PLACE.label(CHANGE_PLACE))
        .cte("versioning_made")
    )


def _closed(table: Table) -> CTE:
    old = and_(
        table.c.id == bindparam("b_id", type_=table.c.id.type),
        table.c.version_id == bindparam("b_version", type_=table.c.version_id.type),
        table.c.is_current_version == true(),
    )
    closing = update(table).where(old).values(closed_row(table, moment(table.c, AT)))
    return closing.returning(*table.c).cte("versioning_closed")


def _told(reader: Reader, made: CTE) -> list[Any]:
    """The columns that `Reader.digests` wants of a row behind those of its content."""
    assert reader.change is not None
    change = (type_coerce(made.c[name], NullType()) for name in CHANGE_COLUMNS)
    before = reader.content.table.info[DIGEST].c
    digest = select(type_coerce(before.digest, NullType())).where(
        before.id == bindparam("b_id", type_=before.id.type),
        before.version_id == bindparam("b_version", type_=before.version_id.type),
        before.change_id.is_not(None),
    )
    return [*(select(each).scalar_subquery() for each in change), digest.scalar_subquery()]
