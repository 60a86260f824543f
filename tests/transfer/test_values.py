"""Values of every column type to JSON and back."""

from __future__ import annotations

import datetime as dt
import json
import math
import uuid
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.transfer.things.models import Shade
from webapp.transfer.values import Codec, codec
from webapp.versioning import UtcDateTime

BERLIN = dt.timezone(dt.timedelta(hours=2))

BOTH_WAYS: list[tuple[Any, Any, Any]] = [
    (sa.String(5), "süß", "süß"),
    (sa.Integer(), -5, -5),
    (sa.SmallInteger(), 32_767, 32_767),
    (sa.Boolean(), False, False),
    (sa.Numeric(10, 2), Decimal("12.50"), "12.50"),
    (sa.Numeric(), Decimal("1E+3"), "1000"),
    (sa.Float(), 1e-05, 1e-05),
    (sa.Float(), math.inf, "Infinity"),
    (sa.Float(), -math.inf, "-Infinity"),
    (sa.Double(asdecimal=True), Decimal("0.1"), "0.1"),
    (sa.Date(), dt.date(2024, 5, 31), "2024-05-31"),
    (sa.Time(), dt.time(13, 45, 0, 5), "13:45:00.000005"),
    (sa.DateTime(), dt.datetime(2024, 5, 31, 13), "2024-05-31T13:00:00"),
    (sa.DateTime(True), dt.datetime(2024, 5, 31, 13, tzinfo=dt.UTC), "2024-05-31T13:00:00Z"),
    (UtcDateTime(), dt.datetime(2024, 5, 31, 13, tzinfo=dt.UTC), "2024-05-31T13:00:00Z"),
    (sa.Interval(), dt.timedelta(days=-1, microseconds=1), "-86399.999999"),
    (sa.Enum(Shade), Shade.DARK, "DARK"),
    (sa.Enum("small", "large"), "large", "large"),
    (sa.Uuid(), uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (sa.Uuid(as_uuid=False), str(uuid.UUID(int=1)), str(uuid.UUID(int=1))),
    (sa.LargeBinary(), b"\0\xff", "AP8="),
    (sa.JSON(), {"a": [1, None]}, {"a": [1, None]}),
    (sa.ARRAY(sa.Date()), [dt.date(2024, 5, 31), None], ["2024-05-31", None]),
]


@pytest.mark.parametrize(("type_", "value", "written"), BOTH_WAYS, ids=lambda value: repr(value))
def test_both_ways(type_: Any, value: Any, written: Any) -> None:
    found = codec(type_)
    assert json.loads(json.dumps(found.encode(value))) == written
    back = found.decode(written)
    assert (type(back), back) == (type(value), value)


@pytest.mark.parametrize(
    ("type_", "written", "value"),
    [
        (sa.Numeric(10, 2), 19.99, Decimal("19.99")),
        (sa.Numeric(10, 2), 7, Decimal(7)),
        (sa.Float(), 2, 2.0),
        (sa.Enum(Shade), "dark", Shade.DARK),
        (UtcDateTime(), "2024-05-31T15:00:00+02:00", dt.datetime(2024, 5, 31, 15, tzinfo=BERLIN)),
    ],
)
def test_other_spellings_are_understood(type_: Any, written: Any, value: Any) -> None:
    assert codec(type_).decode(written) == value


def test_not_a_number_travels_as_text() -> None:
    assert codec(sa.Float()).encode(math.nan) == "NaN"
    assert math.isnan(codec(sa.Float()).decode("NaN"))


def test_a_type_that_does_not_travel_is_refused() -> None:
    with pytest.raises(TypeError, match="use a JSON column"):
        codec(sa.PickleType())


def test_a_type_of_ones_own_is_registered() -> None:
    class Point(sa.types.UserDefinedType[complex]):
        cache_ok = True

    with pytest.raises(TypeError, match="register a codec"):
        codec(Point())
    codec.register(
        Point, lambda type_: Codec(lambda pair: complex(*pair), lambda z: [z.real, z.imag])
    )
    assert codec(Point()).decode(codec(Point()).encode(1 + 2j)) == 1 + 2j
