"""Row 7 and the speed of pages: queries over current rows use the partial indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import DeclarativeBase, Mapped, Session

from tests.versioning.world import START, World
from webapp.versioning import Versioned, as_of, current, current_index, live


class Base(DeclarativeBase):
    pass


class Ware(Versioned, Base):
    __tablename__ = "ware"
    __table_args__ = (current_index("name"),)

    name: Mapped[str]


@pytest.fixture
def session(db: World) -> Iterator[Session]:
    """Records enough that a full scan would not pay."""
    db.create(Ware)
    session = db.session(change_model=None)
    session.add_all([Ware(name=f"n{n % 1000:04}") for n in range(3000)])
    session.commit()
    if not db.is_sqlite:
        db.sql("ANALYZE ware")
    yield session


def plan(session: Session, query: Any) -> str:
    connection = session.connection()
    compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(map(str, connection.exec_driver_sql(f"{explain} {compiled}")))


def test_a_page_of_a_list(session: Session) -> None:
    query = current(Ware).order_by(Ware.name, Ware.id).limit(20)
    assert "ix_ware_name_current" in plan(session, query)


def test_a_search_in_the_list(session: Session) -> None:
    assert "ix_ware_name_current" in plan(session, current(Ware).where(Ware.name == "n0005"))


def test_a_page_by_its_key(session: Session) -> None:
    query = current(Ware).where(tuple_(Ware.name, Ware.id) > ("n0990", 5))
    query = query.order_by(Ware.name, Ware.id).limit(20)
    assert "ix_ware_name_current" in plan(session, query)


def test_the_count(session: Session) -> None:
    query = select(func.count()).select_from(Ware).where(live(Ware))
    found = plan(session, query)
    assert "current" in found or "Seq Scan" in found  # PostgreSQL may read a small table whole


def test_the_current_version_of_one_record(session: Session) -> None:
    found = plan(session, current(Ware).where(Ware.id == 77))
    assert "one_current" in found or "ware_pkey" in found or "PRIMARY" in found.upper()
    assert "SCAN ware" not in found and "Seq Scan" not in found


def test_one_record_as_of_a_moment(session: Session) -> None:
    found = plan(session, as_of(Ware, START, 77).with_only_columns(Ware.id))
    assert "SCAN ware" not in found and "Seq Scan" not in found
