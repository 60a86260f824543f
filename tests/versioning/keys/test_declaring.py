"""What a key cannot be made of is refused when the class is mapped, with what to say instead."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import CHAR, Boolean, Computed, Enum, Integer, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, configure_mappers, mapped_column

from webapp.versioning import Versioned, VersioningError, following, key_columns, key_of


class Trimmed(TypeDecorator[str]):
    impl = String
    cache_ok = True


class Hole(enum.Enum):
    EMPTY = ""


#: What is wrong with the column `code`, and what is said of it.
BAD: dict[str, tuple[Any, str]] = {
    "decorated": (mapped_column(Trimmed()), "a text .not CHAR., a whole number, a Uuid"),
    "padded": (mapped_column(CHAR(2)), "not CHAR"),
    "boolean": (mapped_column(Boolean), "its type is not one"),
    "nullable": (mapped_column(String, nullable=True), "may be NULL"),
    "by the database": (mapped_column(String, server_default="x"), "too late for the id"),
    "computed": (mapped_column(Integer, Computed("1 + 1"), nullable=False), "too late"),
    "called": (mapped_column(String, default=lambda: "x"), "not a plain value"),
    "updated": (mapped_column(String, onupdate="x"), "not a plain value"),
    "empty": (
        mapped_column(Enum(Hole, values_callable=lambda kind: [each.value for each in kind])),
        "stored as an empty text",
    ),
}


def base() -> Any:
    class Base(DeclarativeBase):
        pass

    return Base


@pytest.mark.parametrize("what", BAD)
def test_a_column_that_is_no_part_of_a_key(what: str) -> None:
    column, match = BAD[what]
    if column.column.nullable and what not in ("nullable", "computed"):
        column.column.nullable = False
    Base = base()
    with pytest.raises(VersioningError, match=match):
        type(
            "Depot",
            (Versioned, Base),
            {
                "__tablename__": "depot",
                "id": key_of("region", "code"),
                "region": mapped_column(String, nullable=False),
                "code": column,
            },
        )


def test_a_moment_is_no_part_of_a_key() -> None:
    with pytest.raises(VersioningError, match="at cannot be a part of a key"):

        class Depot(Versioned, base()):  # type: ignore[misc]
            __tablename__ = "depot"
            id: Mapped[str] = key_of("region", "at")
            region: Mapped[str]
            at: Mapped[datetime]


@pytest.mark.parametrize("name", ["nothing", "id", "version_id", "calc_is_current_version"])
def test_a_name_that_is_no_column_of_its_own(name: str) -> None:
    with pytest.raises(VersioningError, match=f"made of {name}"):

        class Depot(Versioned, base()):  # type: ignore[misc]
            __tablename__ = "depot"
            id: Mapped[str] = key_of("region", name)
            region: Mapped[str]


@pytest.mark.parametrize("names", [(), ("region",), ("region", "region")])
def test_fewer_than_two_columns(names: tuple[str, ...]) -> None:
    with pytest.raises(VersioningError, match="two columns or more"):
        key_of(*names)


@pytest.mark.parametrize("setting", ["__unversioned__", "__masked__"])
def test_a_column_that_is_counted_or_secret(setting: str) -> None:
    with pytest.raises(VersioningError, match="written in place or not for showing"):
        type(
            "Depot",
            (Versioned, base()),
            {
                "__tablename__": "depot",
                setting: ("code",),
                "id": key_of("region", "code"),
                "region": mapped_column(String, nullable=False),
                "code": mapped_column(String, nullable=False),
            },
        )


def test_another_name_than_id() -> None:
    with pytest.raises(VersioningError, match=r"Depot.key: what key_of\(\) makes is named id"):

        class Depot(Versioned, base()):  # type: ignore[misc]
            __tablename__ = "depot"
            key: Mapped[str] = key_of("region", "code")
            region: Mapped[str]
            code: Mapped[str]


def test_primary_key_columns_beside_the_id() -> None:
    with pytest.raises(VersioningError, match=r"key_of\('region', 'code'\).*leave primary_key out"):

        class Depot(Versioned, base()):  # type: ignore[misc]
            __tablename__ = "depot"
            id: Mapped[str] = key_of("region", "code")
            region: Mapped[str] = mapped_column(primary_key=True)
            code: Mapped[int] = mapped_column(primary_key=True)


def test_the_version_that_a_reference_follows() -> None:
    Base = base()

    class Terms(Versioned, Base):  # type: ignore[misc,valid-type]
        __tablename__ = "terms"

    with pytest.raises(VersioningError, match="leave the version number out of the key"):

        class Clause(Versioned, Base):  # type: ignore[misc,valid-type]
            __tablename__ = "clause"
            id: Mapped[str] = key_of("terms_id", "terms_version_id")
            terms_id: Mapped[int]
            terms_version_id: Mapped[int]
            terms: Mapped[Terms] = following("terms_id", "terms_version_id")


def test_a_reference_that_would_be_taken_away() -> None:
    Base = base()

    class Terms(Versioned, Base):  # type: ignore[misc,valid-type]
        __tablename__ = "terms"

    with pytest.raises(VersioningError, match="on_delete as it is"):

        class Clause(Versioned, Base):  # type: ignore[misc,valid-type]
            __tablename__ = "clause"
            id: Mapped[str] = key_of("terms_id", "number")
            terms_id: Mapped[int]
            terms_version_id: Mapped[int]
            number: Mapped[int]
            terms: Mapped[Terms] = following("terms_id", "terms_version_id", on_delete="set null")


def test_a_subclass_in_the_same_table() -> None:
    Base = base()

    class Depot(Versioned, Base):  # type: ignore[misc,valid-type]
        __tablename__ = "depot"
        __mapper_args__ = {"polymorphic_on": "kind"}
        kind: Mapped[str]
        region: Mapped[str]

    with pytest.raises(VersioningError, match="in the table of Depot: declare it there"):

        class Yard(Depot):
            __mapper_args__ = {"polymorphic_identity": "yard"}
            id: Mapped[str] = key_of("kind", "region")  # type: ignore[assignment]


def test_a_subclass_in_a_table_of_its_own() -> None:
    Base = base()

    class Depot(Versioned, Base):  # type: ignore[misc,valid-type]
        __tablename__ = "depot"
        region: Mapped[str]

    with pytest.raises(VersioningError, match="leave id and version_id out"):

        class Yard(Depot):
            __tablename__ = "yard"
            id: Mapped[str] = key_of("region", "code")  # type: ignore[assignment]
            code: Mapped[str]


def test_a_column_of_a_subclass() -> None:
    Base = base()

    class Depot(Versioned, Base):  # type: ignore[misc,valid-type]
        __tablename__ = "depot"
        __abstract__ = True
        id: Mapped[str] = key_of("region", "code")
        region: Mapped[str]

    with pytest.raises(VersioningError, match="code is no column of the class"):

        class Yard(Depot):
            __tablename__ = "yard"


def test_a_key_of_an_abstract_class_or_a_mixin() -> None:
    Base = base()

    class Placed:
        id: Mapped[str] = key_of("region", "code")
        region: Mapped[str]

    class Abstract(Placed, Versioned, Base):  # type: ignore[misc,valid-type]
        __abstract__ = True
        code: Mapped[str]

    class Yard(Abstract):
        __tablename__ = "yard"

    class Depot(Abstract):
        __tablename__ = "depot"

    configure_mappers()
    for model in (Yard, Depot):
        assert key_columns(model) == ("region", "code")
        assert [column.name for column in model.__table__.primary_key] == ["id", "version_id"]
        assert f"ck_{model.__tablename__}_key" in {
            constraint.name for constraint in model.__table__.constraints
        }
