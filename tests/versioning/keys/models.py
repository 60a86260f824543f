"""Records that several columns name together: of every type, by references, and in subclasses."""

from __future__ import annotations

import enum
import uuid
from datetime import date

from sqlalchemy import BigInteger, Date, Enum, SmallInteger, String, Text, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from webapp.versioning import (
    ChangeRecord,
    Versioned,
    collected,
    floating,
    following,
    install_guards,
    keep_digests,
    key_of,
    linked,
    pinned,
)


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Station(Versioned, Base):
    __tablename__ = "station"

    id: Mapped[str] = key_of("country", "code")
    country: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(default="one")


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Shade(enum.Enum):
    DARK = "d/1"
    LIGHT = "l~2"


class Sample(Versioned, Base):
    """A key of every type that there is for one."""

    __tablename__ = "sample"

    id: Mapped[str] = key_of("text", "small", "big", "day", "size", "shade", "lot", "batch", "kind")
    text: Mapped[str] = mapped_column("the_text", String(40))
    small: Mapped[int] = mapped_column(SmallInteger)
    big: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date] = mapped_column(Date)
    size: Mapped[Size] = mapped_column(Enum(Size))
    shade: Mapped[Shade] = mapped_column(
        Enum(Shade, native_enum=False, values_callable=lambda kind: [each.value for each in kind])
    )
    lot: Mapped[uuid.UUID] = mapped_column(Uuid)
    batch: Mapped[str] = mapped_column(Uuid(as_uuid=False, native_uuid=False))
    kind: Mapped[str] = mapped_column(Enum("a", "b", name="sample_kind"), default="a")
    name: Mapped[str]


class Order(Versioned, Base):
    __tablename__ = "sales_order"

    name: Mapped[str] = mapped_column(default="one")
    lines: Mapped[list[Line]] = collected("order")


class Line(Versioned, Base):
    """The lines of an order are numbered anew for each."""

    __tablename__ = "line"

    id: Mapped[str] = key_of("order_id", "number")
    order_id: Mapped[int]
    order: Mapped[Order] = floating("order_id", back_populates="lines")
    number: Mapped[int]
    name: Mapped[str] = mapped_column(default="one")


class Part(Versioned, Base):
    """A part of a line, whose key is that of the line and a letter."""

    __tablename__ = "part"

    id: Mapped[str] = key_of("line_id", "letter")
    line_id: Mapped[str]
    line: Mapped[Line] = floating("line_id")
    letter: Mapped[str]


class Visit(Versioned, Base):
    """Leads to stations in every way."""

    __tablename__ = "visit"

    at_id: Mapped[str | None]
    at: Mapped[Station | None] = floating("at_id")
    then_id: Mapped[str | None]
    then_version_id: Mapped[int | None]
    then: Mapped[Station | None] = pinned("then_id", "then_version_id")
    under_id: Mapped[str | None]
    under_version_id: Mapped[int | None]
    under: Mapped[Station | None] = following("under_id", "under_version_id")
    near: Mapped[list[Station]] = linked()


keep_digests(Base.metadata)
install_guards(Base.metadata)
