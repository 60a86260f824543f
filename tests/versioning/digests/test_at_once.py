"""On PostgreSQL the digest of one edit is made by the statement that writes the version.

It is the one that Python makes, whatever the values; Python does where the database cannot.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    ARRAY,
    CHAR,
    JSON,
    REAL,
    BigInteger,
    DateTime,
    Enum,
    Float,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Text,
    Time,
    Uuid,
    create_engine,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, deferred, mapped_column

from tests.versioning.digests.conftest import digests_in, recomputed
from tests.versioning.digests.models import Mood
from tests.versioning.world import World, world
from webapp.versioning import (
    ChangeRecord,
    UtcDateTime,
    Versioned,
    VersioningError,
    change,
    install_guards,
    keep_digests,
)


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Wide(Versioned, Base):
    """A column of each type that the database can write."""

    __tablename__ = "wide"
    __unversioned__ = ("views",)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    words: Mapped[str | None] = mapped_column("the 'words' in % and Ω", Text)
    short: Mapped[str | None] = mapped_column(String(40))
    code: Mapped[str | None] = mapped_column(CHAR(6))
    number: Mapped[int | None] = mapped_column(BigInteger)
    on: Mapped[bool | None]
    price: Mapped[Decimal | None] = mapped_column(Numeric(30, 9))
    loose: Mapped[Decimal | None] = mapped_column(Numeric)
    ratio: Mapped[float | None] = mapped_column(Float(53))
    real: Mapped[float | None] = mapped_column(REAL)
    born: Mapped[dt.date | None]
    naive: Mapped[dt.datetime | None]
    zoned: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    moment: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    clock: Mapped[dt.time | None]
    blob: Mapped[bytes | None] = mapped_column(LargeBinary)
    uid: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    mood: Mapped[Mood | None]
    plain_mood: Mapped[Mood | None] = mapped_column(Enum(Mood, native_enum=False, name="plain"))
    doc: Mapped[Any] = mapped_column(JSON, nullable=True)
    docb: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    views: Mapped[int] = mapped_column(default=0)


class Paper(Versioned, Base):
    """With documents."""

    __tablename__ = "paper"
    name: Mapped[str]
    doc: Mapped[dict[str, Any]] = mapped_column(MutableDict.as_mutable(JSON))
    later: Mapped[Any] = deferred(mapped_column(JSONB, nullable=True))


class Odd(Versioned, Base):
    """With types that the database does not write."""

    __tablename__ = "odd"
    name: Mapped[str]
    span: Mapped[dt.timedelta | None] = mapped_column(Interval)
    numbers: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    host: Mapped[str | None] = mapped_column(INET)
    clock: Mapped[dt.time | None] = mapped_column(Time(timezone=True))


class Backslash(Versioned, Base):
    """The JSON of whose column has a backslash."""

    __tablename__ = "backslash"
    name: Mapped[str] = mapped_column('a "name"')


install_guards(Base.metadata)
keep_digests(Base.metadata)


@pytest.fixture
def kept(postgresql_url: str) -> Iterator[World]:
    with world(postgresql_url) as made:
        Base.metadata.create_all(made.engine)
        yield made


@pytest.fixture
def session(kept: World) -> Session:
    return kept.session(Change, expire_on_commit=False)


def added(session: Session, record: Any) -> Any:
    session.add(record)
    session.commit()
    session.refresh(record)
    session.commit()
    return record


def current(session: Session, model: Any) -> Any:
    return session.scalars(select(model).where(model.is_current_version)).first()


def commit(kept: World, session: Session, model: Any) -> list[str]:
    """What a commit executes; all digests are right after it, and each version has one."""
    session.connection()
    with kept.executions() as seen:
        session.commit()
    found = digests_in(kept, model.__table__.name)
    assert found == recomputed(kept, model) and found
    return seen


AT_ONCE = ["WITH"]
BY_PYTHON = ["WITH", "SELECT", "INSERT"]
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner) | st.dictionaries(words, inner),
    max_leaves=6,
)
zones = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=45))])
moments = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=zones)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "words": words,
    "short": words,
    "code": words.map(lambda text: text[:6]),
    "number": st.integers(-(2**63), 2**63 - 1),
    "on": st.booleans(),
    "price": st.decimals(-(10**20), 10**20, places=9) | st.sampled_from([Decimal("1E+3")]),
    "loose": st.decimals(allow_nan=False, allow_infinity=False, places=3),
    "ratio": st.floats(width=16, allow_nan=False, allow_infinity=False),
    "real": st.floats(width=16, allow_nan=False, allow_infinity=False),
    "born": st.dates(),
    "naive": st.datetimes(),
    "zoned": moments,
    "moment": moments,
    "clock": st.times(),
    "blob": st.binary(max_size=20),
    "uid": st.uuids(),
    "mood": st.sampled_from(Mood),
    "plain_mood": st.sampled_from(Mood),
    "doc": documents,
    "docb": documents,
}
#: Each example edits the same record, in the same database, once more.
of_one_record = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@of_one_record
@given(
    st.fixed_dictionaries({}, optional={name: st.none() | each for name, each in VALUES.items()})
)
def test_of_any_values(kept: World, session: Session, values: dict[str, Any]) -> None:
    one = current(session, Wide) or added(session, Wide(id=uuid.UUID(int=1)))
    for name, value in values.items():
        setattr(one, name, value)
    one.views += 1
    assert commit(kept, session, Wide)[0] in ("WITH", "UPDATE")


@pytest.mark.parametrize("name", VALUES)
def test_the_database_makes_it_alone(kept: World, session: Session, name: str) -> None:
    one = added(session, Wide(id=uuid.UUID(int=1)))
    setattr(one, name, TYPICAL[name])
    assert commit(kept, session, Wide) == AT_ONCE
    setattr(one, name, None)
    assert commit(kept, session, Wide) == AT_ONCE
    one.number = 1
    assert commit(kept, session, Wide) == AT_ONCE


TYPICAL: dict[str, Any] = {
    "words": 'Zoë “Ω” 🦉\n\t"\\\x01\x7f',
    "short": "",
    "code": "AB",
    "number": 2**62 + 1,
    "on": False,
    "price": Decimal("-1234.5000"),
    "loose": Decimal("1E+30"),
    "ratio": 12.5,
    "real": 0.1,
    "born": dt.date(99, 2, 28),
    "naive": dt.datetime(1, 1, 1, 0, 0, 0, 1),
    "zoned": dt.datetime(9999, 12, 31, 23, tzinfo=dt.UTC),
    "moment": dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    "clock": dt.time(7, 5),
    "blob": b"\x00\xff",
    "uid": uuid.UUID("0B5E0000-0000-4000-8000-00000000000A"),
    "mood": Mood.SAD,
    "plain_mood": Mood.GLAD,
    "doc": {"b": [1, 2.50, None, True], "a": {"é": "ü"}, "large": 1e300, "small": 1e-7},
    "docb": [100.0, -0.0, 1e16, 0.1, "x", {"zz": 1, "a": 2}],
}


@of_one_record
@given(st.floats())
@example(1e23)
@example(5e-324)
@example(-0.0)
@example(9007199254740993.0)
@example(0.1 + 0.2)
@example(123456789012345.0)
@example(2.0**-1022)
def test_of_any_float(kept: World, session: Session, value: float) -> None:
    one = current(session, Wide) or added(session, Wide(id=uuid.UUID(int=1)))
    one.ratio = value
    one.number = (one.number or 0) + 1
    assert commit(kept, session, Wide) in (AT_ONCE, BY_PYTHON)


def test_of_a_float_of_many_digits_python_makes_it(kept: World, session: Session) -> None:
    one = added(session, Wide(id=uuid.UUID(int=1)))
    one.ratio = 0.1 + 0.2
    assert commit(kept, session, Wide) == BY_PYTHON


@of_one_record
@given(words, st.none() | words, st.none() | words.map(lambda text: text[:50]))
def test_of_any_change(
    kept: World, session: Session, actor: str, reason: str | None, origin: str | None
) -> None:
    one = current(session, Backslash) or added(session, Backslash(name="0"))
    paper = current(session, Paper) or added(session, Paper(name="0", doc={}))
    with change(session, actor=actor, reason=reason, origin=origin):
        paper.name = str(int(paper.name) + 1)
        assert commit(kept, session, Paper) == AT_ONCE
    with change(session, actor=actor, reason=reason, origin=origin):
        one.name = str(int(one.name) + 1)
        assert commit(kept, session, Backslash) == BY_PYTHON


def test_a_document_that_is_left_alone_or_altered_in_place(kept: World, session: Session) -> None:
    paper = added(session, Paper(name="x", doc={"b": 1.0, "a": []}))
    paper.name = "y"
    assert commit(kept, session, Paper) == AT_ONCE
    paper.doc["c"] = "é"
    assert commit(kept, session, Paper) == ["SELECT", *AT_ONCE]  # for the document before
    paper.doc["a"].append(1)  # unseen, so not written
    paper.name = "z"
    assert commit(kept, session, Paper) == BY_PYTHON


def test_a_document_that_is_no_text(kept: World, session: Session) -> None:
    paper = added(session, Paper(name="x", doc={}))
    paper.doc = {"half": "\ud800"}
    assert commit(kept, session, Paper) == BY_PYTHON


def test_a_document_that_was_not_loaded(kept: World, session: Session) -> None:
    added(session, Paper(name="x", doc={}, later={"a": 1}))
    session.expunge_all()
    paper = session.get_one(Paper, (1, 1))
    paper.name = "y"
    assert commit(kept, session, Paper) == BY_PYTHON
    assert paper.later == {"a": 1}
    paper.name = "z"
    assert commit(kept, session, Paper) == AT_ONCE


def test_a_document_as_others_write_it(kept: World, session: Session) -> None:
    added(session, Paper(name="x", doc={}))
    session.rollback()
    kept.unguarded("""UPDATE paper SET doc = '{ "b": 1, "a": 1e2 }'""", table="paper")
    kept.unguarded("DELETE FROM paper_digest", table="paper_digest")
    session.expunge_all()
    paper = session.get_one(Paper, (1, 1))
    paper.name = "y"
    session.connection()
    with kept.executions() as seen:
        session.commit()
    assert seen == BY_PYTHON
    assert digests_in(kept, "paper")[1, 2] == recomputed(kept, Paper)[1, 2]


@pytest.mark.parametrize("serializer", [lambda value: "{}", lambda value: f'{{"it": "{value!r}"}}'])
def test_a_serializer_of_ones_own(postgresql_url: str, serializer: Any) -> None:
    kept = World(create_engine(postgresql_url, json_serializer=serializer))
    Base.metadata.create_all(kept.engine)
    session = kept.session(Change, expire_on_commit=False)
    paper = added(session, Paper(name="x", doc={}))
    paper.name = "y"
    assert commit(kept, session, Paper)[0] == "WITH"
    paper.doc = {"a": 1}
    assert commit(kept, session, Paper)[0] == "WITH"
    session.close()
    kept.engine.dispose()


def test_types_that_the_database_does_not_write(kept: World, session: Session) -> None:
    odd = added(session, Odd(name="x"))
    for name, value in (
        ("span", dt.timedelta(days=40)),
        ("numbers", [1, 2]),
        ("host", "10.0.0.1"),
        ("clock", dt.time(7, 5, tzinfo=dt.UTC)),
    ):
        setattr(odd, name, value)
        assert commit(kept, session, Odd) == BY_PYTHON


def test_a_second_edit_in_the_transaction(kept: World, session: Session) -> None:
    one, two = (added(session, Paper(name=name, doc={})) for name in "ab")
    one.name = "c"
    session.flush()
    two.name = "d"
    assert commit(kept, session, Paper)[-1] == "INSERT"


def test_a_question_in_between_is_followed_by_one_about_the_row(
    kept: World, session: Session
) -> None:
    paper = added(session, Paper(name="x", doc={}))
    paper.name = "y"
    session.flush()
    session.execute(text("SELECT 1"))
    assert commit(kept, session, Paper) == ["SELECT"]


def test_an_edit_of_a_row_that_another_closed_writes_none(kept: World, session: Session) -> None:
    paper = added(session, Paper(name="x", doc={}))
    session.rollback()
    kept.unguarded("DELETE FROM paper_digest", table="paper_digest")
    kept.unguarded("UPDATE paper SET is_current_version = false", table="paper")
    paper.name = "y"
    with pytest.raises(VersioningError, match="does not bear the current flag"):
        session.commit()
    assert digests_in(kept, "paper") == {}
