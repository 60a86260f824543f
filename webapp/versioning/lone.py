"""A single record superseded, as an editor's save does: in as few steps as there are.

PostgreSQL is asked once: the statement records the change, closes the old row, inserts the next
one, and its digest. SQLite, which is no journey away, has `copies`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    Connection,
    Dialect,
    Executable,
    Insert,
    Table,
    and_,
    bindparam,
    false,
    insert,
    inspect,
    select,
    true,
    update,
)
from sqlalchemy.orm import Mapper, Session

from .change import GIVEN, next_change, open_change, opened_change, takes_no_defaults
from .copies import supersede_alone
from .digest_rows import DIGEST, Reader, reader_of
from .digest_sql import bare, digested, lines_of, makes_digests, told_of
from .ledger import Ledger, Sealed, Step, ledger_of
from .rows import closed_row, column_of, moment, next_row
from .seal import seal
from .sent import Sent, sends
from .shape import part_tables, version_table
from .types import UtcDateTime

AT = bindparam("c_at", type_=UtcDateTime())


def takes(connection: Connection, mapper: Mapper[Any]) -> bool:
    """Whether a record of the mapper's class can be superseded so."""
    return sends(connection) and not part_tables(mapper)


def supersede_lone(
    session: Session, connection: Connection, mapper: Mapper[Any], step: Step
) -> bool:
    """Close the step's old row and insert its next version, as part of the transaction's change.

    Returns whether there was such a row to close. On PostgreSQL the change is recorded by the same
    statement, where this is the first that the transaction writes, and the digest is written too,
    where it can be made there.
    """
    ledger = ledger_of(session)
    if connection.dialect.name == "sqlite":
        return supersede_alone(connection, mapper, step, open_change(session, mapper))
    recorder = _recorder(session, connection)
    if ledger.opened is None and recorder is not None:
        return _supersede_first(session, connection, mapper, step, recorder)
    opened = open_change(session, mapper)
    given = {**_given(step), "c_at": opened.at, "b_change": opened.id}
    wanted = Wanted(mapper, tuple(sorted(step.values)), None, None)
    return _sent(wanted, connection.dialect).execute(connection, given).first() is not None


def _supersede_first(
    session: Session, connection: Connection, mapper: Mapper[Any], step: Step, recorder: Table
) -> bool:
    ledger, dialect = ledger_of(session), connection.dialect
    reader = _reader(ledger, mapper, recorder, dialect)
    row = next_change(ledger)
    given = {**_given(step), **{f"c_{name}": value for name, value in row.items()}}
    if reader is not None:
        given.update(told_of(reader, mapper, step.state, dialect))
    wanted = Wanted(mapper, tuple(sorted(step.values)), recorder, reader)
    found = _sent(wanted, dialect).execute(connection, given).first()
    if found is None:
        return False
    number, is_digested = tuple(found)
    ledger.opened = opened_change(session, number, row)
    opened = open_change(session, mapper)
    if is_digested:
        table = version_table(mapper)
        opened.digested[table] = 1
        opened.sealed = Sealed(connection, seal(connection), table, recorder)
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


def _reader(
    ledger: Ledger, mapper: Mapper[Any], recorder: Table, dialect: Dialect
) -> Reader | None:
    """How the version is digested, where the statement that inserts it can do so."""
    table = version_table(mapper)
    if DIGEST not in table.info or ledger.linked:
        return None
    return _known_reader(table, recorder, dialect, len(table.metadata.tables))


@lru_cache(maxsize=256)
def _known_reader(table: Table, recorder: Table, dialect: Dialect, _tables: int) -> Reader | None:
    """Known by the number of tables as well: a subclass with one of its own may be mapped later."""
    reader = reader_of(table, dialect)
    recorded = reader.change is not None and reader.change.table is recorder
    return reader if recorded and makes_digests(reader, dialect) else None


class Wanted(NamedTuple):
    """What a statement supersedes a row with: new values of the named attributes. It records the
    change in the `recorder`, and writes the digest that the `reader` makes."""

    mapper: Mapper[Any]
    names: tuple[str, ...]
    recorder: Table | None
    reader: Reader | None


@lru_cache(maxsize=1024)
def _sent(wanted: Wanted, dialect: Dialect) -> Sent:
    return Sent(_statement(wanted, dialect), dialect)


def _statement(wanted: Wanted, dialect: Dialect) -> Executable:
    """What supersedes the row, and returns one where it did: the number of its change, and whether
    a digest was written.

    Columns go by their bare names: from some length on, which those of the table before each would
    reach soon, the driver reads a statement anew each time.
    """
    table, reader = version_table(wanted.mapper), wanted.reader
    change_id = bare(table.c.change_id)
    if wanted.recorder is None:
        number = bindparam("b_change", type_=BigInteger())
        return _added(wanted, number).returning(change_id, false())
    lines = None if reader is None else lines_of(reader, wanted.mapper, dialect)
    made = _made(wanted.recorder, *(() if lines is None else (lines.change,)))
    adding = _added(wanted, select(made.c.id).scalar_subquery())
    if reader is None or lines is None:
        return adding.returning(change_id, false())
    key = bare(table.c.id), bare(table.c.version_id), change_id
    added = adding.returning(*key, lines.content).cte("_added")
    told = select(added.c.change_id, added.c.content.is_not(None))
    return told.add_cte(digested(reader, added, made))


def _added(wanted: Wanted, change_id: Any) -> Insert:
    mapper, table = wanted.mapper, version_table(wanted.mapper)
    replaced: dict[Any, Any] = {
        column_of(mapper, name): bindparam(f"v_{name}", type_=column_of(mapper, name).type)
        for name in wanted.names
    }
    old = {c.key: bare(c) for c in table.c}
    row = next_row(
        table,
        replaced,
        at=old["version_to"],
        op=bindparam("b_op", type_=table.c.version_op.type),
        change_id=change_id,
        old=old,
    )
    chosen = select(*row.values()).select_from(_closed(table))
    return insert(table).from_select(list(row), chosen, include_defaults=False)


def _made(changes: Table, *more: Any) -> CTE:
    values = {c: bindparam(f"c_{c.name}", type_=c.type) for c in changes.c if c.name in GIVEN}
    return insert(changes).values(values).returning(bare(changes.c.id), *more).cte("_made")


def _closed(table: Table) -> CTE:
    old = and_(
        table.c.id == bindparam("b_id", type_=table.c.id.type),
        table.c.version_id == bindparam("b_version", type_=table.c.version_id.type),
        table.c.is_current_version == true(),
    )
    closing = update(table).where(old).values(closed_row(table, moment(table.c, AT)))
    return closing.returning(*map(bare, table.c)).cte("_closed")
