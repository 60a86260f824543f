"""Tells which guards a database lacks: triggers and indexes dropped, switched off or altered.

A CHECK that holds ids against their columns (`key_of`) can be taken away, and be made anew, on
PostgreSQL alone; on SQLite it comes and goes with its table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Inspector, MetaData, Table, inspect, text
from sqlalchemy.schema import AddConstraint

from .anchors import ANCHOR, anchor_statements, refill_statement
from .guard import KINDS, guard_statements
from .guard_postgresql import FUNCTION
from .key_rules import key_check

ASKED = re.compile(r'(?:NEW|OLD)\.(?:"((?:[^"]|"")+)"|(\w+))|UPDATE OF (\w+)')
NAME = re.compile(r'CREATE TRIGGER (?:"[^"]+"\.)?"([^"]+)"')
#: Which columns a trigger asks for is known to the database, which depends on them.
TRIGGERS = """
SELECT t.tgname, t.tgenabled, p.prosrc, ARRAY(
  SELECT DISTINCT a.attname::text FROM pg_depend d JOIN pg_attribute a
  ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.classid = 'pg_trigger'::regclass AND d.objid = t.oid AND d.refobjid = t.tgrelid
) AS columns
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND t.tgrelid = to_regclass(:table)
"""
State = Literal["missing", "off", "altered"]


@dataclass(frozen=True)
class GuardFault:
    """A guard of a table that does not stand: it is missing, switched off, or says another thing.

    On PostgreSQL, "altered" tells of the function behind a trigger, and of the columns that its
    condition asks for; what it asks of them is not compared.
    The triggers that keep a table of records stand on the table of their versions.
    """

    table: str
    guard: str
    state: State


@dataclass(frozen=True)
class Trigger:
    """The statement that makes a trigger, and the one that makes its function, "" on SQLite."""

    statement: str
    function: str

    @property
    def columns(self) -> set[str]:
        """The columns of its table that the trigger asks for, outside of its function."""
        asked = ASKED.findall(self.statement)
        return {(quoted or plain or kept).replace('""', '"') for quoted, plain, kept in asked}

    @property
    def source(self) -> str:
        """The body of the function."""
        return self.function.split("$$")[1].strip()


def guard_faults(connection: Connection, metadata: MetaData) -> list[GuardFault]:
    """The guards that the tables of `metadata` should have and do not, by table.

    Tables that are not there are passed over, and so are databases without guards.
    """
    here = inspect(connection)
    kinds = {"sqlite": _sqlite, "postgresql": _postgresql}
    states = kinds.get(connection.dialect.name)
    found: list[GuardFault] = []
    for table in metadata.sorted_tables if states else ():
        if table.info.keys().isdisjoint(KINDS):
            continue
        if not here.has_table(table.name, schema=table.schema):
            continue
        assert states is not None
        passed = _of_anchor(table, connection.dialect.name) if _lacks_anchor(here, table) else {}
        states_here = (each for each in states(connection, table) if each[0] not in passed)
        found += [GuardFault(table.fullname, *each) for each in states_here]
        found += _indexes(connection, table)
        found += _checks(connection, table)
    return found


def mend_guards(connection: Connection, metadata: MetaData) -> list[GuardFault]:
    """Make anew the guards that do not stand, in the connection's transaction; returns them.

    Raises IntegrityError where a unique index or a CHECK cannot be made because of the rows that
    are there.
    """
    faults = guard_faults(connection, metadata)
    dialect = connection.dialect.name
    for each in faults:
        table = metadata.tables[each.table]
        indexes = {str(index.name): index for index in table.indexes}
        if each.guard in indexes:
            indexes[each.guard].create(connection)
            continue
        check = key_check(table, dialect)
        if check is not None and each.guard == check.name:
            connection.execute(AddConstraint(check, isolate_from_table=False))
            continue
        if each.state != "missing":
            on = f" ON {_full(connection, table)}" if dialect == "postgresql" else ""
            connection.execute(text(f'DROP TRIGGER "{each.guard}"{on}'))
        trigger = _expected(table, dialect)[each.guard]
        for statement in filter(None, (trigger.function, trigger.statement)):
            connection.execute(text(statement))
    for table in {metadata.tables[each.table] for each in faults}:
        if any(each.guard in _of_anchor(table, dialect) for each in faults):
            connection.execute(text(refill_statement(table.info[ANCHOR])))
    return faults


def _expected(table: Table, dialect: str) -> Mapping[str, Trigger]:
    """The triggers of a table by name: its guards, and what keeps its table of records."""
    guards = _triggers(guard_statements(table, dialect), FUNCTION, dialect)
    return {**guards, **_of_anchor(table, dialect)}


def _lacks_anchor(here: Inspector, table: Table) -> bool:
    anchor = table.info.get(ANCHOR)
    return anchor is not None and not here.has_table(anchor.name, schema=anchor.schema)


def _of_anchor(table: Table, dialect: str) -> Mapping[str, Trigger]:
    if ANCHOR not in table.info:
        return {}
    statements = anchor_statements(table.info[ANCHOR], dialect)
    function = next((each for each in statements if "LANGUAGE plpgsql" in each), "")
    return _triggers(statements, function, dialect)


def _triggers(statements: list[str], function: str, dialect: str) -> Mapping[str, Trigger]:
    named = ((NAME.match(statement), statement) for statement in statements)
    function = function if dialect == "postgresql" else ""
    return {name[1]: Trigger(statement, function) for name, statement in named if name}


def _sqlite(connection: Connection, table: Table) -> Iterator[tuple[str, State]]:
    master = f'"{table.schema}".sqlite_master' if table.schema else "sqlite_master"
    query = text(f"SELECT name, sql FROM {master} WHERE type = 'trigger' AND tbl_name = :table")
    rows = connection.execute(query, {"table": table.name})
    there = {row.name: row.sql for row in rows}
    for name, trigger in _expected(table, "sqlite").items():
        if name not in there:
            yield name, "missing"
        elif _rule(there[name]) != _rule(trigger.statement):
            yield name, "altered"


def _rule(statement: str) -> str:
    """A trigger's text behind its name, which SQLite keeps as it was given."""
    return " ".join(NAME.sub("", statement, count=1).split())


