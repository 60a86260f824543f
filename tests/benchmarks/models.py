"""The same product for every contender: eight columns such as people have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Date, Index, Integer, Numeric, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from tests.benchmarks.recipe import RecipeVersioned, enable_recipe
from webapp.versioning import (
    ChangeRecord,
    Versioned,
    as_of_index,
    current_index,
    current_unique,
    enable_versioning,
    install_guards,
    keep_digests,
)

Enable = Callable[[sessionmaker[Session]], None]


class ProductColumns:
    """What is stored of a product, versions or not."""

    name: Mapped[str] = mapped_column(String(120))
    sku: Mapped[str] = mapped_column(String(20))
    description: Mapped[str] = mapped_column(Text)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    stock: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool]
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON)
    released: Mapped[date] = mapped_column(Date)


@dataclass(frozen=True)
class Contender:
    """A way to keep products: its mapped class, and what its sessions need."""

    name: str
    kind: str
    base: type[DeclarativeBase]
    model: type[Any]
    enable: Enable


def contender(name: str) -> Contender:
    """A new contender of that name, with tables and listeners of its own.

    *plain* and *plain indexed* are unversioned; *core* is versions and nothing else; *full* adds
    the table of changes, the guards and a product's indexes; *digested* adds the digests to that,
    and *pages* the as-of index too.
    """
    build = {
        "plain": _plain,
        "plain indexed": _plain_indexed,
        "core": _core,
        "full": _full,
        "digested": _digested,
        "pages": _pages,
        "recipe": _recipe,
        "continuum": _continuum,
    }
    return build[name]()


def _plain() -> Contender:
    class Base(DeclarativeBase):
        pass

    class PlainProduct(ProductColumns, Base):
        __tablename__ = "plain_product"
        id: Mapped[int] = mapped_column(primary_key=True)

    return Contender("plain", "plain", Base, PlainProduct, _nothing)


def _plain_indexed() -> Contender:
    class Base(DeclarativeBase):
        pass

    class IndexedProduct(ProductColumns, Base):
        __tablename__ = "indexed_product"
        __table_args__ = (Index(None, "name", "id"), Index(None, "sku", unique=True))
        id: Mapped[int] = mapped_column(primary_key=True)

    return Contender("plain indexed", "plain", Base, IndexedProduct, _nothing)


def _core() -> Contender:
    class Base(DeclarativeBase):
        pass

    class CoreProduct(Versioned, ProductColumns, Base):
        __tablename__ = "core_product"

    return Contender("core", "versioned", Base, CoreProduct, enable_versioning)


def _full() -> Contender:
    return _with_changes("full", (current_index("name"), current_unique("sku")), digests=False)


def _digested() -> Contender:
    return _with_changes("digested", (current_index("name"), current_unique("sku")))


def _pages() -> Contender:
    indexes = (
        current_index("name"),
        current_unique("sku"),
        as_of_index("name", name="ix_pages_as_of"),
    )
    return _with_changes("pages", indexes)


def _with_changes(name: str, indexes: tuple[Index, ...], digests: bool = True) -> Contender:
    class Base(DeclarativeBase):
        pass

    class Change(ChangeRecord, Base):
        __tablename__ = f"{name}_change"

    class FullProduct(Versioned, ProductColumns, Base):
        __tablename__ = f"{name}_product"
        __table_args__ = indexes

    install_guards(Base.metadata)
    if digests:
        keep_digests(Base.metadata)

    def enable(sessions: sessionmaker[Session]) -> None:
        enable_versioning(sessions, change_model=Change)

    return Contender(name, "versioned", Base, FullProduct, enable)


def _recipe() -> Contender:
    class Base(DeclarativeBase):
        pass

    class RecipeProduct(RecipeVersioned, ProductColumns, Base):
        __tablename__ = "recipe_product"

    return Contender("recipe", "recipe", Base, RecipeProduct, enable_recipe)


def _continuum() -> Contender:
    """SQLAlchemy-Continuum listens to all sessions of a process: call it in one of its own."""
    from sqlalchemy.orm import configure_mappers
    from sqlalchemy_continuum import make_versioned

    make_versioned(user_cls=None)

    class Base(DeclarativeBase):
        pass

    class ContinuumProduct(ProductColumns, Base):
        __tablename__ = "continuum_product"
        __versioned__: dict[str, Any] = {}
        id: Mapped[int] = mapped_column(primary_key=True)

    configure_mappers()
    return Contender("continuum", "continuum", Base, ContinuumProduct, _nothing)


def _nothing(sessions: sessionmaker[Session]) -> None:
    pass
