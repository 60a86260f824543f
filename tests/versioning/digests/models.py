"""Models with a column of every kind, links, and a part in a second table, that keep digests."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    CHAR,
    JSON,
    BigInteger,
    Computed,
    DateTime,
    Float,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Text,
    TypeDecorator,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from webapp.versioning import (
    ChangeRecord,
    UtcDateTime,
    Versioned,
    install_guards,
    keep_digests,
    linked,
)


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Mood(enum.Enum):
    GLAD = "glad, in words"
    SAD = "sad"


class Shouted(TypeDecorator[str]):
    """Stored in capitals."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value.upper()

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value.lower()


class Tag(Versioned, Base):
    __tablename__ = "tag"
    name: Mapped[str]


class Thing(Versioned, Base):
    __tablename__ = "thing"
    __unversioned__ = ("views",)
    __excluded__ = ("words",)
    __masked__ = ("secret",)

    name: Mapped[str]
    note: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(CHAR(6))
    number: Mapped[int | None]
    large: Mapped[int | None] = mapped_column(BigInteger)
    on: Mapped[bool | None]
    price: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    ratio: Mapped[float | None] = mapped_column(Float(53))
    born: Mapped[dt.date | None]
    naive: Mapped[dt.datetime | None]
    zoned: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    moment: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    clock: Mapped[dt.time | None]
    span: Mapped[dt.timedelta | None] = mapped_column(Interval)
    blob: Mapped[bytes | None] = mapped_column(LargeBinary)
    uid: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    mood: Mapped[Mood | None]
    doc: Mapped[Any] = mapped_column(JSON, nullable=True)
    docb: Mapped[Any] = mapped_column(JSON().with_variant(JSONB(), "postgresql"), nullable=True)
    words: Mapped[list[str] | None] = mapped_column(
        ARRAY(String).with_variant(JSON(none_as_null=True), "sqlite")
    )
    loud: Mapped[str | None] = mapped_column(Shouted)
    secret: Mapped[str | None]
    views: Mapped[int] = mapped_column(default=0)
    twice: Mapped[int | None] = mapped_column(Computed("number * 2", persisted=True))
    filled: Mapped[str | None] = mapped_column(server_default=text("'by the database'"))
    tags: Mapped[list[Tag]] = linked()


class Vehicle(Versioned, Base):
    __tablename__ = "vehicle"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]


class Truck(Vehicle):
    __tablename__ = "truck"
    __mapper_args__ = {"polymorphic_identity": "truck"}
    __unversioned__ = ("trips",)

    load: Mapped[int]
    trips: Mapped[int] = mapped_column(default=0)


class Boat(Vehicle):
    __tablename__ = "boat"
    __mapper_args__ = {"polymorphic_identity": "boat"}

    load: Mapped[int]


class Item(Versioned, Base):
    """Known by a UUID."""

    __tablename__ = "item"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2), default=Decimal("1.50"))


install_guards(Base.metadata)
keep_digests(Base.metadata)

#: A value for each column of `Thing`, at the edge of what its type takes alike on every database.
FULL: dict[str, Any] = {
    "name": 'Zoë “Ω” 🦉\n\t"\\\x01',
    "note": "",
    "code": "AB",
    "number": -7,
    "large": 2**62 + 1,
    "on": True,
    "price": Decimal("1234.5000"),
    "ratio": 0.1,
    "born": dt.date(1969, 2, 28),
    "naive": dt.datetime(2024, 2, 29, 23, 59, 59, 999999),
    "zoned": dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC),
    "moment": dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    "clock": dt.time(7, 5),
    "span": dt.timedelta(days=3, microseconds=1),
    "blob": b"\x00\xff",
    "uid": uuid.UUID("0B5E0000-0000-4000-8000-00000000000A"),
    "mood": Mood.SAD,
    "doc": {"b": [1, 2.5, None, True], "a": {"é": "ü"}, "large": 1e300, "small": 1e-7},
    "docb": [100.0, -0.0, 1e16, 0.1, "x", {"z": 1, "a": 2}],
    "words": ["one", "two"],
    "loud": "quiet",
    "secret": "s3cret",
}
