"""A small trade with a reference of each kind, and what the tests ask of its database."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from webapp.versioning import (
    ChangeRecord,
    Versioned,
    collected,
    floating,
    following,
    install_guards,
    linked,
    pinned,
)


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Product(Versioned, Base):
    """Mapped before the class that it refers to."""

    __tablename__ = "product"
    name: Mapped[str]
    supplier_id: Mapped[int | None]
    supplier: Mapped[Supplier | None] = floating("supplier_id", back_populates="products")


class Supplier(Versioned, Base):
    __tablename__ = "supplier"
    name: Mapped[str]
    products: Mapped[list[Product]] = collected("supplier")


class Line(Versioned, Base):
    """Keeps the product as it was sold."""

    __tablename__ = "line"
    quantity: Mapped[int] = mapped_column(default=1)
    product_id: Mapped[int]
    product_version_id: Mapped[int]
    product: Mapped[Product] = pinned("product_id", "product_version_id")


class Tag(Versioned, Base):
    __tablename__ = "tag"
    name: Mapped[str]


class Badge(Versioned, Base):
    """Taken off where it is deleted."""

    __tablename__ = "badge"
    name: Mapped[str]


class Article(Versioned, Base):
    __tablename__ = "article"
    __unversioned__ = ("views",)
    title: Mapped[str]
    views: Mapped[int] = mapped_column(default=0)
    tags: Mapped[list[Tag]] = linked()
    badges: Mapped[list[Badge]] = linked(on_delete="unlink")


class Terms(Versioned, Base):
    __tablename__ = "terms"
    text: Mapped[str]


class Contract(Versioned, Base):
    """A versioned follower, itself followed."""

    __tablename__ = "contract"
    title: Mapped[str]
    terms_id: Mapped[int | None]
    terms_version_id: Mapped[int | None]
    terms: Mapped[Terms | None] = following("terms_id", "terms_version_id")


class Annex(Versioned, Base):
    __tablename__ = "annex"
    contract_id: Mapped[int]
    contract_version_id: Mapped[int]
    contract: Mapped[Contract] = following(
        "contract_id", "contract_version_id", on_delete="cascade"
    )


class Poster(Base):
    """An unversioned follower: the recipe's parent."""

    __tablename__ = "poster"
    id: Mapped[int] = mapped_column(primary_key=True)
    terms_id: Mapped[int]
    terms_version_id: Mapped[int]
    terms: Mapped[Terms] = following("terms_id", "terms_version_id")


class Category(Versioned, Base):
    """A tree."""

    __tablename__ = "category"
    name: Mapped[str]
    parent_id: Mapped[int | None]
    parent: Mapped[Category | None] = floating("parent_id", on_delete="set null")


class Knot(Versioned, Base):
    """Follows others of its kind, round in a circle."""

    __tablename__ = "knot"
    name: Mapped[str]
    follows_id: Mapped[int | None]
    follows_version_id: Mapped[int | None]
    follows: Mapped[Knot | None] = following("follows_id", "follows_version_id")


install_guards(Base.metadata)


def add(session: Session, *objects: Any) -> Any:
    """The objects, committed as version 1; the first is returned."""
    session.add_all(objects)
    session.commit()
    return objects[0]
