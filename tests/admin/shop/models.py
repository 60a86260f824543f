"""Makers and gadgets as people have them, and models of odd shape."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, validates

from webapp.extensions import db
from webapp.versioning import UtcDateTime, Versioned, as_of_index, current_unique, live


class Color(enum.Enum):
    RED = "red"
    DARK_BLUE = "dark blue"


class Maker(Versioned, db.Model):
    __tablename__ = "shop_maker"
    name: Mapped[str] = mapped_column(sa.String(100))

    def __str__(self) -> str:
        return self.name


class Gadget(Versioned, db.Model):
    __tablename__ = "shop_gadget"
    __table_args__ = (current_unique("sku"),)
    __unversioned__ = ("views",)

    name: Mapped[str] = mapped_column(sa.String(100))
    sku: Mapped[str | None] = mapped_column(sa.String(20))
    price: Mapped[Decimal | None] = mapped_column(sa.Numeric(10, 2))
    color: Mapped[Color | None]
    notes: Mapped[str | None] = mapped_column(sa.Text)
    views: Mapped[int] = mapped_column(default=0)
    maker_id: Mapped[int | None]
    maker: Mapped[Maker | None] = relationship(
        primaryjoin=lambda: sa.and_(foreign(Gadget.maker_id) == Maker.id, live(Maker)),
        viewonly=True,
    )

    def __str__(self) -> str:
        return self.name

    @validates("name")
    def not_nameless(self, key: str, value: str) -> str:
        if value == "forbidden":
            raise ValueError("This name is not for sale.")
        return value


class Bench(Versioned, db.Model):
    """A record without any text by which to call it."""

    __tablename__ = "shop_bench"
    __table_args__ = (as_of_index("length"),)
    length: Mapped[int]


class Room(db.Model):
    """A plain table beside the versioned ones."""

    __tablename__ = "shop_room"
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    def __str__(self) -> str:
        return self.name


class Shelf(Versioned, db.Model):
    """Belongs to a room, and to the maker as it was at that version."""

    __tablename__ = "shop_shelf"
    name: Mapped[str]
    room_number: Mapped[int | None] = mapped_column(sa.ForeignKey("shop_room.number"))
    room: Mapped[Room | None] = relationship()
    maker_id: Mapped[int]
    maker_version_id: Mapped[int]
    maker: Mapped[Maker] = relationship()
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["maker_id", "maker_version_id"], ["shop_maker.id", "shop_maker.version_id"]
        ),
    )


class Oddity(Versioned, db.Model):
    """Columns named like parts of a form, of an address, or of the admin's own form."""

    __tablename__ = "shop_oddity"
    meta: Mapped[str | None]
    data: Mapped[str | None]
    errors: Mapped[str | None]
    reason: Mapped[str | None]
    base_version: Mapped[str | None]
    url: Mapped[str | None]
    validate_url: Mapped[str | None]
    attributes: Mapped[str | None]


class Parcel(Versioned, db.Model):
    __tablename__ = "shop_parcel"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4, sort_order=-2)  # type: ignore[assignment]
    name: Mapped[str]


class Country(Versioned, db.Model):
    """Known by a text that people give it."""

    __tablename__ = "shop_country"
    id: Mapped[str] = mapped_column(sa.String(60), primary_key=True, sort_order=-2)  # type: ignore[assignment]
    name: Mapped[str]


class Vehicle(Versioned, db.Model):
    __tablename__ = "shop_vehicle"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}
    __table_args__ = (current_unique("plate"),)
    kind: Mapped[str] = mapped_column(sa.String(20), default="vehicle")
    name: Mapped[str]
    plate: Mapped[str | None] = mapped_column(sa.String(20))


class Truck(Vehicle):
    """Its rows lie in two tables."""

    __tablename__ = "shop_truck"
    __table_args__ = (sa.CheckConstraint("load >= 0", name="load"),)
    __mapper_args__ = {"polymorphic_identity": "truck"}
    load: Mapped[int]


