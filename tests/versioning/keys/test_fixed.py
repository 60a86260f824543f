"""The columns of a key are written once: whatever would change one is refused with a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.versioning.keys.conftest import add, add_station
from tests.versioning.keys.models import Line, Order, Station
from tests.versioning.world import World
from webapp.versioning import (
    BadKey,
    ReadOnlyVersion,
    Versioned,
    VersioningError,
    act_on_many,
    merge_fields,
    plan_many,
    plan_restore,
    plan_undo,
    restorable,
    restore,
    undo,
    undo_change,
)


@pytest.fixture
def unchanged(keyed: World, session: Session) -> Any:
    """What is refused is not written, and the session can go on after a rollback."""
    station = add_station(session)
    names = [column.name for column in Station.__table__.c]
    before = keyed.rows(Station, *names)

    def check(match: str, work: Callable[[Station], object], error: Any = BadKey) -> None:
        with pytest.raises(error, match=match):
            work(station)
            session.commit()
        session.rollback()
        assert keyed.rows(Station, *names) == before
        station.name = "three"
        session.commit()
        assert keyed.rows(Station, "name")[-1] == ("FR/AB-1", 2, True, "three")

    return check


def test_an_edit(unchanged: Any) -> None:
    unchanged(
        "known by its code, which cannot be changed.*create a new record",
        lambda station: setattr(station, "code", "X"),
    )


def test_an_edit_beside_another(unchanged: Any) -> None:
    def edit(station: Station) -> None:
        station.name, station.country, station.code = "two", "DE", "2"

    unchanged("its country and code", edit)


def test_an_edit_that_was_not_loaded(unchanged: Any, session: Session) -> None:
    def edit(station: Station) -> None:
        session.expire(station)
        station.code = "X"

    unchanged("its code", edit)


def test_the_id_itself(unchanged: Any) -> None:
    unchanged("id", lambda station: setattr(station, "id", "FR/2"), ReadOnlyVersion)


def test_an_edit_of_the_transactions_own_row(keyed: World, session: Session) -> None:
    station = Station(country="FR", code="1")
    session.add(station)
    session.flush()
    station.code = "2"
    with pytest.raises(BadKey):
        session.commit()
    session.rollback()
    assert keyed.rows(Station) == []


def test_a_value_set_to_what_it_is(keyed: World, session: Session) -> None:
    station = add_station(session)
    station.country, station.code = "FR", "AB-1"
    session.commit()
    station.country, station.name = "FR", "two"
    session.commit()
    assert [row[1] for row in keyed.rows(Station)] == [1, 2]


@pytest.mark.parametrize("values", [{"code": "X"}, {"code": "AB-1"}, {Station.code: "X"}])
def test_an_update_statement(unchanged: Any, session: Session, values: Any) -> None:
    statement = update(Station).values({"name": "two", **values})
    unchanged("code of Station", lambda station: session.execute(statement))


def test_an_update_by_key(unchanged: Any, session: Session) -> None:
    row = {"id": "FR/AB-1", "version_id": 1, "code": "X"}
    unchanged("its code", lambda station: session.execute(update(Station), [row]))


def test_setting_it_on_many(keyed: World, session: Session) -> None:
    add_station(session)
    plan = plan_many(session, Station, "set", {"FR/AB-1": 1}, {"code": "X"})
    with pytest.raises(BadKey, match="code of Station"):
        act_on_many(session, plan)
    assert [row[1] for row in keyed.rows(Station)] == [1]


def test_a_reference_that_is_part_of_it(session: Session) -> None:
    one, two = Order(), Order()
    add(session, one, two)
    line = Line(order=one, number=1)
    add(session, line)
    line.order = two
    with pytest.raises(BadKey, match="its order_id"):
        session.commit()


def test_a_hook_that_sets_it(keyed: World, session: Session, monkeypatch: Any) -> None:
    def new_version(self: Station, session: Session) -> None:
        Versioned.new_version(self, session)
        self.code = "X"

    station = add_station(session)
    monkeypatch.setattr(Station, "new_version", new_version)
    station.name = "two"
    with pytest.raises(BadKey, match="its code"):
        session.commit()
    session.rollback()
    assert [row[1] for row in keyed.rows(Station)] == [1]


def test_a_listener_that_sets_it(keyed: World, session: Session) -> None:
    station = add_station(session)

    def listen(mapper: Any, connection: Any, target: Station) -> None:
        target.code = "X"

    event.listen(Station, "before_update", listen)
    try:
        station.name = "two"
        with pytest.raises(IntegrityError):
            session.commit()
    finally:
        event.remove(Station, "before_update", listen)
    session.rollback()
    assert [row[1] for row in keyed.rows(Station)] == [1]


def test_it_is_not_restored(session: Session) -> None:
    station = add_station(session)
    station.name = "two"
    session.commit()
    assert restorable(Station) == ("name",)
    assert plan_restore(session, Station, station.id, 1).altered == ("name",)
    with pytest.raises(VersioningError, match="no such fields to restore: code"):
        restore(session, Station, station.id, 1, ["code"])


def test_a_deleted_record_lives_again_under_its_key(keyed: World, session: Session) -> None:
    session.delete(add_station(session))
    session.commit()
    restore(session, Station, "FR/AB-1", 1)
    session.commit()
    assert keyed.rows(Station, "country", "code")[-1] == ("FR/AB-1", 3, True, "FR", "AB-1")


def test_undo_leaves_it_alone(keyed: World, session: Session) -> None:
    station = add_station(session)
    station.name = "two"
    session.commit()
    assert dict(plan_undo(session, Station, station.id, 2).altered) == {"name": "one"}
    undo(session, Station, station.id, 2)
    session.commit()
    assert [row[3] for row in keyed.rows(Station, "name")] == ["one", "two", "one"]
    change = station.change_id
    assert change is not None
    undo_change(session, change)
    session.commit()
    assert [row[3] for row in keyed.rows(Station, "name")][-1] == "two"


def test_an_undone_creation_is_a_deletion(keyed: World, session: Session) -> None:
    station = add_station(session)
    assert station.change_id is not None
    undo_change(session, station.change_id)
    session.commit()
    assert [row[3] for row in keyed.rows(Station, "version_op")] == ["create", "delete"]


def test_a_merge_does_not_speak_of_it() -> None:
    base = {"country": "FR", "code": "1", "name": "one"}
    merged = merge_fields(Station, base, {**base, "name": "two"}, {**base, "code": "2"})
    assert [each.name for each in merged] == ["name"]