def _postgresql(connection: Connection, table: Table) -> Iterator[tuple[str, State]]:
    rows = connection.execute(text(TRIGGERS), {"table": _full(connection, table)})
    there = {name: found for name, *found in rows}
    for name, trigger in _expected(table, "postgresql").items():
        enabled, source, columns = there.get(name, ("", "", ()))
        if not enabled:
            yield name, "missing"
        elif enabled not in ("O", "A"):  # "D" is off, "R" is for replicas alone
            yield name, "off"
        elif source.strip() != trigger.source or trigger.columns != set(columns):
            yield name, "altered"


def _full(connection: Connection, table: Table) -> str:
    return connection.dialect.identifier_preparer.format_table(table)


def _indexes(connection: Connection, table: Table) -> Iterator[GuardFault]:
    """The unique index over the current rows is the guard against two of them."""
    there = {each["name"] for each in inspect(connection).get_indexes(table.name, table.schema)}
    for index in table.indexes:
        if index.unique and index.name not in there:
            yield GuardFault(table.fullname, str(index.name), "missing")


def _checks(connection: Connection, table: Table) -> Iterator[GuardFault]:
    """The CHECK is the guard of ids that columns make."""
    check = key_check(table, connection.dialect.name)
    if check is None or connection.dialect.name != "postgresql":
        return
    there = inspect(connection).get_check_constraints(table.name, table.schema)
    if all(each["name"] != check.name for each in there):
        yield GuardFault(table.fullname, str(check.name), "missing")
