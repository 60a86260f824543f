"""Histories of a model whose rows lie in two tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from webapp.transfer import TransferError, export_history, import_history
from webapp.versioning import (
    ChangeRecord,
    Versioned,
    change,
    enable_versioning,
    install_guards,
    prepare_sqlite,
)

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Vehicle(Versioned, Base):
    __tablename__ = "vehicle"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}

    kind: Mapped[str]
    name: Mapped[str]


class Truck(Vehicle):
    __tablename__ = "truck"
    __mapper_args__ = {"polymorphic_identity": "truck"}

    load: Mapped[int] = mapped_column(default=0)


install_guards(Base.metadata)


@contextmanager
def opened(url: str) -> Iterator[Session]:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        prepare_sqlite(engine)
    Base.metadata.create_all(engine)
    try:
        with Session(engine) as session:
            enable_versioning(session, change_model=Change)
            yield session
    finally:
        engine.dispose()


def test_a_history_is_carried_over_with_all_columns(database_url: str, tmp_path: Path) -> None:
    with opened(database_url) as session:
        truck = Truck(name="one", load=1)
        session.add(truck)
        for day in range(3):
            with change(session, actor="Alice", at=START + dt.timedelta(days=day)):
                truck.load += 1
                session.commit()
        session.delete(truck)
        session.commit()
        written = "".join(export_history(session, Truck, change_model=Change))
    assert written.count('"load":') == 3
    file = tmp_path / "history.jsonl"
    file.write_text(written)
    with opened(f"sqlite:///{tmp_path / 'other.sqlite'}") as other:
        import_history(other, Truck, file, change_model=Change)
        found = other.execute(text("SELECT version_id, load FROM truck ORDER BY version_id"))
        assert [tuple(row) for row in found] == [(1, 2), (2, 3), (3, 4), (4, 4)]
        assert "".join(export_history(other, Truck, change_model=Change)) == written


def test_a_base_is_refused_since_its_columns_are_not_all(sqlite_url: str) -> None:
    with opened(sqlite_url) as session, pytest.raises(TransferError, match="such as Truck"):
        next(export_history(session, Vehicle, change_model=Change))
