"""Row 12: ``update()`` on the ORM is rewritten into versions by sets, however many the rows."""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import JSON, Enum, ForeignKey, Numeric, bindparam, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column, relationship

from tests.versioning.models import Note
from tests.versioning.world import World, add_note, edited_note
from webapp.versioning import ReadOnlyVersion, UnknownVersion, Versioned, VersioningError, live


@pytest.fixture
def three(notes: World, session: Session) -> World:
    """Notes a, b and c with 1, 2 and 3 stars, and nobody at work."""
    session.add_all([Note(title=title, stars=n + 1) for n, title in enumerate("abc")])
    session.commit()
    return notes


def newest(db: World, *columns: str) -> list[tuple[Any, ...]]:
    """(id, version_id, *columns) of the flagged rows."""
    return [(row[0], row[1], *row[3:]) for row in db.rows(Note, *columns) if row[2]]


def test_every_matching_record_gets_a_version(three: World, session: Session) -> None:
    result = session.execute(update(Note).where(Note.stars > 1).values(body="b"))
    session.commit()
    assert result.rowcount == 2  # type: ignore[attr-defined]
    assert three.rows(Note, "title", "body", "version_op") == [
        (1, 1, True, "a", None, "create"),
        (2, 1, False, "b", None, "create"),
        (2, 2, True, "b", "b", "update"),
        (3, 1, False, "c", None, "create"),
        (3, 2, True, "c", "b", "update"),
    ]


def test_old_rows_keep_every_value(three: World, session: Session) -> None:
    closing = {"is_current_version", "version_to"}
    columns = [column.name for column in Note.__table__.c if column.name not in closing]
    before = three.rows(Note, *columns)
    session.execute(update(Note).values(title="x", body="b", stars=Note.stars + 1))
    session.commit()
    after = [row for row in three.rows(Note, *columns) if row[1] == 1]
    assert [row[3:] for row in after] == [row[3:] for row in before]


def test_old_and_new_rows_meet_in_time(three: World, session: Session) -> None:
    session.execute(update(Note).values(body="b"))
    session.commit()
    found = three.rows(Note, "version_from", "version_to")
    assert [row[4] for row in found if row[1] == 1] == [row[3] for row in found if row[1] == 2]


@pytest.mark.parametrize("count", [1, 1000])
def test_at_most_five_statements(notes: World, count: int) -> None:
    session = notes.session(change_model=None)
    session.add_all([Note(title=f"n{n}") for n in range(count)])
    session.commit()
    with notes.executions() as seen:
        session.execute(update(Note).values(body="b"))
        session.commit()
    assert len([word for word in seen if word != "BEGIN"]) <= 5
    assert len(newest(notes)) == count
    assert {row[1] for row in newest(notes)} == {2}


def test_an_expression_over_the_row(three: World, session: Session) -> None:
    session.execute(update(Note).values(stars=Note.stars * 10, body=Note.title + "!"))
    session.commit()
    assert newest(three, "stars", "body") == [(1, 2, 10, "a!"), (2, 2, 20, "b!"), (3, 2, 30, "c!")]


def test_an_expression_over_the_whole_table(three: World, session: Session) -> None:
    """As in one UPDATE, each row sees the table as it was before the statement."""
    other = aliased(Note)
    total = select(func.sum(other.stars)).where(live(other)).scalar_subquery()
    session.execute(update(Note).values(stars=total))
    session.commit()
    assert [row[2] for row in newest(three, "stars")] == [6, 6, 6]


def test_a_subquery_over_the_same_table_as_criterion(three: World, session: Session) -> None:
    other = aliased(Note)
    average = select(func.avg(other.stars)).where(live(other)).scalar_subquery()
    session.execute(update(Note).where(Note.stars > average).values(body="above"))
    session.commit()
    assert newest(three, "body") == [(1, 1, None), (2, 1, None), (3, 2, "above")]


def test_only_current_rows_match(three: World, session: Session) -> None:
    session.execute(update(Note).values(title="new"))
    session.commit()
    result = session.execute(update(Note).where(Note.title == "a").values(body="b"))
    session.commit()
    assert (result.rowcount, len(three.rows(Note))) == (0, 6)  # type: ignore[attr-defined]


