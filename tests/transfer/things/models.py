"""A model with a column of every type that can travel."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import db
from webapp.versioning import UtcDateTime, Versioned, current_unique, floating, key_of


class Shade(Enum):
    LIGHT = "light"
    DARK = "dark"


class Thing(Versioned, db.Model):
    name: Mapped[str] = mapped_column(sa.String(40))
    text: Mapped[str | None] = mapped_column(sa.Text)
    count: Mapped[int] = mapped_column(default=0)
    large: Mapped[int | None] = mapped_column(sa.BigInteger)
    price: Mapped[Decimal | None] = mapped_column(sa.Numeric(8, 2))
    ratio: Mapped[float | None]
    usable: Mapped[bool | None]
    day: Mapped[dt.date | None]
    hour: Mapped[dt.time | None]
    local: Mapped[dt.datetime | None]
    moment: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    span: Mapped[dt.timedelta | None] = mapped_column(sa.Interval)
    shade: Mapped[Shade | None]
    mark: Mapped[uuid.UUID | None]
    data: Mapped[bytes | None]
    extra: Mapped[Any] = mapped_column(sa.JSON, nullable=True)

    __table_args__ = (current_unique("name"),)


class Branch(Versioned, db.Model):
    """Refers to another of its own kind."""

    name: Mapped[str]
    parent_id: Mapped[int | None]
    parent: Mapped[Branch | None] = floating("parent_id")


class Locker(Versioned, db.Model):
    """Known by its wing and number."""

    id: Mapped[str] = key_of("wing", "number")  # type: ignore[assignment]
    wing: Mapped[str]
    number: Mapped[int]
    owner: Mapped[str | None]
    beside_id: Mapped[str | None]
    beside: Mapped[Locker | None] = floating("beside_id")
