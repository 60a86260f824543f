"""The id is made of the key's columns when a record is created, on whatever way."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from tests.versioning.keys.conftest import add, add_station
from tests.versioning.keys.models import Line, Order, Part, Sample, Shade, Size, Station
from tests.versioning.models import Note
from tests.versioning.world import World
from webapp.versioning import BadKey, RecordExists, VersioningError, current, id_of, key_columns

LOT = uuid.UUID(int=2**127 + 10)
WHOLE: dict[str, Any] = {
    "text": "a/b~c",
    "small": -7,
    "big": 2**60,
    "day": date(987, 1, 2),
    "size": Size.LARGE,
    "shade": Shade.LIGHT,
    "lot": LOT,
    "batch": str(LOT),
    "kind": "b",
}
WRITTEN = f"a~1b~0c/-7/{2**60}/0987-01-02/LARGE/l~02/{LOT}/{LOT}/b"
HARD = [
    ("FR", "AB-1"),
    ("F", "R/AB-1"),
    ("F/R", "AB-1"),
    ("F~1R", "AB-1"),
    ("F~R", "AB-1"),
    ("FR/", "AB-1"),
    ("FR~", "/AB-1"),
    ("a b", " c "),
    ("..", "%2F_?&#=+"),
    ("Ä ö ✓", "日本"),
    ("'quoted\"", "\\back"),
    ("line\nend", "\u200f"),
]


def test_it_is_readable(session: Session) -> None:
    assert add_station(session).id == "FR/AB-1"


def test_every_type_has_its_text(keyed: World, session: Session) -> None:
    add(session, Sample(**WHOLE, name="one"))
    assert [row[0] for row in keyed.rows(Sample)] == [WRITTEN]
    found = session.scalars(select(Sample)).one()
    assert {name: getattr(found, name) for name in WHOLE} == WHOLE
    found.name = "two"
    session.commit()
    assert [row[:2] for row in keyed.rows(Sample)] == [(WRITTEN, 1), (WRITTEN, 2)]


def test_no_two_keys_make_one_id(keyed: World, session: Session) -> None:
    add(session, *(Station(country=one, code=two) for one, two in HARD))
    found = {tuple(row[3:]): row[0] for row in keyed.rows(Station, "country", "code")}
    assert found.keys() == set(HARD)
    assert len(set(found.values())) == len(HARD)
    assert all(id_of(Station, *key) == id for key, id in found.items())


def test_rows_of_an_insert_statement(keyed: World, session: Session) -> None:
    rows = [{"country": "FR", "code": "1"}, {"country": "DE", "code": "2", "id": "DE/2"}]
    session.execute(insert(Station), rows)
    session.execute(insert(Station).values(country="IT"), [{"code": "3"}, {"code": "4"}])
    session.execute(insert(Station).values(country="ES", code="5"))
    session.execute(insert(Station).returning(Station.id), [{"country": "PL", "code": "6"}])
    session.commit()
    assert [row[0] for row in keyed.rows(Station)] == [
        "DE/2",
        "ES/5",
        "FR/1",
        "IT/3",
        "IT/4",
        "PL/6",
    ]


def test_rows_inserted_past_the_orm(keyed: World) -> None:
    rows = [{**WHOLE, "the_text": "x", "name": "one"}, {**WHOLE, "the_text": "y", "name": "two"}]
    for row in rows:
        del row["text"], row["kind"]  # the second has a default
    with keyed.behind() as connection:
        connection.execute(insert(Sample.__table__), rows)
    ends = WRITTEN.removeprefix("a~1b~0c").removesuffix("b")
    assert [row[0] for row in keyed.rows(Sample)] == [f"{text}{ends}a" for text in "xy"]


def test_a_row_without_its_key_inserted_past_the_orm(keyed: World) -> None:
    with pytest.raises(StatementError, match="code, which is missing"), keyed.behind() as found:
        found.execute(insert(Station.__table__), {"country": "FR", "name": "one"})


def test_an_id_that_is_given_and_right(keyed: World, session: Session) -> None:
    add(session, Station(id="FR/1", country="FR", code="1"))
    assert [row[0] for row in keyed.rows(Station)] == ["FR/1"]


@pytest.mark.parametrize("by", ["object", "rows", "values"])
def test_an_id_that_says_otherwise(keyed: World, session: Session, by: str) -> None:
    given = {"id": "FR/2", "country": "FR", "code": "1"}
    with pytest.raises(BadKey, match="'FR/2', and country and code make it 'FR/1'"):
        if by == "object":
            add(session, Station(**given))
        elif by == "rows":
            session.execute(insert(Station), [given])
        else:
            session.execute(insert(Station).values(given))
    session.rollback()
    assert keyed.rows(Station) == []


@pytest.mark.parametrize(
    ("code", "match"),
    [
        (None, "code, which is missing"),
        ("", "code, which is empty"),
        (7, "code, which is 7, not a text"),
        (Size.LARGE, "not a text"),
        ("a\0b", "a character that no database keeps"),
        ("\ud800", "a character that no database keeps"),
        (func.lower("X"), "code, which is an SQL expression"),
        ("x" * 253, "an id of 256 characters, and it has room for 255"),
        ("~" * 127, "an id of 257 characters"),
    ],
)
@pytest.mark.parametrize("by", ["object", "rows"])
def test_a_part_that_makes_no_key(
    keyed: World, session: Session, code: Any, match: str, by: str
) -> None:
    if by == "rows" and not isinstance(code, str | int | None):
        return
    with pytest.raises(BadKey, match=match) as caught:
        if by == "object":
            add(session, Station(country="FR", code=code))
        else:
            session.execute(insert(Station), [{"country": "FR", "code": code}])
    assert "code" in caught.value.names and "Nothing was written" in str(caught.value)
    session.rollback()
    assert keyed.rows(Station) == [] and keyed.count("change") == 0


def test_the_longest_id(keyed: World, session: Session) -> None:
    station = add_station(session, code="x" * 252)
    station.name = "two"
    session.commit()
    assert [len(row[0]) for row in keyed.rows(Station)] == [255, 255]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("small", "7"),
        ("small", True),
        ("small", 7.0),
        ("day", datetime(2030, 1, 1)),
        ("day", "2030-01-01"),
        ("size", "HUGE"),
        ("size", Shade.DARK),
        ("kind", "c"),
        ("lot", "no uuid"),
        ("batch", 7),
    ],
)
def test_a_value_of_another_type(session: Session, name: str, value: Any) -> None:
    with pytest.raises(BadKey, match=f"{name}, which is"):
        add(session, Sample(**{**WHOLE, name: value}, name="one"))


def test_what_was_refused_can_be_corrected(keyed: World, session: Session) -> None:
    station = Station(country="FR")
    session.add(station)
    with pytest.raises(BadKey):
        session.flush()
    station.code = "1"
    session.commit()
    assert [row[:2] for row in keyed.rows(Station)] == [("FR/1", 1)]


def test_a_key_that_is_taken(keyed: World, session: Session) -> None:
    add_station(session)
    session.expunge_all()
    again = Station(country="FR", code="AB-1")
    session.add(again)
    with pytest.raises(RecordExists, match=r"FR/AB-1 already exists.*set another country or code"):
        session.flush()
    again.code = "AB-2"
    session.commit()
    assert [row[:2] for row in keyed.rows(Station)] == [("FR/AB-1", 1), ("FR/AB-2", 1)]


@pytest.mark.parametrize("alive", [True, False])
def test_an_insert_statement_of_a_key_that_was_used(session: Session, alive: bool) -> None:
    station = add_station(session)
    if not alive:
        session.delete(station)
        session.commit()
    with pytest.raises(IntegrityError):
        session.execute(insert(Station), [{"country": "FR", "code": "AB-1"}])


def test_a_key_twice_in_one_flush(keyed: World, session: Session) -> None:
    session.add_all([Station(country="FR", code="1") for _ in range(2)])
    with pytest.raises(IntegrityError):
        session.commit()
    session.rollback()
    assert keyed.rows(Station) == []


def test_a_key_whose_record_was_deleted_goes_on_with_its_history(
    keyed: World, session: Session
) -> None:
    session.delete(add_station(session))
    session.commit()
    add_station(session, name="two")
    assert keyed.rows(Station, "version_op", "name") == [
        ("FR/AB-1", 1, False, "create", "one"),
        ("FR/AB-1", 2, False, "delete", "one"),
        ("FR/AB-1", 3, True, "create", "two"),
    ]


def test_an_object_that_was_rolled_back_may_get_another_key(keyed: World, session: Session) -> None:
    station = Station(country="FR", code="1")
    session.add(station)
    session.flush()
    session.rollback()
    station.code = "2"
    add(session, station)
    assert [row[0] for row in keyed.rows(Station)] == ["FR/2"]


def test_one_rolled_back_to_a_savepoint(keyed: World, session: Session) -> None:
    add_station(session, code="0")
    point = session.begin_nested()
    station = Station(country="FR", code="1")
    session.add(station)
    session.flush()
    point.rollback()
    station.code = "2"
    add(session, station)
    assert [row[0] for row in keyed.rows(Station)] == ["FR/0", "FR/2"]


def test_the_id_of_a_key(session: Session) -> None:
    station = add_station(session)
    id = id_of(Station, "FR", "AB-1")
    assert id == id_of(Station, country="FR", code="AB-1") == id_of(Station, "FR", code="AB-1")
    assert session.scalars(current(Station).where(Station.id == id)).one() is station
    assert id_of(Sample, **WHOLE) == WRITTEN
    assert key_columns(Station) == ("country", "code")


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        (("FR",), {}),
        (("FR", "1", "2"), {}),
        (("FR", "1"), {"code": "1"}),
        (("FR",), {"name": "1"}),
        (("FR", None), {}),
        (("FR", ""), {}),
        (("FR", 1), {}),
    ],
)
def test_an_id_of_half_a_key(parts: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(BadKey):
        id_of(Station, *parts, **named)


def test_an_id_of_a_model_without_a_key() -> None:
    assert key_columns(Note) == ()
    with pytest.raises(VersioningError, match="not made of columns"):
        id_of(Note, 1)


def test_an_object_of_an_order_that_is_new(keyed: World, session: Session) -> None:
    order = Order(lines=[Line(number=2), Line(number=1)])
    part = Part(letter="a", line=order.lines[0])
    add(session, part, order)
    assert [row[0] for row in keyed.rows(Line)] == [f"{order.id}/1", f"{order.id}/2"]
    assert [row[0] for row in keyed.rows(Part)] == [f"{order.id}~12/a"]


def test_one_that_refers_to_what_is_not_saved(session: Session) -> None:
    with pytest.raises(BadKey, match="order_id, which is missing"):
        add(session, Line(number=1))


def test_a_line_of_each_way(keyed: World, session: Session) -> None:
    order = Order()
    add(session, order)
    add(session, Line(order=order, number=1), Line(order_id=order.id, number=2))
    order.lines.append(Line(number=3))
    session.commit()
    assert [row[0] for row in keyed.rows(Line)] == [f"{order.id}/{n}" for n in (1, 2, 3)]