def test_deleted_records_do_not_match(three: World, session: Session) -> None:
    session.delete(session.get_one(Note, (1, 1)))
    session.commit()
    session.execute(update(Note).values(body="b"))
    session.commit()
    assert newest(three, "body") == [(1, 2, None), (2, 2, "b"), (3, 2, "b")]


def test_no_match(three: World, session: Session) -> None:
    result = session.execute(update(Note).where(Note.title == "z").values(body="b"))
    session.commit()
    assert result.rowcount == 0  # type: ignore[attr-defined]
    assert (len(three.rows(Note)), three.count("change")) == (3, 1)


def test_no_net_change_makes_no_version(three: World, session: Session) -> None:
    session.execute(update(Note).values(title=Note.title, stars=2, body=None))
    session.commit()
    assert newest(three, "stars") == [(1, 2, 2), (2, 1, 2), (3, 2, 2)]


def test_a_value_of_null(three: World, session: Session) -> None:
    session.execute(update(Note).values(body="b"))
    session.commit()
    session.execute(update(Note).values(body=None))
    session.commit()
    assert newest(three, "body") == [(n, 3, None) for n in (1, 2, 3)]


def test_nothing_to_set_is_an_error_of_sqlalchemys_or_nothing(
    three: World, session: Session
) -> None:
    session.execute(update(Note).values({}))
    session.commit()
    assert len(three.rows(Note)) == 3


# --- what the session holds ---


def test_loaded_objects_become_the_new_rows(three: World, session: Session) -> None:
    found = list(session.scalars(select(Note).order_by(Note.id)))
    session.execute(update(Note).where(Note.id > 1).values(body="b"))
    assert [(n.version_id, n.body, n.is_current_version) for n in found] == [
        (1, None, True),
        (2, "b", True),
        (2, "b", True),
    ]
    session.commit()
    found[1].title = "edited"
    session.commit()
    assert newest(three, "title")[1] == (2, 3, "edited")


@pytest.mark.parametrize("option", ["auto", "evaluate", "fetch", False])
def test_every_way_to_synchronise(three: World, session: Session, option: Any) -> None:
    note = session.get_one(Note, (1, 1))
    session.execute(
        update(Note).values(body="b"), execution_options={"synchronize_session": option}
    )
    assert (note.version_id, note.body) == (2, "b")


def test_unflushed_edits_are_flushed_first(three: World, session: Session) -> None:
    note = session.get_one(Note, (1, 1))
    note.stars = 100
    session.execute(update(Note).where(Note.stars > 50).values(body="b"))
    session.commit()
    assert three.rows(Note, "stars", "body")[:2] == [
        (1, 1, False, 1, None),
        (1, 2, True, 100, "b"),
    ]


def test_own_rows_are_amended_others_get_versions(three: World, session: Session) -> None:
    session.add(Note(title="new"))
    session.get_one(Note, (1, 1)).body = "edited"
    session.flush()
    session.execute(update(Note).values(stars=Note.stars + 50))
    session.execute(update(Note).values(draft="d"))
    session.commit()
    assert newest(three, "stars", "body", "draft") == [
        (1, 2, 51, "edited", "d"),
        (2, 2, 52, None, "d"),
        (3, 2, 53, None, "d"),
        (4, 1, 50, None, "d"),
    ]


def test_an_own_row_by_a_subquery(three: World, session: Session) -> None:
    session.add(Note(title="new", stars=4))
    other = aliased(Note)
    total = select(func.sum(other.stars)).where(live(other)).scalar_subquery()
    session.execute(update(Note).values(stars=total))
    session.commit()
    assert {row[2] for row in newest(three, "stars")} == {10}


# --- forms of the statement ---


def test_returning_columns(three: World, session: Session) -> None:
    found = session.execute(
        update(Note)
        .where(Note.stars > 1)
        .values(body="b")
        .returning(Note.id, Note.version_id, Note.body)
    ).all()
    session.commit()
    assert sorted(found) == [(2, 2, "b"), (3, 2, "b")]


