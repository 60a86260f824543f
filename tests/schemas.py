"""PostgreSQL's schemas with all tables made, handed from test to test.

Making a hundred tables and dropping them takes longer than nearly every test over them. A schema is
handed on when the database's own catalogue says that it is as it was made; its rows are deleted.
A test that altered a table, a trigger or the planner's statistics has its schema thrown away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from sqlalchemy import URL

from tests import postgresql

#: So often: what was deleted takes room until the database tidies up.
MOST_TIMES = 40
STATE = """
WITH ours AS (
  SELECT oid, xmin, relfilenode, reltuples FROM pg_class
  WHERE relnamespace = current_schema()::regnamespace
)
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
  SELECT concat_ws(' ', 'class', oid, xmin, relfilenode, reltuples) AS part FROM ours
  UNION ALL SELECT concat_ws(' ', 'column', attrelid, attnum, pg_attribute.xmin) FROM pg_attribute
    WHERE attrelid IN (SELECT oid FROM ours)
  UNION ALL SELECT concat_ws(' ', 'index', indexrelid, pg_index.xmin) FROM pg_index
    WHERE indrelid IN (SELECT oid FROM ours)
  UNION ALL SELECT concat_ws(' ', 'default', oid, pg_attrdef.xmin) FROM pg_attrdef
    WHERE adrelid IN (SELECT oid FROM ours)
  UNION ALL SELECT concat_ws(' ', 'trigger', oid, pg_trigger.xmin) FROM pg_trigger
    WHERE tgrelid IN (SELECT oid FROM ours)
  UNION ALL SELECT concat_ws(' ', 'constraint', oid, pg_constraint.xmin) FROM pg_constraint
    WHERE connamespace = current_schema()::regnamespace
  UNION ALL SELECT concat_ws(' ', 'function', oid, pg_proc.xmin) FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace
) AS parts
"""
# Triggers and foreign keys keep quiet for a replica; sequences begin again.
EMPTY = """
SET LOCAL session_replication_role = replica;
DO $$
DECLARE each record;
BEGIN
  FOR each IN SELECT oid::regclass AS name FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
      AND relname NOT LIKE 'alembic_version%'  -- the marks belong to the tables
  LOOP EXECUTE format('DELETE FROM %s', each.name); END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL;
END $$
"""


@dataclass
class Schema:
    name: str
    tables: Hashable
    state: str
    times: int = 1


_FREE: defaultdict[Hashable, list[Schema]] = defaultdict(list)
_LENT: dict[str, Schema] = {}


def lend(url: URL, tables: Hashable) -> bool:
    """Let the schema of that URL, which is empty, be one with these tables, if there is one."""
    if not _FREE[tables]:
        return False
    schema, wanted = _FREE[tables].pop(), _name(url)
    with _inside(url) as connection:
        connection.execute(f'DROP SCHEMA "{wanted}"')
        connection.execute(f'ALTER SCHEMA "{schema.name}" RENAME TO "{wanted}"')
    schema.name, schema.times = wanted, schema.times + 1
    _LENT[wanted] = schema
    return True


def made(url: URL, tables: Hashable) -> None:
    """The schema of that URL has its tables now, and may be handed on when the test is over."""
    with _inside(url) as connection:
        _LENT[_name(url)] = Schema(_name(url), tables, _state(connection))


def give_back(url: URL) -> None:
    """Keep the schema for another test, if it is as it was made."""
    schema = _LENT.pop(_name(url), None)
    if schema is None or schema.times >= MOST_TIMES:
        return
    kept = f"free_{schema.name}"
    try:
        with _inside(url) as connection:
            if _state(connection) != schema.state:
                return
            connection.execute("SET LOCAL lock_timeout = '2s'")
            connection.execute(EMPTY)
            connection.execute(f'ALTER SCHEMA "{schema.name}" RENAME TO "{kept}"')
    except (psycopg.errors.LockNotAvailable, psycopg.errors.InsufficientPrivilege):
        return  # a session that the test left open, or a server that is not ours to command
    schema.name = kept
    _FREE[schema.tables].append(schema)


def drop_all(url: URL) -> None:
    """Leave nothing behind on a server that outlives the tests."""
    for schema in [each for free in _FREE.values() for each in free]:
        postgresql.administrator(url).execute(f'DROP SCHEMA "{schema.name}" CASCADE')
    _FREE.clear()
    postgresql.close()


@contextmanager
def _inside(url: URL) -> Iterator[psycopg.Connection]:
    """One transaction in the schema of that URL."""
    connection = postgresql.administrator(url)
    with connection.transaction():
        connection.execute(f'SET LOCAL search_path = "{_name(url)}"')
        yield connection


def _name(url: URL) -> str:
    return str(url.query["options"]).rpartition("=")[2]


def _state(connection: psycopg.Connection) -> str:
    row = connection.execute(STATE).fetchone()
    assert row
    return str(row[0])
