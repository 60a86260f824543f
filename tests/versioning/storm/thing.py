"""The model that the storms rage over, its engines, and what must be true of its rows at any time.

The rows are read by plain SQL, each data column as text that is exact to the byte.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import JSON, Connection, Engine, Text, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import NullPool

from webapp.versioning import ChangeRecord, Versioned, install_guards, key_of, prepare_sqlite

#: Columns that never change in a row, not even when it is closed.
KEPT = ("example", "name", "qty", "ratio", "note", "data", "version_from", "version_op")
PLAIN = ("id", "version_id", "is_current_version", "change_id", "views")

Row = dict[str, Any]


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Bits:
    """A bit of everything: a number, a float, a deferred text, JSON, and a counter."""

    __unversioned__ = ("views",)

    name: Mapped[str | None]
    qty: Mapped[int] = mapped_column(default=0)
    ratio: Mapped[float | None]
    note: Mapped[str | None] = mapped_column(Text, deferred=True)
    data: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    views: Mapped[int] = mapped_column(default=0)


class Thing(Bits, Versioned, Base):
    __tablename__ = "thing"

    example: Mapped[int] = mapped_column(default=0, index=True)


class Coin(Bits, Versioned, Base):
    """The same, known by two columns."""

    __tablename__ = "coin"

    id: Mapped[str] = key_of("example", "number")
    example: Mapped[int] = mapped_column(index=True)
    number: Mapped[int]


install_guards(Base.metadata)


def make_engine(url: str, begin: Any = "IMMEDIATE", busy: float = 60.0, **options: Any) -> Engine:
    """An engine as the application has it, with `busy` seconds of patience on SQLite."""
    engine = create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        prepare_sqlite(engine, begin, busy)
    return engine


def make_tables(url: str) -> None:
    engine = make_engine(url, poolclass=NullPool)
    Base.metadata.create_all(engine)


@contextmanager
def onlooker(url: str) -> Iterator[Connection]:
    """A connection that sees what is committed, and is in no writer's way."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def raw_rows(
    connection: Connection, where: str = "1 = 1", *, table: str = "thing", **parameters: Any
) -> list[Row]:
    """All versions, by record and number."""
    exact = "quote({0})" if connection.dialect.name == "sqlite" else "{0}::text"
    texts = [f"{exact.format(name)} AS {name}" for name in (*KEPT, "version_to")]
    query = (
        f"SELECT {', '.join([*PLAIN, *texts])} FROM {table} WHERE {where} ORDER BY id, version_id"
    )
    rows = [dict(row) for row in connection.execute(text(query), parameters).mappings()]
    for row in rows:
        row["is_current_version"] = bool(row["is_current_version"])
        row["version_op"] = row["version_op"].strip("'")
        row["version_to"] = None if row["version_to"] == "NULL" else row["version_to"]
    return rows


def by_record(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["id"]].append(row)
    return dict(found)


def check_history(versions: list[Row]) -> None:
    """What is true of every record: no gap, one current row, one version a change, times meet."""
    where = f"record {versions[0]['id']}"
    numbers = [row["version_id"] for row in versions]
    assert numbers == list(range(1, len(versions) + 1)), f"{where}: versions {numbers}"
    flags = [row["is_current_version"] for row in versions]
    assert flags == [False] * (len(versions) - 1) + [True], f"{where}: flags {flags}"
    starts = [row["version_from"] for row in versions]
    ends = [row["version_to"] for row in versions]
    assert ends == [*starts[1:], None], f"{where}: from {starts}, to {ends}"
    changes = [row["change_id"] for row in versions]
    assert None not in changes and len(set(changes)) == len(changes), f"{where}: {changes}"
    assert versions[0]["version_op"] == "create", where


def check_table(connection: Connection) -> list[Row]:
    """Check every record, and the flag of every row against what SQL calculates; the rows."""
    rows = raw_rows(connection)
    for versions in by_record(rows).values():
        check_history(versions)
    differ = (
        "SELECT id, version_id FROM thing AS t WHERE is_current_version <>"
        " (version_id = (SELECT max(version_id) FROM thing AS n WHERE n.id = t.id))"
    )
    assert connection.execute(text(differ)).all() == []
    orphans = "SELECT id FROM thing WHERE change_id NOT IN (SELECT id FROM change)"
    assert connection.execute(text(orphans)).all() == []
    return rows


def wanted(name: str, usual: int) -> int:
    """A count that the environment may raise for a longer run."""
    return int(os.environ.get(name, usual))
