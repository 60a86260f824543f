"""Export, import into an empty database, export again: the same bytes."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.transfer.things.models import Shade, Thing
from webapp.changes import Change
from webapp.extensions import db
from webapp.transfer import export_history, import_history
from webapp.versioning import (
    RestoreClash,
    change,
    current,
    enable_versioning,
    install_guards,
    keep_digests,
    prepare_sqlite,
    restore,
)

MEMORY = "sqlite://"
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


@contextmanager
def opened(url: str) -> Iterator[Session]:
    """A session on a database with the two tables, the digests and their guards."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        prepare_sqlite(engine)
    install_guards(db.metadata)
    keep_digests(db.metadata)  # as an application in the same process may have asked for
    digests = db.metadata.tables[f"{Thing.__tablename__}_digest"]
    db.metadata.create_all(engine, tables=[Thing.__table__, Change.__table__, digests])
    try:
        with Session(engine) as session:
            enable_versioning(session, change_model=Change)
            yield session
    finally:
        engine.dispose()


def exported(session: Session, key: str | None) -> str:
    lines = export_history(session, Thing, change_model=Change, key=key)
    text = "".join(lines)
    session.rollback()
    return text


def carried(text: str, url: str, key: str | None) -> str:
    """The export of the imported text."""
    with tempfile.TemporaryDirectory() as folder, opened(url) as session:
        file = Path(folder) / "history.jsonl"
        file.write_text(text)
        import_history(session, Thing, file, change_model=Change, key=key)
        return exported(session, key)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "count": st.integers(-(2**31), 2**31 - 1),
    "large": st.integers(-(2**63), 2**63 - 1),
    "price": st.decimals(-9999, 9999, places=2),
    "ratio": st.floats(allow_nan=False),
    "usable": st.booleans(),
    "day": st.dates(),
    "hour": st.times(),
    "local": st.datetimes(),
    "moment": st.datetimes(dt.datetime(1900, 1, 2), dt.datetime(2200, 1, 1)).map(
        lambda moment: moment.replace(tzinfo=dt.UTC)
    ),
    "span": st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999)),
    "shade": st.sampled_from(Shade),
    "mark": st.uuids(),
    "data": st.binary(max_size=8),
    "extra": json,
}
edit = st.fixed_dictionaries({}, optional={**VALUES, "name": st.sampled_from("ABC")})
step = st.tuples(
    st.sampled_from(["create", "edit", "edit", "edit", "delete", "restore"]),
    st.sampled_from("ABC"),
    edit,
)
transaction = st.tuples(
    st.sampled_from([0, 0.000001, 1, 3600.5]),  # seconds since the one before
    st.sampled_from([None, "Alice", "Bob"]),
    st.lists(step, min_size=1, max_size=3),
)


def live_through(session: Session, transactions: list[Any]) -> None:
    at = START
    for seconds, actor, steps in transactions:
        at += dt.timedelta(seconds=seconds)
        with change(session, actor=actor, at=at):
            try:
                for kind, name, values in steps:
                    do(session, kind, name, values)
                session.commit()
            except (IntegrityError, RestoreClash):  # a name that a living record has
                session.rollback()


def do(session: Session, kind: str, name: str, values: dict[str, Any]) -> None:
    living = session.scalars(current(Thing).where(Thing.name == name)).first()
    if kind == "create":
        session.add(Thing(**{**values, "name": name}))
    elif kind == "restore":
        gone = select(Thing).where(Thing.is_current_version, Thing.version_op == "delete")
        if dead := session.scalars(gone.where(Thing.name == name)).first():
            told = select(func.max(Thing.version_id)).where(
                Thing.id == dead.id, Thing.version_op != "delete"
            )
            restore(session, Thing, dead.id, session.scalars(told).one())
    elif living is not None and kind == "delete":
        session.delete(living)
    elif living is not None:
        for column, value in values.items():
            setattr(living, column, value)
    session.flush()


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(transaction, max_size=12))
def test_any_history_survives(transactions: list[Any]) -> None:
    with opened(MEMORY) as session:
        live_through(session, transactions)
        by_id, by_name = exported(session, None), exported(session, "name")
    assert carried(by_id, MEMORY, None) == by_id
    assert carried(by_name, MEMORY, "name") == by_name


RICH = {
    "text": "Zeile eins\n星 ñ \u2028 \\u0041",
    "count": -1,
    "large": 2**63 - 1,
    "price": Decimal("12.50"),
    "ratio": 1e-05,
    "usable": False,
    "day": dt.date(1, 1, 1),
    "hour": dt.time(23, 59, 59, 999999),
    "local": dt.datetime(2024, 5, 31, 12),
    "moment": dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC),
    "span": dt.timedelta(days=-1, microseconds=1),
    "shade": Shade.DARK,
    "data": b"\0\xff",
    "extra": {"on": True, "list": [1, 2.5, None]},
}


@pytest.mark.parametrize("key", [None, "name"])
def test_every_column_type_survives_on_each_database(
    database_url: str, sqlite_url: str, key: str | None
) -> None:
    with opened(database_url) as session:
        live_through(
            session,
            [
                (0, "Alice", [("create", "A", RICH), ("create", "B", {})]),
                (1, "Bob", [("edit", "A", {"name": "C", "price": None}), ("delete", "B", {})]),
                (0, "Bob", [("restore", "B", {}), ("edit", "C", {"extra": None})]),
                (1, None, [("create", "A", {"ratio": float("-inf")})]),
            ],
        )
        text = exported(session, key)
    assert text.count('"at":') == 7
    assert carried(text, f"{sqlite_url}.second", key) == text


def test_two_records_may_swap_their_names(database_url: str, sqlite_url: str) -> None:
    with opened(database_url) as session:
        session.add_all([Thing(name="A", count=1), Thing(name="B", count=2)])
        session.commit()
        first, second = session.scalars(current(Thing).order_by(Thing.count))
        first.name, second.name = "B", "A"
        session.commit()
        text = exported(session, "name")
    assert carried(text, f"{sqlite_url}.second", "name") == text
