"""The database itself holds an id against its columns; digests and guards know such records."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy import insert, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from tests.versioning.digests.conftest import recomputed, without_guards
from tests.versioning.keys.conftest import add, add_station
from tests.versioning.keys.models import Base, Line, Order, Sample, Station, Visit
from tests.versioning.keys.test_making import HARD, WHOLE, WRITTEN
from tests.versioning.world import World
from webapp.versioning import (
    Fault,
    GuardFault,
    check_model,
    guard_faults,
    key_columns,
    mend_guards,
    plan_flag_repair,
    repair_flags,
)

REFUSED = (IntegrityError, sqlite3.IntegrityError)
OTHERS: dict[str, Any] = {
    "text": "a/b~d",
    "small": 7,
    "big": 2**60 - 1,
    "day": "0987-01-03",
    "size": "SMALL",
    "shade": "d/1",
    "lot": "0" * 32,
    "batch": "0" * 32,
    "kind": "a",
}


def columns_of(model: Any) -> dict[str, str]:
    return {name: inspect(model).columns[name].name for name in key_columns(model)}


@pytest.mark.parametrize("name", key_columns(Sample))
def test_sql_cannot_part_a_column_from_the_id(keyed: World, session: Session, name: str) -> None:
    add(session, Sample(**WHOLE, name="one"))
    column = columns_of(Sample)[name]
    value = OTHERS[name]
    if not keyed.is_sqlite and name == "day":
        value = f"DATE '{value}'"
    elif not keyed.is_sqlite and name == "lot":
        value = f"CAST('{value}' AS uuid)"
    elif isinstance(value, str):
        value = f"'{value}'"
    with pytest.raises(REFUSED, match=r"(?i)ck_sample_key|check"):
        without_guards(keyed, f"UPDATE sample SET {column} = {value}")
    assert [row[0] for row in keyed.rows(Sample)] == [WRITTEN]


@pytest.mark.parametrize("id", ["FR/AB-2", "FR", "FR/AB-1/", "fr/ab-1", ""])
def test_sql_cannot_write_another_id(keyed: World, session: Session, id: str) -> None:
    add_station(session)
    with pytest.raises(REFUSED, match=r"(?i)ck_station_key|check"):
        without_guards(keyed, f"UPDATE station SET id = '{id}'")


@pytest.mark.parametrize("key", [("", "1"), ("FR", "")])
def test_sql_cannot_leave_a_part_empty(keyed: World, session: Session, key: Any) -> None:
    add_station(session)
    row = {"id": "/".join(key), "country": key[0], "code": key[1]}
    with pytest.raises(IntegrityError), keyed.behind() as connection:
        connection.execute(insert(Station.__table__), row)


def test_it_says_of_every_text_what_python_says(keyed: World) -> None:
    """Inserted past the core, so that Python's text meets the database's."""
    with keyed.behind() as connection:
        rows = [{"country": one, "code": two} for one, two in HARD]
        connection.execute(insert(Station.__table__), rows)
    assert keyed.count("station") == len(HARD)


def test_a_version_made_by_sql_needs_the_id(keyed: World, session: Session) -> None:
    add_station(session)
    with pytest.raises(DBAPIError), keyed.behind() as connection:
        connection.execute(
            text(
                "INSERT INTO station (id, version_id, country, code, name, is_current_version,"
                " version_from, version_op) SELECT 'FR/9', 1, country, code, name,"
                " is_current_version, version_from, version_op FROM station"
            )
        )


def test_what_the_core_writes_is_sound(keyed: World, session: Session) -> None:
    order = Order(lines=[Line(number=1), Line(number=2)])
    stations = [Station(country=one, code=two) for one, two in HARD]
    add(session, order, *stations, Visit(at=stations[0], then=stations[1], under=stations[2]))
    session.execute(insert(Station), [{"country": "PL", "code": "1"}])
    for station in stations:
        station.name = "two"
    order.lines[0].name = "two"
    session.commit()
    session.delete(stations[3])
    session.commit()
    session.rollback()
    for model in (Station, Line, Visit, Order):
        check = check_model(session, model)
        assert (check.counts, check.undigested) == ({}, 0), model
    session.rollback()
    with keyed.behind() as connection:
        assert guard_faults(connection, Base.metadata) == []


def test_the_digest_of_a_version_names_the_id(keyed: World, session: Session) -> None:
    add_station(session, country="F/R")
    rows = keyed.sql("SELECT id, digest FROM station_digest")
    assert [(row[0], bytes(row[1]).hex()) for row in rows] == [
        ("F~1R/AB-1", recomputed(keyed, Station)["F~1R/AB-1", 1])
    ]


def test_what_was_altered_is_found_by_its_id(keyed: World, session: Session) -> None:
    add_station(session)
    without_guards(keyed, "UPDATE station SET name = 'forged'")
    check = check_model(session, Station)
    assert [(each.fault, each.id, each.version_id) for each in check.findings] == [
        (Fault.ALTERED, "FR/AB-1", 1)
    ]


def test_a_guard_refuses_a_rewritten_version(keyed: World, session: Session) -> None:
    add_station(session)
    for statement in ("UPDATE station SET name = 'forged'", "DELETE FROM station"):
        with pytest.raises(DBAPIError, match="append-only"):
            keyed.sql(statement)


def test_a_flag_is_repaired(keyed: World, session: Session) -> None:
    add_station(session).name = "two"
    session.commit()
    off = "0" if keyed.is_sqlite else "false"
    keyed.unguarded(f"UPDATE station SET is_current_version = {off}", "station")
    session.rollback()
    plan = plan_flag_repair(session, Station)
    assert [(each.id, each.version_id) for each in plan.first] == [("FR/AB-1", 2)]
    repair_flags(session, Station)
    session.commit()
    assert keyed.rows(Station) == [("FR/AB-1", 1, False), ("FR/AB-1", 2, True)]


def test_a_check_that_was_taken_away_is_told_and_made_anew(keyed: World, session: Session) -> None:
    if keyed.is_sqlite:
        with pytest.raises(DBAPIError):
            keyed.sql("ALTER TABLE station DROP CONSTRAINT ck_station_key")
        return
    add_station(session)
    session.rollback()
    keyed.sql("ALTER TABLE station DROP CONSTRAINT ck_station_key")
    missing = [GuardFault("station", "ck_station_key", "missing")]
    with keyed.behind() as connection:
        assert guard_faults(connection, Base.metadata) == missing
        assert mend_guards(connection, Base.metadata) == missing
    with keyed.behind() as connection:
        assert guard_faults(connection, Base.metadata) == []
    with pytest.raises(REFUSED):
        without_guards(keyed, "UPDATE station SET code = 'X'")


def test_a_check_that_the_rows_do_not_fit_is_not_made(keyed: World, session: Session) -> None:
    if keyed.is_sqlite:
        return  # there it goes with its table alone
    add_station(session)
    session.rollback()
    keyed.sql("ALTER TABLE station DROP CONSTRAINT ck_station_key")
    without_guards(keyed, "UPDATE station SET code = 'X'")
    with pytest.raises(IntegrityError), keyed.behind() as connection:
        mend_guards(connection, Base.metadata)
    assert Fault.ALTERED in check_model(session, Station).counts