def test_returning_entities(three: World, session: Session) -> None:
    held = session.get_one(Note, (2, 1))
    found = session.scalars(update(Note).where(Note.stars > 1).values(body="b").returning(Note))
    by_id = {note.id: note for note in found}
    assert by_id.keys() == {2, 3}
    assert by_id[2] is held
    assert [(note.version_id, note.body) for note in by_id.values()] == [(2, "b")] * 2


def test_returning_an_expression(three: World, session: Session) -> None:
    statement = update(Note).values(stars=Note.stars + 1).returning(Note.stars * 10)
    assert sorted(session.scalars(statement)) == [20, 30, 40]


def test_returning_where_nothing_matches(three: World, session: Session) -> None:
    statement = update(Note).where(Note.stars > 99).values(body="b").returning(Note.id)
    assert session.execute(statement).all() == []
    assert session.scalars(statement.returning(Note)).all() == []


def test_returning_own_rows(three: World, session: Session) -> None:
    session.add(Note(title="new"))
    found = session.execute(update(Note).values(body="b").returning(Note.id, Note.version_id))
    assert sorted(found) == [(1, 2), (2, 2), (3, 2), (4, 1)]


def test_from_statement(three: World, session: Session) -> None:
    statement = update(Note).where(Note.stars > 1).values(body="b").returning(Note)
    found = session.scalars(select(Note).from_statement(statement)).all()
    session.commit()
    assert sorted((note.id, note.version_id) for note in found) == [(2, 2), (3, 2)]
    assert len(three.rows(Note)) == 5


def test_execution_parameters(three: World, session: Session) -> None:
    statement = update(Note).where(Note.stars > bindparam("least")).values(body=bindparam("text"))
    session.execute(statement, {"least": 2, "text": "b"})
    session.commit()
    assert newest(three, "body") == [(1, 1, None), (2, 1, None), (3, 2, "b")]


def test_values_as_execution_parameters(three: World, session: Session) -> None:
    session.execute(update(Note).where(Note.stars == 1), {"body": "b", "title": "x"})
    session.commit()
    assert newest(three, "title", "body")[0] == (1, 2, "x", "b")


def test_ordered_values(three: World, session: Session) -> None:
    statement = update(Note).ordered_values((Note.title, "x"), (Note.body, Note.title))
    session.execute(statement)
    session.commit()
    assert newest(three, "title", "body")[0] == (1, 2, "x", "a")


def test_values_by_name_attribute_and_column(three: World, session: Session) -> None:
    session.execute(update(Note).values({Note.title: "x", "body": "b"}))
    session.execute(update(Note).values({Note.__table__.c.draft: "d"}))
    session.commit()
    assert newest(three, "title", "body", "draft")[0] == (1, 2, "x", "b", "d")


def test_the_legacy_query(three: World, session: Session) -> None:
    query = session.query(Note).filter(Note.stars > 1)
    assert query.update({"body": "b"}) == 2
    assert query.update({Note.stars: Note.stars + 1}, synchronize_session=False) == 2
    session.commit()
    assert newest(three, "body", "stars") == [(1, 1, None, 1), (2, 2, "b", 3), (3, 2, "b", 4)]


def test_filter_by(three: World, session: Session) -> None:
    session.execute(update(Note).filter_by(title="a").values(body="b"))
    session.commit()
    assert newest(three, "body")[0] == (1, 2, "b")


def test_an_unknown_column_is_an_error(three: World, session: Session) -> None:
    with pytest.raises(Exception, match="nonsense"):
        session.execute(update(Note).values(nonsense=1))
    session.rollback()
    assert len(three.rows(Note)) == 3


# --- a list of rows by key ---


def test_a_list_of_rows(three: World, session: Session) -> None:
    held = session.get_one(Note, (1, 1))
    session.execute(
        update(Note),
        [
            {"id": 1, "version_id": 1, "title": "x"},
            {"id": 2, "version_id": 1, "body": "b", "stars": 2},
            {"id": 3, "version_id": 1, "title": "c"},
        ],
    )
    session.commit()
    assert newest(three, "title", "body") == [
        (1, 2, "x", None),
        (2, 2, "b", "b"),
        (3, 1, "c", None),
    ]
    assert (held.version_id, held.title) == (2, "x")


