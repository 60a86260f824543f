"""Suppliers and the products that come from them: a column of each type that people meet."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, Numeric, String, Text, and_
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from webapp.extensions import db
from webapp.versioning import (
    UtcDateTime,
    Versioned,
    as_of_index,
    current_index,
    current_unique,
    live,
)


class Status(StrEnum):
    """Where a product stands in its life."""

    PLANNED = "planned"
    ON_SALE = "on sale"
    LAST_ONES = "last ones"
    DISCONTINUED = "discontinued"


class Supplier(Versioned, db.Model):
    """Who delivers."""

    name: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(60))
    contact: Mapped[str | None] = mapped_column(String(120))
    lead_days: Mapped[int] = mapped_column(default=14)
    preferred: Mapped[bool] = mapped_column(default=False)
    notes: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        current_unique("name"),
        current_index("name"),
        current_index("country"),
        as_of_index("name"),
    )

    def __str__(self) -> str:
        return self.name


class Product(Versioned, db.Model):
    """What is on the shelf."""

    name: Mapped[str] = mapped_column(String(120))
    sku: Mapped[str] = mapped_column(String(40))
    description: Mapped[str] = mapped_column(Text, default="")
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    stock: Mapped[int] = mapped_column(default=0)
    status: Mapped[Status] = mapped_column(
        Enum(Status, native_enum=False, length=20), default=Status.PLANNED
    )
    fragile: Mapped[bool] = mapped_column(default=False)
    on_sale_since: Mapped[dt.date | None]
    counted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    # A floating reference: to the supplier as it is now, whichever version that is.
    supplier_id: Mapped[int | None]
    supplier: Mapped[Supplier | None] = relationship(
        primaryjoin=lambda: and_(foreign(Product.supplier_id) == Supplier.id, live(Supplier)),
        viewonly=True,
    )

    __table_args__ = (
        current_unique("sku"),
        current_index("name"),
        current_index("sku"),
        current_index("price"),
        current_index("stock"),
        as_of_index("name"),
    )

    def __str__(self) -> str:
        return self.name
