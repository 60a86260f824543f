"""A small shop, as it was opened and as it shall become: its models, its rows, its revisions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import CheckConstraint, Integer, MetaData, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Session, configure_mappers, mapped_column

from tests.versioning.world import World
from webapp.extensions import NAMING
from webapp.migrations import Branch, alone, differences, make_tables, upgrade, write_revision
from webapp.versioning import (
    ChangeRecord,
    Versioned,
    check_model,
    current_index,
    floating,
    install_guards,
    keep_digests,
    linked,
    pinned,
)


@dataclass
class Shop:
    """A state of the models over a database, with the folder of their revisions."""

    db: World
    folder: Path
    models: SimpleNamespace

    @property
    def branch(self) -> Branch:
        """Read anew, as by another process."""
        metadata = self.models.Base.metadata
        return Branch("shop", self.folder, frozenset(metadata.tables), metadata)

    def make(self) -> None:
        """As the start does."""
        with alone(self.db.engine) as connection:
            make_tables(connection, [self.branch])

    def write(self, message: str = "Alter it", **how: Any) -> str:
        """Write a revision; its text, "" where there is nothing to revise."""
        with self.db.behind() as connection:
            path = write_revision(connection, self.branch, message, **how)
        return path.read_text(encoding="utf-8") if path else ""

    def upgrade(self) -> list[str]:
        with alone(self.db.engine) as connection:
            return upgrade(connection, [self.branch])

    def differences(self) -> list[str]:
        with self.db.behind() as connection:
            return differences(connection, [self.branch])

    def complete(self) -> None:
        """Once all models are there."""
        configure_mappers()
        install_guards(self.models.Base.metadata)
        keep_digests(self.models.Base.metadata)

    def unguard(self, table: str, what: str) -> None:
        on = "" if self.db.is_sqlite else f" ON {table}"
        self.db.sql(f"DROP TRIGGER {table}_guard_{what}{on}")

    def session(self) -> Session:
        return self.db.session(change_model=self.models.Change)

    def fill(self) -> None:
        """Records with a past, links, a part in a second table, and a line that pins a version."""
        m, session = self.models, self.session()
        with session:
            maker, tag = m.Maker(name="Ann"), m.Tag(name="new")
            lamp = m.Product(name="Lamp", price=Decimal("12.50"), tags=[tag])
            session.add_all([maker, tag, lamp, m.Book(name="Atlas", price=Decimal(30), pages=7)])
            session.commit()
            session.add(m.Line(product=lamp, quantity=2))
            session.commit()
            lamp.price, lamp.tags = Decimal(13), []
            session.commit()

    def unsound(self) -> list[Any]:
        """What the integrity check finds, and how the database differs from the models."""
        m = self.models
        with self.session() as session:
            checks = [check_model(session, model) for model in (m.Product, m.Tag, m.Maker, m.Line)]
        assert sum(check.versions for check in checks) >= 6
        found = [each for check in checks for each in check.findings]
        return [*found, *(check for check in checks if check.undigested), *self.differences()]


def shop(db: World, folder: Path, *, without: tuple[str, ...] = (), **more: Any) -> Shop:
    """The shop over a database; `more` members of Product, or functions of the models to them."""

    class Base(DeclarativeBase):
        metadata = MetaData(naming_convention=NAMING)

    def model(named: str, *bases: Any, **members: Any) -> type[Any]:
        made = type(named, bases or (Versioned, Base), {"__tablename__": named.lower(), **members})
        setattr(models, named, made)
        return made

    models = SimpleNamespace(Base=Base)
    model("Change", ChangeRecord, Base)
    model("Maker", name=mapped_column(String(120), nullable=False))
    tag = model("Tag", name=mapped_column(String(40), nullable=False))
    members = {
        "name": mapped_column(String(120), nullable=False),
        "price": mapped_column(Numeric(10, 2), nullable=False),
        "colour": mapped_column(String(20)),
        "views": mapped_column(Integer, default=0, nullable=False),
        "tags": linked(target=tag),
        "__unversioned__": ("views",),
        "__table_args__": (current_index("name"), CheckConstraint("price >= 0", name="price")),
        **{key: each(models) if callable(each) else each for key, each in more.items()},
    }
    kept = {key: each for key, each in members.items() if key not in without}
    product = model("Product", **kept)
    model("Book", product, pages=mapped_column(Integer))
    model(
        "Line",
        product_id=mapped_column(Integer, nullable=False),
        product_version_id=mapped_column(Integer, nullable=False),
        product=pinned("product_id", "product_version_id", target=product),
        quantity=mapped_column(Integer, nullable=False),
    )
    made = Shop(db, folder, models)
    made.complete()
    return made


def clear(db: World) -> None:
    """Take everything out of a database that nobody else uses."""
    if db.is_sqlite:
        db.engine.dispose()
        Path(str(db.engine.url.database)).unlink(missing_ok=True)
    else:
        schema = db.sql("SELECT current_schema()")[0][0]
        db.sql(f'DROP SCHEMA "{schema}" CASCADE')
        db.sql(f'CREATE SCHEMA "{schema}"')


#: A reference to its maker, that the product did not have.
MAKER: dict[str, Any] = {
    "maker_id": lambda models: mapped_column(Integer),
    "maker": lambda models: floating("maker_id", target=models.Maker),
}