def test_a_list_of_rows_with_a_superseded_version(notes: World, session: Session) -> None:
    edited_note(session, "one", "two")
    with pytest.raises(ReadOnlyVersion):
        session.execute(update(Note), [{"id": 1, "version_id": 1, "title": "forged"}])


def test_a_list_of_rows_with_an_unknown_version(three: World, session: Session) -> None:
    with pytest.raises(UnknownVersion):
        session.execute(update(Note), [{"id": 1, "version_id": 5, "title": "x"}])


def test_a_list_of_rows_without_their_keys(three: World, session: Session) -> None:
    with pytest.raises(VersioningError, match="version_id"):
        session.execute(update(Note), [{"id": 1, "title": "x"}])


def test_a_list_of_rows_with_criteria_is_refused(three: World, session: Session) -> None:
    rows = [{"id": 1, "version_id": 1, "title": "x"}]
    with pytest.raises(VersioningError, match="WHERE"):
        session.execute(update(Note).where(Note.stars > 5), rows)
    session.rollback()
    assert len(three.rows(Note)) == 3


# --- other tables, types and classes ---


class Base(DeclarativeBase):
    pass


class Color(enum.Enum):
    RED = "r"
    BLUE = "b"


class Maker(Base):
    __tablename__ = "maker"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Tag(Base):
    __tablename__ = "tag"
    id: Mapped[int] = mapped_column(primary_key=True)
    maker_id: Mapped[int] = mapped_column(ForeignKey("maker.id"))


class Ware(Versioned, Base):
    __tablename__ = "ware"

    kind: Mapped[str] = mapped_column(default="ware")
    maker_id: Mapped[int | None] = mapped_column(ForeignKey("maker.id"))
    maker: Mapped[Maker | None] = relationship()
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2), default=Decimal("1.00"))
    color: Mapped[Color | None] = mapped_column(Enum(Color))
    data: Mapped[Any | None] = mapped_column(JSON)
    label: Mapped[str | None]

    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "ware"}


class Book(Ware):
    pages: Mapped[int | None] = mapped_column(use_existing_column=True)

    __mapper_args__ = {"polymorphic_identity": "book"}


@pytest.fixture
def shop(db: World) -> Session:
    """Two makers; a ware of each and a book of the first."""
    Base.metadata.create_all(db.engine, tables=[Maker.__table__, Tag.__table__])  # type: ignore[list-item]
    db.create(Ware)
    session = db.session(change_model=None)
    ann, ben = Maker(id=1, name="Ann"), Maker(id=2, name="Ben")
    session.add_all([ann, ben])
    session.flush()
    session.add_all([Tag(maker_id=1), Tag(maker_id=1)])
    for ware in (Ware(maker=ann), Ware(maker=ben), Book(maker=ann, pages=10)):
        session.add(ware)
        session.flush()
    session.commit()
    return session


def wares(db: World, *columns: str) -> list[tuple[Any, ...]]:
    return [(row[0], row[1], *row[3:]) for row in db.rows(Ware, *columns) if row[2]]


def test_criteria_on_another_table(db: World, shop: Session) -> None:
    shop.execute(
        update(Ware).where(Ware.maker_id == Maker.id, Maker.name == "Ann").values(label="x")
    )
    shop.commit()
    assert wares(db, "label") == [(1, 2, "x"), (2, 1, None), (3, 2, "x")]


def test_values_from_another_table(db: World, shop: Session) -> None:
    shop.execute(update(Ware).where(Ware.maker_id == Maker.id).values(label=Maker.name))
    shop.commit()
    assert wares(db, "label") == [(1, 2, "Ann"), (2, 2, "Ben"), (3, 2, "Ann")]


