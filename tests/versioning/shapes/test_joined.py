"""Row 17: joined inheritance. Each table of the chain gets the version's part."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.versioning.shapes.walk import Walk
from tests.versioning.world import World
from webapp.versioning import (
    ChangeRecord,
    GuardFault,
    Versioned,
    VersioningError,
    current,
    current_unique,
    guard_faults,
    hold,
    install_guards,
    mend_guards,
    restore,
    timeline,
    undo_change,
)


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
    __unversioned__ = ("trips",)

    load: Mapped[int]
    note: Mapped[str | None] = mapped_column(deferred=True)
    trips: Mapped[int] = mapped_column(default=0)


class Tanker(Truck):
    __tablename__ = "tanker"
    __mapper_args__ = {"polymorphic_identity": "tanker"}

    liquid: Mapped[str]


install_guards(Base.metadata)


class TestTwoTables(Walk):
    model = Truck
    first = {"name": "one", "load": 1, "note": "kept"}
    second = {"name": "two", "load": 2}


class TestThreeTables(Walk):
    model = Tanker
    first = {"name": "one", "load": 1, "note": "kept", "liquid": "milk"}
    second = {"name": "two", "liquid": "water"}


@pytest.fixture
def session(db: World) -> Session:
    db.create(Change, Vehicle, Truck, Tanker)
    session = db.session(change_model=Change)
    session.add_all(
        [
            Vehicle(name="bike"),
            Truck(name="truck", load=1),
            Tanker(name="tanker", load=2, liquid="milk"),
        ]
    )
    session.commit()
    return session


def parts(db: World, table: str, columns: str) -> list[tuple[object, ...]]:
    return db.sql(f"SELECT id, version_id, {columns} FROM {table} ORDER BY id, version_id")


def test_an_update_of_the_base_copies_the_parts(db: World, session: Session) -> None:
    session.execute(update(Vehicle).values(name=Vehicle.name + "!"))
    session.commit()
    assert parts(db, "vehicle", "name") == [
        (1, 1, "bike"),
        (1, 2, "bike!"),
        (2, 1, "truck"),
        (2, 2, "truck!"),
        (3, 1, "tanker"),
        (3, 2, "tanker!"),
    ]
    assert parts(db, "truck", "load") == [(2, 1, 1), (2, 2, 1), (3, 1, 2), (3, 2, 2)]
    assert parts(db, "tanker", "liquid") == [(3, 1, "milk"), (3, 2, "milk")]


def test_an_update_of_a_part_by_columns_of_several_tables(db: World, session: Session) -> None:
    values = {"load": Truck.load * 10, "name": Truck.name + "!"}
    session.execute(update(Truck).where(Vehicle.name != "bike").values(values))
    session.commit()
    assert parts(db, "truck", "load") == [(2, 1, 1), (2, 2, 10), (3, 1, 2), (3, 2, 20)]
    assert [row[2] for row in parts(db, "vehicle", "name")][-1] == "tanker!"
    assert [truck.load for truck in session.scalars(current(Truck).order_by(Truck.id))] == [10, 20]


def test_an_expression_that_is_set(db: World, session: Session) -> None:
    truck = session.scalars(current(Truck).where(Truck.name == "truck")).one()
    truck.load = Truck.load + Vehicle.id  # type: ignore[assignment]
    session.commit()
    assert truck.load == 3
    assert parts(db, "truck", "load")[:2] == [(2, 1, 1), (2, 2, 3)]


def test_a_statement_amends_what_its_transaction_made(db: World, session: Session) -> None:
    truck = session.scalars(current(Truck).where(Truck.name == "truck")).one()
    truck.load = 5
    session.flush()
    session.execute(update(Truck).values(load=Truck.load + 1))
    session.commit()
    assert parts(db, "truck", "load")[:2] == [(2, 1, 1), (2, 2, 6)]


def test_a_deletion_by_statement(db: World, session: Session) -> None:
    session.execute(delete(Truck))
    session.commit()
    assert [type(found) for found in session.scalars(current(Vehicle))] == [Vehicle]
    assert parts(db, "tanker", "liquid") == [(3, 1, "milk"), (3, 2, "milk")]


def test_created_and_deleted_in_one_transaction(db: World, session: Session) -> None:
    session.add_all([Tanker(name="short", load=1, liquid="x") for _ in range(2)])
    session.flush()
    session.delete(session.scalars(current(Tanker).where(Tanker.name == "short")).first())
    session.flush()
    session.execute(delete(Tanker).where(Tanker.name == "short"))
    session.commit()
    assert [len(parts(db, table, "id")) for table in ("vehicle", "truck", "tanker")] == [3, 2, 1]


def test_deleted_and_added_in_one_transaction(db: World, session: Session) -> None:
    tanker = session.scalars(current(Tanker)).one()
    session.delete(tanker)
    session.flush()
    session.add(Tanker(id=3, name="other", load=3, liquid="oil"))
    session.commit()
    assert parts(db, "tanker", "liquid") == [(3, 1, "milk"), (3, 2, "oil")]
    assert parts(db, "truck", "load")[-2:] == [(3, 1, 2), (3, 2, 3)]


def test_many_edits_are_one_statement_a_table_and_the_closing(db: World, session: Session) -> None:
    session.add_all([Tanker(name=f"n{n}", load=n, liquid="x") for n in range(50)])
    session.commit()
    for n, tanker in enumerate(session.scalars(current(Tanker)).all()):
        tanker.liquid = f"l{n}"
        if n % 2:
            tanker.load += 100
    with db.executions() as seen:
        session.flush()
    assert [word for word in seen if word != "SELECT"] == ["INSERT", "UPDATE", *["INSERT"] * 3]
    session.commit()
    found = [row[2] for row in parts(db, "tanker", "liquid") if row[1] == 2]
    assert found == [f"l{n}" for n in range(51)]
    assert sum(row[1] == 2 for row in parts(db, "truck", "load")) == 51


def test_a_record_that_is_held(db: World, session: Session) -> None:
    held = hold(session, Truck, 3)
    assert isinstance(held, Tanker)
    held.load = 8
    session.commit()
    assert parts(db, "truck", "load")[1:] == [(3, 1, 2), (3, 2, 8)]


def test_a_counter_of_a_part_is_written_in_place(db: World, session: Session) -> None:
    tanker = session.scalars(current(Tanker)).one()
    tanker.trips = 4
    session.commit()
    session.execute(update(Truck).values(trips=Truck.trips + 1))
    session.commit()
    assert parts(db, "truck", "trips") == [(2, 1, 1), (3, 1, 5)]
    assert tanker.trips == 5


def test_inserted_by_statement(db: World, session: Session) -> None:
    session.execute(insert(Truck), [{"name": f"n{n}", "load": n} for n in range(2)])
    session.commit()
    assert parts(db, "truck", "load")[-2:] == [(4, 1, 0), (5, 1, 1)]
    assert db.rows(Vehicle, "name", "version_op")[-1] == (5, 1, True, "n1", "create")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE truck SET load = 9",
        "UPDATE truck SET version_id = 9 WHERE id = 2",
        "DELETE FROM tanker",
    ],
)
def test_a_part_is_never_rewritten(db: World, session: Session, statement: str) -> None:
    if not db.is_sqlite:  # there a foreign key may refuse it before the guard does
        for table in ("tanker", "truck"):
            db.sql(f"ALTER TABLE {table} DROP CONSTRAINT {table}_id_version_id_fkey")
    with pytest.raises(IntegrityError, match="append-only"):
        db.sql(statement)


def test_a_counter_of_an_old_part_stays(db: World, session: Session) -> None:
    session.execute(update(Truck).values(load=9))
    session.commit()
    with pytest.raises(IntegrityError, match="append-only"):
        db.sql("UPDATE truck SET trips = 9 WHERE version_id = 1")
    db.sql("UPDATE truck SET trips = 9 WHERE version_id = 2")
    assert {row[1:] for row in parts(db, "truck", "trips")} == {(1, 0), (2, 9)}


def test_a_guard_of_a_part_that_was_dropped_is_told_and_mended(db: World, session: Session) -> None:
    session.close()
    with db.behind() as connection:
        assert guard_faults(connection, Base.metadata) == []
    db.sql("DROP TRIGGER truck_guard_delete" + " ON truck" * (not db.is_sqlite))
    with db.behind() as connection:
        fault = GuardFault("truck", "truck_guard_delete", "missing")
        assert mend_guards(connection, Base.metadata) == [fault]
        assert guard_faults(connection, Base.metadata) == []


def test_a_statement_on_the_table_of_a_part_is_refused(session: Session) -> None:
    with pytest.raises(VersioningError, match="rewrite its history"):
        session.execute(update(Truck.__table__).values(load=9))


def test_a_timeline_of_the_base_tells_of_the_parts(db: World, session: Session) -> None:
    tanker = session.scalars(current(Tanker)).one()
    tanker.liquid = "oil"
    session.commit()
    asked = db.session(change_model=Change)
    with db.executions() as seen:
        latest = timeline(asked, Vehicle, 3).entries[0]
    assert [(found.name, found.old, found.new) for found in latest.changes] == [
        ("liquid", "milk", "oil")
    ]
    assert seen.count("SELECT") == 4


def test_a_change_is_undone_by_the_base(db: World, session: Session) -> None:
    session.execute(update(Truck).values(load=9))
    session.commit()
    edited = session.scalars(select(Truck.change_id).where(Truck.version_id == 2)).first()
    assert edited is not None
    session.rollback()
    undo_change(session, edited)
    session.commit()
    assert parts(db, "truck", "load")[:3] == [(2, 1, 1), (2, 2, 9), (2, 3, 1)]


def test_a_restore_by_the_base(db: World, session: Session) -> None:
    session.execute(update(Tanker).values(liquid="oil", name="other"))
    session.commit()
    restore(session, Vehicle, 3, 1)
    session.commit()
    assert parts(db, "tanker", "liquid")[2:] == [(3, 3, "milk")]
    assert parts(db, "vehicle", "name")[-1] == (3, 3, "tanker")


def test_an_index_over_current_rows_of_a_part_is_refused() -> None:
    class Other(DeclarativeBase):
        pass

    class Shape(Versioned, Other):
        __tablename__ = "shape"
        __mapper_args__ = {"polymorphic_on": "kind"}

        kind: Mapped[str]

    with pytest.raises(VersioningError, match="move column and index there"):

        class Circle(Shape):
            __tablename__ = "circle"
            __table_args__ = (current_unique("code"),)
            __mapper_args__ = {"polymorphic_identity": "circle"}

            code: Mapped[str]
