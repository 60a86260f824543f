"""What was declared can be asked for; what cannot be is refused when the class is mapped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests.versioning.references.trade import (
    Annex,
    Category,
    Contract,
    Line,
    Poster,
    Product,
    Supplier,
    Terms,
)
from webapp.versioning import (
    Reference,
    Versioned,
    VersioningError,
    collected,
    data_columns,
    floating,
    following,
    pinned,
    references_of,
    references_to,
)


def test_each_kind_is_told() -> None:
    assert references_of(Product) == (
        Reference(Product, "supplier", "floating", Supplier, ("supplier_id",), None, "refuse"),
    )
    version = "contract_version_id"
    assert references_of(Annex) == (
        Reference(Annex, "contract", "following", Contract, ("contract_id",), version, "cascade"),
    )
    version = "product_version_id"
    assert references_of(Line) == (
        Reference(Line, "product", "pinned", Product, ("product_id",), version, "refuse"),
    )
    assert references_of(Category)[0].on_delete == "set null"
    assert references_of(Supplier) == ()


def test_so_is_who_refers_to_a_model() -> None:
    assert {r.model for r in references_to(Terms)} == {Contract, Poster}
    assert [r.name for r in references_to(Supplier)] == ["supplier"]
    assert references_to(Annex) == ()


def test_the_columns_of_its_own_are_no_data() -> None:
    assert data_columns(Product) == ("name", "supplier_id")
    assert "version_living" in Product.__table__.c
    assert "version_living" not in Line.__table__.c


def test_models_that_none_refers_to_have_no_table_of_records() -> None:
    names = {name for name in Product.metadata.tables if name.endswith("_record")}
    models = ("article", "badge", "category", "contract", "knot", "supplier", "tag", "terms")
    assert names == {f"{model}_record" for model in models}


@pytest.fixture
def base() -> Iterator[Any]:
    """An empty base, whose half-made classes nobody else meets."""

    class Base(DeclarativeBase):
        pass

    yield Base
    Base.registry.dispose()


def target(base: Any) -> Any:
    class Target(Versioned, base):
        __tablename__ = "target"
        name: Mapped[str]

    return Target


def test_a_column_that_is_not_there_is_named(base: Any) -> None:
    target(base)
    with pytest.raises(VersioningError, match="target_id, which the class does not have"):

        class Owner(Versioned, base):
            __tablename__ = "owner"
            target = floating("target_id", target="Target")


def test_a_wrong_number_of_columns_is_named(base: Any) -> None:
    target(base)
    with pytest.raises(VersioningError, match="takes one for each of id, version_id"):

        class Owner(Versioned, base):
            __tablename__ = "owner"
            target_id: Mapped[int]
            target = pinned("target_id", target="Target")


def test_of_two_classes_with_one_name_the_one_of_the_same_module_is_meant(base: Any) -> None:
    class Target(base):
        __module__ = "tests.versioning.models"
        __tablename__ = "another_target"
        id: Mapped[int] = mapped_column(primary_key=True)

    meant = target(base)

    class Owner(Versioned, base):
        __tablename__ = "owner"
        target_id: Mapped[int]
        target = floating("target_id", target="Target")

    tables = {key.column.table.name for key in Owner.__table__.foreign_keys}
    assert tables == {"target_record"}
    assert Owner.target.property.mapper.class_ is meant


def test_a_target_without_versions_is_refused(base: Any) -> None:

    class Plain(base):
        __tablename__ = "plain"
        id: Mapped[int] = mapped_column(primary_key=True)

    with pytest.raises(VersioningError, match="Plain, which keeps no versions"):

        class Owner(Versioned, base):
            __tablename__ = "owner"
            plain_id: Mapped[int]
            plain = floating("plain_id", target=Plain)


def test_collecting_by_what_is_no_reference_is_refused(base: Any) -> None:
    target(base)

    class Owner(Versioned, base):
        __tablename__ = "owner"
        targets = collected("owner", target="Target")

    with pytest.raises(VersioningError, match="no following or floating reference owner"):
        base.registry.configure()


def test_a_string_key(base: Any) -> None:

    class Country(Versioned, base):
        __tablename__ = "country"
        id: Mapped[str] = mapped_column(primary_key=True)

    class Town(Versioned, base):
        __tablename__ = "town"
        country_id: Mapped[str]
        country_version_id: Mapped[int]
        country = following("country_id", "country_version_id", target=Country)

    base.registry.configure()
    assert references_of(Town)[0].target is Country


def test_following_from_a_subclass_s_own_table_is_refused(base: Any) -> None:
    target(base)

    class Animal(Versioned, base):
        __tablename__ = "animal"

    with pytest.raises(VersioningError, match="in the table of a subclass"):

        class Dog(Animal):
            __tablename__ = "dog"
            target_id: Mapped[int]
            target_version_id: Mapped[int]
            target = following("target_id", "target_version_id", target="Target")