def test_criteria_that_match_a_row_twice(db: World, shop: Session) -> None:
    statement = update(Ware).where(Ware.maker_id == Tag.maker_id)
    shop.execute(statement.values(label="x", data={"a": 1}))
    shop.execute(statement.values(label=Ware.label + "y"))
    shop.commit()
    assert wares(db, "label") == [(1, 2, "xy"), (2, 1, None), (3, 2, "xy")]


def test_criteria_by_exists_and_any(db: World, shop: Session) -> None:
    shop.execute(
        update(Ware).where(exists().where(Tag.maker_id == Ware.maker_id)).values(label="x")
    )
    shop.execute(update(Ware).where(Ware.maker.has(name="Ben")).values(label="y"))
    shop.commit()
    assert wares(db, "label") == [(1, 2, "x"), (2, 2, "y"), (3, 2, "x")]


def test_a_subclass(db: World, shop: Session) -> None:
    shop.execute(update(Book).values(pages=20, label="b"))
    shop.commit()
    assert wares(db, "label") == [(1, 1, None), (2, 1, None), (3, 2, "b")]
    assert shop.get_one(Book, (3, 2)).pages == 20


def test_a_subclass_without_criteria_of_its_own(db: World, shop: Session) -> None:
    book = shop.get_one(Book, (3, 1))
    shop.execute(update(Book).where(Book.price < 5).values(price=Book.price * 2))
    shop.commit()
    assert wares(db, "price") == [(1, 1, Decimal(1)), (2, 1, Decimal(1)), (3, 2, Decimal(2))]
    assert book.price == 2


def test_a_base_class(db: World, shop: Session) -> None:
    shop.execute(update(Ware).values(label="all"))
    shop.commit()
    assert wares(db, "label") == [(1, 2, "all"), (2, 2, "all"), (3, 2, "all")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("color", Color.BLUE),
        ("data", {"a": [1, None]}),
        ("data", []),
        ("price", Decimal("9.99")),
        ("label", "é '%s' :x"),
        ("maker_id", None),
    ],
)
def test_types(db: World, shop: Session, name: str, value: Any) -> None:
    for _ in range(2):  # the second time nothing is left to change
        shop.execute(update(Ware).where(Ware.id == 1).values({name: value}))
        shop.commit()
    assert wares(db, name)[0] == (1, 2, value)


def test_expressions_of_types(db: World, shop: Session) -> None:
    shop.execute(update(Ware).values(color=Color.RED, data={"a": 1}))
    other = aliased(Ware)
    first = select(other).where(other.id == 1, live(other))
    color = first.with_only_columns(other.color).scalar_subquery()
    data = first.with_only_columns(other.data).scalar_subquery()
    shop.commit()
    shop.execute(update(Ware).where(Ware.id == 1).values(color=Color.BLUE, data=[2]))
    shop.commit()
    shop.execute(update(Ware).where(Ware.id > 1).values(color=color, data=data))
    shop.commit()
    assert wares(db, "color", "data") == [(n, 3, Color.BLUE, [2]) for n in (1, 2, 3)]


def test_a_violated_constraint_leaves_nothing(db: World, shop: Session) -> None:
    with pytest.raises(IntegrityError):
        shop.execute(update(Ware).values(maker_id=99))
        shop.commit()
    shop.rollback()
    assert wares(db, "maker_id") == [(1, 1, 1), (2, 1, 2), (3, 1, 1)]


def test_many_statements_in_one_transaction(three: World, session: Session) -> None:
    for n in range(5):
        session.execute(update(Note).values(stars=Note.stars + 1, body=f"b{n}"))
    session.commit()
    assert newest(three, "stars", "body") == [(1, 2, 6, "b4"), (2, 2, 7, "b4"), (3, 2, 8, "b4")]
    assert add_note(session).id == 4


def test_a_savepoint_takes_back_what_was_amended_in_it(notes: World) -> None:
    session = notes.session(expire_on_commit=False)
    note = add_note(session)
    note.title = "two"
    session.flush()
    savepoint = session.begin_nested()
    session.execute(update(Note).values(title="three"))
    assert note.title == "three"
    savepoint.rollback()
    assert note.title == "two"
    session.commit()
    assert notes.rows(Note, "title") == [(1, 1, False, "one"), (1, 2, True, "two")]
