"""Row 6: `onupdate`, server defaults and SQL expressions resolve into the new row alone."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from sqlalchemy import Computed, cast, func, select, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column

from tests.versioning.world import World
from webapp.versioning import Versioned, live


class Base(DeclarativeBase):
    pass


numbers = count(1)


def shouted(context: Any) -> str:
    title: str = context.get_current_parameters().get("title", "?")
    return title.upper()


class Page(Versioned, Base):
    __tablename__ = "page"

    title: Mapped[str]
    n: Mapped[int] = mapped_column(default=1)
    m: Mapped[int | None]
    scalar: Mapped[str | None] = mapped_column(onupdate="updated")
    function: Mapped[int | None] = mapped_column(onupdate=lambda: next(numbers))
    context: Mapped[str | None] = mapped_column(onupdate=shouted)
    expression: Mapped[str | None] = mapped_column(onupdate=func.lower("SQL"))
    served: Mapped[str] = mapped_column(server_default=text("'served'"))
    double: Mapped[int] = mapped_column(Computed("n * 2", persisted=True))


class Plain(Versioned, Base):
    """Nothing on its columns but numbers, for expressions."""

    __tablename__ = "plain"

    n: Mapped[int] = mapped_column(default=1)
    m: Mapped[int | None]


@pytest.fixture
def session(db: World) -> Session:
    db.create(Page, Plain)
    return db.session(change_model=None)


def add(session: Session, obj: Any) -> Any:
    session.add(obj)
    session.commit()
    return obj


def test_a_scalar(db: World, session: Session) -> None:
    page = add(session, Page(title="a"))
    page.title = "b"
    session.commit()
    assert [row[3] for row in db.rows(Page, "scalar")] == [None, "updated"]
    assert page.scalar == "updated"


def test_a_function_is_called_once_for_each_version(db: World, session: Session) -> None:
    page = add(session, Page(title="a"))
    before = next(numbers)
    for title in ("b", "c"):
        page.title = title
        session.commit()
    assert [row[3] for row in db.rows(Page, "function")] == [None, before + 1, before + 2]


def test_a_function_that_reads_the_other_values(db: World, session: Session) -> None:
    page = add(session, Page(title="a"))
    page.title = "b"
    session.commit()
    assert [row[3] for row in db.rows(Page, "context")] == [None, "B"]


def test_an_expression_for_onupdate(db: World, session: Session) -> None:
    page = add(session, Page(title="a"))
    page.title = "b"
    session.commit()
    assert [row[3] for row in db.rows(Page, "expression")] == [None, "sql"]
    assert page.expression == "sql"


def test_a_value_of_ones_own_wins_over_onupdate(db: World, session: Session) -> None:
    page = add(session, Page(title="a"))
    page.scalar, page.function, page.expression = "mine", -1, "mine"
    session.commit()
    assert db.rows(Page, "scalar", "function", "expression")[1][3:] == ("mine", -1, "mine")


def test_equal_values_call_no_onupdate(db: World, session: Session) -> None:
    page = add(session, Page(title="a"))
    page.title = "a"
    session.commit()
    assert db.rows(Page, "scalar") == [(page.id, 1, True, None)]


def test_a_deletion_calls_no_onupdate(db: World, session: Session) -> None:
    page = add(session, Page(title="a"))
    session.delete(page)
    session.commit()
    assert [row[3:] for row in db.rows(Page, "scalar", "function")] == [(None, None)] * 2


def test_an_amended_row_is_updated_as_any_row(db: World, session: Session) -> None:
    page = Page(title="a")
    session.add(page)
    session.flush()
    page.title = "b"
    session.commit()
    assert [row[1:] for row in db.rows(Page, "title", "scalar")] == [(1, True, "b", "updated")]


def test_onupdate_of_a_statement(db: World, session: Session) -> None:
    add(session, Page(title="a"))
    session.execute(update(Page).values(title="b"))
    session.commit()
    found = db.rows(Page, "scalar", "context", "expression")
    assert [row[3:] for row in found] == [(None, None, None), ("updated", "B", "sql")]


def test_a_server_default_is_copied(db: World, session: Session) -> None:
    page = add(session, Page(title="a"))
    page.title = "b"
    session.commit()
    assert [row[3] for row in db.rows(Page, "served")] == ["served"] * 2


def test_a_value_over_a_server_default_is_copied(db: World, session: Session) -> None:
    page = add(session, Page(title="a", served="mine"))
    page.title = "b"
    session.commit()
    assert [row[3] for row in db.rows(Page, "served")] == ["mine"] * 2


def test_a_computed_column(db: World, session: Session) -> None:
    page = add(session, Page(title="a", n=2))
    assert page.double == 4
    page.n = 5
    session.flush()
    assert page.double == 10
    session.commit()
    assert [row[3] for row in db.rows(Page, "double")] == [4, 10]


def test_a_computed_column_after_a_statement(db: World, session: Session) -> None:
    page = add(session, Page(title="a", n=2))
    session.execute(update(Page).values(n=Page.n + 1))
    assert page.double == 6


def test_an_expression_over_the_column(db: World, session: Session) -> None:
    plain = add(session, Plain(n=1))
    plain.n = Plain.n + 1
    session.flush()
    assert (plain.n, plain.version_id) == (2, 2)
    session.commit()
    assert [row[1:] for row in db.rows(Plain, "n")] == [(1, False, 1), (2, True, 2)]


def test_an_expression_beside_values(db: World, session: Session) -> None:
    plain = add(session, Plain(n=1))
    plain.n, plain.m = Plain.n + 1, 7
    session.commit()
    assert [row[1:] for row in db.rows(Plain, "n", "m")] == [(1, False, 1, None), (2, True, 2, 7)]


def test_an_expression_that_names_another_column(db: World, session: Session) -> None:
    plain = add(session, Plain(n=5, m=1))
    plain.m, plain.n = Plain.n, Plain.m
    session.commit()
    assert [row[3:] for row in db.rows(Plain, "n", "m")] == [(5, 1), (1, 5)]


def test_an_expression_on_an_expired_object(db: World, session: Session) -> None:
    plain = add(session, Plain(n=5))
    session.expire(plain)
    plain.n = Plain.n * 2
    session.commit()
    assert plain.n == 10


def test_an_expression_over_the_whole_table(db: World, session: Session) -> None:
    session.add_all([Plain(n=1), Plain(n=2)])
    session.commit()
    plain = session.get_one(Plain, (1, 1))
    other = aliased(Plain)
    plain.n = select(func.max(other.n)).where(live(other)).scalar_subquery() + 10
    session.commit()
    assert plain.n == 12


def test_expressions_of_many_objects(db: World, session: Session) -> None:
    plains = [Plain(n=n) for n in range(5)]
    session.add_all(plains)
    session.commit()
    for plain in plains:
        plain.n = Plain.n + 100
    plains[3].m = 1
    session.commit()
    assert [row[3:] for row in db.rows(Plain, "n", "m") if row[2]] == [
        (100, None),
        (101, None),
        (102, None),
        (103, 1),
        (104, None),
    ]


def test_an_expression_of_null(db: World, session: Session) -> None:
    plain = add(session, Plain(m=5))
    plain.m = cast(None, Plain.m.type)
    session.commit()
    assert [row[3] for row in db.rows(Plain, "m")] == [5, None]


def test_the_old_row_keeps_every_value(db: World, session: Session) -> None:
    closing = {"is_current_version", "version_to"}
    columns = [column.name for column in Page.__table__.c if column.name not in closing]
    page = add(session, Page(title="a", n=2))
    (before,) = db.rows(Page, *columns)
    page.title = "b"
    session.commit()
    session.execute(update(Page).values(title="c"))
    session.commit()
    assert db.rows(Page, *columns)[0][3:] == before[3:]
