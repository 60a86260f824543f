"""A record of rarer column types, and what is derived from its columns."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import ip_interface, ip_network
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.ext.mutable import MutableDict, MutableList
from sqlalchemy.orm import Mapped, column_property, mapped_column, synonym

from webapp.extensions import db
from webapp.files import FileType, StoredFile
from webapp.versioning import Versioned


class Size(enum.Enum):
    SMALL = 1
    EXTRA_LARGE = 2


@dataclass(frozen=True)
class Money:
    """A value that is no number itself."""

    euros: Decimal

    def __str__(self) -> str:
        return f"{self.euros} EUR"


class MoneyType(sa.TypeDecorator[Money]):
    impl = sa.Numeric(10, 2)
    cache_ok = True

    def process_bind_param(self, value: Money | None, dialect: Any) -> Decimal | None:
        return None if value is None else value.euros

    def process_result_value(self, value: Decimal | None, dialect: Any) -> Money | None:
        return None if value is None else Money(value)


class Tags(sa.TypeDecorator[list[str]]):
    """A list in one text."""

    impl = sa.String(60)
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Any) -> str | None:
        return None if value is None else ",".join(value)

    def process_result_value(self, value: str | None, dialect: Any) -> list[str] | None:
        return None if value is None else value.split(",")


class Lowered(sa.TypeDecorator[str]):
    """A text that is stored in lower case."""

    impl = sa.String(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value.lower()


def _list_of(item: Any, elsewhere: Any = None, **options: Any) -> Any:
    """A PostgreSQL array; on SQLite the whole list in one value."""
    return pg.ARRAY(item, **options).with_variant(elsewhere or sa.JSON(), "sqlite")


TYPES: dict[str, Any] = {
    "some_words": _list_of(sa.String(10)),
    "some_numbers": _list_of(sa.SmallInteger()),
    "a_matrix": _list_of(sa.Integer(), dimensions=2),
    "some_flags": _list_of(sa.Boolean()),
    "some_days": _list_of(sa.Date(), sa.PickleType()),
    "some_prices": _list_of(sa.Numeric(8, 2), sa.PickleType()),
    "an_address": pg.INET().with_variant(sa.PickleType(), "sqlite"),
    "a_network": pg.CIDR().with_variant(sa.PickleType(), "sqlite"),
    "a_mac": pg.MACADDR().with_variant(sa.String(17), "sqlite"),
    "a_jsonb": pg.JSONB().with_variant(sa.JSON(), "sqlite"),
    "a_mutable": MutableDict.as_mutable(sa.JSON()),
    "a_mutable_list": MutableList.as_mutable(sa.JSON()),
    "a_money": MoneyType(),
    "some_tags": Tags(),
    "a_lowered": Lowered(),
    "a_zoned_time": sa.Time(timezone=True),
    "a_plain_enum": sa.Enum(Size, native_enum=False),
    "an_amount": sa.Numeric(30, 10),
    "a_binary": sa.LargeBinary(),
    "a_boolean": sa.Boolean(),
}


class Kind(Versioned, db.Model):
    """Every type of `TYPES`, and columns that nobody types in."""

    __tablename__ = "kinds_kind"
    __allow_unmapped__ = True

    quantity: Mapped[int] = mapped_column(default=1)
    doubled: Mapped[int] = mapped_column(sa.Computed("quantity * 2", persisted=True))
    for _name, _type in TYPES.items():
        vars()[_name] = mapped_column(_type, nullable=True)
    del _name, _type
    caption = synonym("a_lowered")
    tripled = column_property(quantity * 3)  # type: ignore[operator]

    @hybrid_property
    def shouted(self) -> str:
        return str(self.a_lowered).upper()  # type: ignore[attr-defined]


#: A value of each of `TYPES`.
VALUES: dict[str, Any] = {
    "some_words": ["one", "", "zwölf", 'a "b",c'],
    "some_numbers": [3, None, -1],
    "a_matrix": [[1, 2], [3, 4]],
    "some_flags": [True, False, None],
    "some_days": [dt.date(2026, 11, 14)],
    "some_prices": [Decimal("1.50"), Decimal("99999.99")],
    "an_address": ip_interface("10.1.2.3/8"),
    "a_network": ip_network("10.1.0.0/16"),
    "a_mac": "08:00:2b:01:02:03",
    "a_jsonb": {"a": [1, None]},
    "a_mutable": {"size": {"width": 3}},
    "a_mutable_list": [1, "two"],
    "a_money": Money(Decimal("12.50")),
    "some_tags": ["red", "green"],
    "a_lowered": "word",
    "a_zoned_time": dt.time(16, 20, tzinfo=dt.UTC),
    "a_plain_enum": Size.EXTRA_LARGE,
    "an_amount": Decimal("0.0000000001"),
    "a_binary": b"\x00\xffa",
    "a_boolean": False,
}


class Album(Versioned, db.Model):
    """A record with files: an image, and one of a few bytes."""

    __tablename__ = "kinds_album"
    title: Mapped[str] = mapped_column(sa.String(100))
    cover: Mapped[StoredFile | None] = mapped_column(FileType(images=True))
    booklet: Mapped[StoredFile | None] = mapped_column(FileType(most=1000))
