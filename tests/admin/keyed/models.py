"""Depots by country and code, their racks by number, and trips that lead there in every way."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import db
from webapp.versioning import (
    Versioned,
    as_of_index,
    collected,
    floating,
    following,
    key_of,
    linked,
    pinned,
)


class Depot(Versioned, db.Model):
    __tablename__ = "keyed_depot"
    __table_args__ = (as_of_index("name"),)
    id: Mapped[str] = key_of("country", "code")  # type: ignore[assignment]
    country: Mapped[str] = mapped_column(sa.String(200))
    code: Mapped[str] = mapped_column(sa.String(200))
    name: Mapped[str] = mapped_column(sa.String(80))
    racks: Mapped[list[Rack]] = collected("depot")


class Rack(Versioned, db.Model):
    """Numbered anew in each depot."""

    __tablename__ = "keyed_rack"
    id: Mapped[str] = key_of("depot_id", "number")  # type: ignore[assignment]
    depot_id: Mapped[str]
    depot: Mapped[Depot] = floating("depot_id", on_delete="cascade", back_populates="racks")
    number: Mapped[int]
    label: Mapped[str] = mapped_column(sa.String(40))


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Voucher(Versioned, db.Model):
    """A key of every kind that is no text."""

    __tablename__ = "keyed_voucher"
    id: Mapped[str] = key_of("size", "day", "lot", "number")  # type: ignore[assignment]
    size: Mapped[Size] = mapped_column(sa.Enum(Size, native_enum=False))
    day: Mapped[dt.date]
    lot: Mapped[uuid.UUID]
    number: Mapped[int]
    note: Mapped[str | None]


class Trip(Versioned, db.Model):
    __tablename__ = "keyed_trip"
    name: Mapped[str]
    at_id: Mapped[str | None]
    at: Mapped[Depot | None] = floating("at_id")
    then_id: Mapped[str | None]
    then_version_id: Mapped[int | None]
    then: Mapped[Depot | None] = pinned("then_id", "then_version_id")
    under_id: Mapped[str | None]
    under_version_id: Mapped[int | None]
    under: Mapped[Depot | None] = following("under_id", "under_version_id")
    near: Mapped[list[Depot]] = linked()
