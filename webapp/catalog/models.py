"""A shop: what it sells, where that comes from, who ordered it, and under which terms.

A product has a column of each type that people meet. Between the models stands a reference of each
kind: products *float* to their supplier and category, an order's line *pins* the product as it was
sold, a contract *follows* its terms, and categories form a tree. Tags are *linked* to products,
many to many.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import db
from webapp.versioning import (
    UtcDateTime,
    Versioned,
    as_of_index,
    collected,
    current_index,
    current_unique,
    floating,
    following,
    linked,
    pinned,
)


class Status(StrEnum):
    """Where a product stands in its life."""

    PLANNED = "planned"
    ON_SALE = "on sale"
    LAST_ONES = "last ones"
    DISCONTINUED = "discontinued"


class OrderStatus(StrEnum):
    """How far an order has come."""

    OPEN = "open"
    PACKED = "packed"
    SENT = "sent"


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


class Category(Versioned, db.Model):
    """A shelf of the shop's range: a tree, each below its parent as that is now."""

    name: Mapped[str] = mapped_column(String(80))
    parent_id: Mapped[int | None]
    parent: Mapped[Category | None] = floating("parent_id")

    __table_args__ = (current_unique("name"), current_index("name"))

    def __str__(self) -> str:
        return self.name


class Tag(Versioned, db.Model):
    """A word by which customers look for goods of any category."""

    name: Mapped[str] = mapped_column(String(40))
    meaning: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (current_unique("name"), current_index("name"))

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

    # Floating references: to supplier and category as they are now, whichever version that is.
    supplier_id: Mapped[int | None]
    supplier: Mapped[Supplier | None] = floating("supplier_id")
    category_id: Mapped[int | None]
    category: Mapped[Category | None] = floating("category_id")

    # A tag that is deleted is taken off its products, as versions of theirs.
    tags: Mapped[list[Tag]] = linked(on_delete="unlink")

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


class Order(Versioned, db.Model):
    """What a customer ordered. Deleting it deletes its lines, in the same change."""

    __tablename__ = "orders"  # ORDER is a word of SQL

    number: Mapped[str] = mapped_column(String(20))
    customer: Mapped[str] = mapped_column(String(120))
    ordered_on: Mapped[dt.date]
    status: Mapped[OrderStatus] = mapped_column(
        Enum(OrderStatus, native_enum=False, length=20), default=OrderStatus.OPEN
    )
    lines: Mapped[list[OrderLine]] = collected("order")

    __table_args__ = (current_unique("number"), current_index("number"), current_index("customer"))

    def __str__(self) -> str:
        return f"{self.number}, {self.customer}"


class OrderLine(Versioned, db.Model):
    """A product of an order. It pins the version that was sold, whatever becomes of the product."""

    order_id: Mapped[int]
    order: Mapped[Order] = floating("order_id", on_delete="cascade", back_populates="lines")
    product_id: Mapped[int]
    product_version_id: Mapped[int]
    product: Mapped[Product] = pinned("product_id", "product_version_id", lazy="joined")
    quantity: Mapped[int] = mapped_column(default=1)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))

    __table_args__ = (current_index("order_id"),)

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"


class Terms(Versioned, db.Model):
    """The terms that contracts are made under."""

    name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    payment_days: Mapped[int] = mapped_column(default=30)

    __table_args__ = (current_unique("name"), current_index("name"))

    def __str__(self) -> str:
        return self.name


class Contract(Versioned, db.Model):
    """An agreement with a supplier. It follows its terms: their new version is a new one of it."""

    number: Mapped[str] = mapped_column(String(20))
    signed_on: Mapped[dt.date]
    supplier_id: Mapped[int]
    supplier: Mapped[Supplier] = floating("supplier_id")
    terms_id: Mapped[int]
    terms_version_id: Mapped[int]
    terms: Mapped[Terms] = following("terms_id", "terms_version_id")

    __log_reads__ = True
    __table_args__ = (current_unique("number"), current_index("number"))

    def __str__(self) -> str:
        return self.number