class Badge(Versioned, db.Model):
    """Opens doors: its code is not for showing, and its visits are not worth a word."""

    __tablename__ = "shop_badge"
    __masked__ = ("code",)
    __excluded__ = ("visits",)
    owner: Mapped[str]
    code: Mapped[str | None]
    visits: Mapped[int] = mapped_column(default=0)


class Vault(Versioned, db.Model):
    """Masked throughout, and without any other text by which to call it."""

    __tablename__ = "shop_vault"
    __masked__ = ("combination", "kind", "is_open", "maker_id")
    combination: Mapped[str]
    kind: Mapped[Color | None]
    is_open: Mapped[bool] = mapped_column(default=False)
    maker_id: Mapped[int | None] = mapped_column()
    level: Mapped[int | None]


def _columns(nullable: bool) -> dict[str, Any]:
    """One column of every type."""
    types: dict[str, Any] = {
        "a_string": sa.String(200),
        "a_text": sa.Text(),
        "an_integer": sa.Integer(),
        "a_small": sa.SmallInteger(),
        "a_big": sa.BigInteger(),
        "a_float": sa.Float(),
        "a_double": sa.Double(),
        "a_real": sa.REAL(),
        "a_decimal": sa.Numeric(12, 2),
        "a_loose_decimal": sa.Numeric(),
        "a_number": sa.Numeric(12, 2, asdecimal=False),
        "a_boolean": sa.Boolean(),
        "a_date": sa.Date(),
        "a_time": sa.Time(),
        "a_naive": sa.DateTime(),
        "an_aware": sa.DateTime(timezone=True),
        "a_moment": UtcDateTime(),
        "an_interval": sa.Interval(),
        "a_uuid": sa.Uuid(),
        "a_uuid_text": sa.Uuid(as_uuid=False),
        "an_enum": sa.Enum(Color),
        "a_choice": sa.Enum("small", "large", name="size"),
        "a_json": sa.JSON(),
        "a_binary": sa.LargeBinary(),
    }
    return {name: mapped_column(type_, nullable=nullable) for name, type_ in types.items()}


Loose: Any = type(
    "Loose",
    (Versioned, db.Model),
    {"__tablename__": "shop_loose", "__module__": __name__} | _columns(True),
)
Strict: Any = type(
    "Strict",
    (Versioned, db.Model),
    {"__tablename__": "shop_strict", "__module__": __name__} | _columns(False),
)

#: A value of each column of `Strict` and `Loose`, each of a shape that some form would lose.
ODD: dict[str, Any] = {
    "a_string": "  Größe\r\n“x” <b>",
    "a_text": "\r\nfirst\r\nsecond\rthird\n",
    "an_integer": -7,
    "a_small": 0,
    "a_big": 2**63 - 1,
    "a_float": 0.1 + 0.2,
    "a_double": 1e-17,
    "a_real": 0.5,
    "a_decimal": Decimal("1.50"),
    "a_loose_decimal": Decimal("0.125"),
    "a_number": 2.5,
    "a_boolean": False,
    "a_date": dt.date(999, 1, 2),
    "a_time": dt.time(4, 5, 6, 789),
    "a_naive": dt.datetime(2026, 10, 25, 2, 30, 0, 123456),
    "an_aware": dt.datetime(2026, 10, 25, 1, 30, 0, 7, tzinfo=dt.UTC),
    "a_moment": dt.datetime(2026, 10, 25, 0, 30, 0, 123456, tzinfo=dt.UTC),
    "an_interval": dt.timedelta(days=-2, hours=3, microseconds=5),
    "a_uuid": uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
    "a_uuid_text": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "an_enum": Color.DARK_BLUE,
    "a_choice": "large",
    "a_json": {"ü": [1, None, {"on": True}], "n": 0, "price": 1.0},
    "a_binary": b"\x00\xff",
}
