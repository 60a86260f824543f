"""The pages' queries use the partial indexes, the as-of index or the key; none reads a history."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Select,
    bindparam,
    create_engine,
    func,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests import postgresql
from webapp.versioning import (
    Versioned,
    alive_at,
    as_of,
    as_of_index,
    as_of_order,
    began_before,
    count_live,
    current,
    current_index,
    current_unique,
    deleted,
    deleted_at,
    prepare_sqlite,
    utcnow,
)

RECORDS, VERSIONS = 2_000, 10
LONG = 77  # the record that has many more versions
NOW = utcnow()


class Base(DeclarativeBase):
    pass


class Part(Versioned, Base):
    __tablename__ = "part"
    __table_args__ = (
        current_index("name", name="part_by_name"),
        current_unique("sku", name="part_by_sku"),
        as_of_index("name", name="part_as_of"),
    )
    name: Mapped[str]
    sku: Mapped[str]
    note: Mapped[str] = mapped_column(default="as good as new " * 6)


def rows() -> list[dict[str, Any]]:
    """Each hour a version of each record; each hundredth record ends in a tombstone."""
    return [
        row
        for id in range(1, RECORDS + 1)
        for row in history(id, versions=500 if id == LONG else VERSIONS)
    ]


def history(id: int, versions: int) -> Iterator[dict[str, Any]]:
    for version in range(1, versions + 1):
        newest = version == versions
        since = NOW - timedelta(hours=versions - version)
        yield {
            "id": id,
            "version_id": version,
            "is_current_version": newest,
            "version_from": since,
            "version_to": None if newest else since + timedelta(hours=1),
            "version_op": "delete" if newest and id % 100 == 0 else "update",
            "name": f"part {id * 7919 % 10007}",
            "sku": f"P-{id}",
        }


@pytest.fixture(scope="module")
def filled(
    tmp_path_factory: pytest.TempPathFactory, postgresql_server: URL
) -> Iterator[dict[str, Engine]]:
    """An engine on each database, filled once for the module."""
    path = tmp_path_factory.mktemp("plans") / "plans.sqlite"
    with postgresql.schema(postgresql_server, "query_plans") as url:
        engines = {
            "sqlite": create_engine(f"sqlite:///{path}"),
            "postgresql": create_engine(url),
        }
        prepare_sqlite(engines["sqlite"])
        for engine in engines.values():
            Base.metadata.create_all(engine)
            with engine.begin() as connection:
                connection.execute(Part.__table__.insert(), rows())
            with engine.begin() as connection:
                connection.execute(text("ANALYZE"))
        yield engines
        for engine in engines.values():
            engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest, filled: dict[str, Engine]) -> Iterator[Connection]:
    with filled[request.param].connect() as connection:
        yield connection


def plan_of(connection: Connection, query: Select[Any]) -> str:
    """How the database will answer the query, in its own words."""
    word = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(str(row[-1]) for row in explained(connection, query, word))


def explained(connection: Connection, query: Select[Any], word: str) -> Sequence[Any]:
    compiled = query.compile(dialect=type(connection.dialect)(paramstyle="named"))
    given = [bindparam(name, bind.value, bind.type) for bind, name in compiled.bind_names.items()]
    statement = str(compiled).replace("::", " ::")  # text() takes ":name::" for no parameter
    return connection.execute(text(f"{word} {statement}").bindparams(*given)).all()


PAGE = current(Part).order_by(Part.name, Part.id).limit(20)
WHEN = NOW - timedelta(hours=5)
PLANS: dict[str, tuple[Select[Any], set[str]]] = {
    "list page": (PAGE, {"part_by_name"}),
    "keyset page": (PAGE.where(tuple_(Part.name, Part.id) > ("part 5000", 1)), {"part_by_name"}),
    "current of one": (current(Part).where(Part.id == LONG), {"uq_part_one_current", "key"}),
    "one by a unique value": (current(Part).where(Part.sku == f"P-{LONG}"), {"part_by_sku"}),
    "as of one": (as_of(Part, WHEN, LONG), {"key"}),
    "as-of page": (as_of(Part, WHEN).order_by(Part.name, Part.id).limit(20), {"part_as_of"}),
    "as-of count, to its limit": (
        select(func.count()).select_from(
            select(literal(1).label("one"))
            .where(alive_at(Part, WHEN))
            .order_by(*as_of_order(Part))
            .limit(1_000)
            .subquery()
        ),
        {"part_as_of"},
    ),
    "last 20 of a timeline": (
        select(Part).where(Part.id == LONG).order_by(Part.version_id.desc()).limit(20),
        {"key"},
    ),
    "count of the living": (
        select(count_live(Part)),
        {"uq_part_one_current", "ix_part_tombstones"},
    ),
    "deleted records": (
        select(Part).where(deleted(Part)).order_by(Part.id).limit(20),
        {"ix_part_tombstones"},
    ),
}


@pytest.mark.parametrize("page", PLANS)
def test_a_page_reads_an_index_and_sorts_nothing(connection: Connection, page: str) -> None:
    query, expected = PLANS[page]
    plan = plan_of(connection, query)
    used = indexes_in(plan)
    assert used and used <= expected, plan
    assert "Seq Scan" not in plan, plan
    assert "Sort" not in plan and "TEMP B-TREE" not in plan, plan


def test_the_count_of_the_living_reads_no_row_of_the_table(connection: Connection) -> None:
    query, indexes = PLANS["count of the living"]
    found = explained(connection, query, "EXPLAIN")
    if connection.dialect.name == "sqlite":  # an index that covers a partial count is not so called
        assert "Column" not in {step.opcode for step in found}
        return
    plan = plan_of(connection, query)
    assert all(f"Index Only Scan using {name}" in plan for name in indexes), plan


def test_the_living_are_counted_without_the_deleted(connection: Connection) -> None:
    assert connection.scalar(select(count_live(Part))) == RECORDS - RECORDS // 100


def test_the_few_of_an_early_moment_are_found_by_their_times(connection: Connection) -> None:
    early = NOW - timedelta(hours=400)  # of all records, only the long one had begun
    with Session(connection) as session:
        assert began_before(session, Part, NOW, 10_000) is None
        few = began_before(session, Part, early, 10_000)
    assert few is not None
    plan = plan_of(connection, as_of(Part, early).where(few).order_by(Part.name, Part.id).limit(20))
    assert {"ix_part_times"} <= indexes_in(plan) <= {"ix_part_times", "key"}, plan
    assert "Seq Scan" not in plan, plan
    found = connection.execute(as_of(Part, early).where(few)).all()
    assert [(row.id, row.version_id) for row in found] == [(LONG, 100)]


def test_who_was_deleted_by_a_moment_is_found_among_the_deletions(connection: Connection) -> None:
    query = select(Part).where(deleted_at(Part, WHEN))
    plan = plan_of(connection, query)
    assert indexes_in(plan) == {"ix_part_deletions"}, plan
    assert "Seq Scan" not in plan, plan


def indexes_in(plan: str) -> set[str]:
    """The indexes that a plan names; the primary key's is called key."""
    found = set(re.findall(r"(?:USING (?:COVERING )?INDEX|using|Scan on) (\w+)", plan))
    keys = {"sqlite_autoindex_part_1": "key", "part_pkey": "key"}
    return {keys.get(name, name) for name in found - {"part"}}
