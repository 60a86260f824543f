"""Every column type as text and back, so that what a page shows it can also read.

A `Codec` is the one place that knows how values of a type are written. Forms, filters and pages
share it. `read` refuses whatever the database would refuse: PostgreSQL answers a number that is out
of range, a NUL or a lone surrogate with an error in the middle of the transaction.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
import re
import struct
import uuid
from collections.abc import Callable, Iterable
from decimal import Context, Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.types import TypeDecorator, TypeEngine

from webapp.files import FileType
from webapp.versioning import UtcDateTime

from . import documents, rare_values, times
from .arrays import array_codec
from .codec import Codec
from .decorated import decorated_codec

WHOLE = re.compile(r"[+-]?\d{1,20}", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
DURATION = re.compile(
    r"(?P<sign>-)?((?P<days>\d{1,6}) ?d(ays?)?)? ?"
    r"((?P<hours>\d{1,2}):(?P<minutes>[0-5]\d)(:(?P<seconds>[0-5]\d)([.](?P<fraction>\d{1,6}))?)?)?",
    re.ASCII,
)
LONGEST_NUMBER = 400
NOT_STORABLE = "The text holds a character that cannot be stored."
#: Decimal arithmetic without rounding, for whatever `NUMBER` takes.
EXACT = Context(prec=2_000)


def codec_for(type_: TypeEngine[Any]) -> Codec | None:
    """The codec of a column type; None for what is not edited as text, such as a pickle."""
    if isinstance(type_, UtcDateTime):
        return _moment()
    for known, make in MAKERS:
        if isinstance(type_, known):
            return make(type_)
    if not isinstance(type_, TypeDecorator):
        return None
    stored = codec_for(type_.impl_instance)
    return None if stored is None else decorated_codec(type_, stored)


def read_text(text: str) -> str:
    """Text as it may be stored: line ends as LF. Raises ValueError for NUL and lone surrogates."""
    if not documents.is_storable(text):
        raise ValueError(NOT_STORABLE)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def label_of(member: enum.Enum) -> str:
    return member.name.replace("_", " ").capitalize()


def _text(type_: sa.String) -> Codec:
    return Codec("text", str, read_text, lines=isinstance(type_, sa.Text))


def _integer(type_: sa.Integer) -> Codec:
    bits = 64 if isinstance(type_, sa.BigInteger) else 32
    bits = 16 if isinstance(type_, sa.SmallInteger) else bits
    limit = 2 ** (bits - 1)

    def read(text: str) -> int:
        if not WHOLE.fullmatch(text.strip()):
            raise ValueError("Not a whole number.")
        number = int(text)
        if not -limit <= number < limit:
            raise ValueError(f"Out of range: use a whole number from {-limit} to {limit - 1}.")
        return number

    return Codec("number", str, read)


def _decimal(type_: sa.Numeric[Any]) -> Codec:
    if not type_.asdecimal:
        return _float(type_)
    precision, scale = type_.precision, type_.scale

    def write(value: Any) -> str:
        text = format(Decimal(value), "f")
        return text.rstrip("0").rstrip(".") if scale is None and "." in text else text

    def read(text: str) -> Decimal:
        number = _number(text)
        if not math.isfinite(float(number)):
            raise ValueError("The number is too large.")
        exact = number if scale is None else number.quantize(Decimal(1).scaleb(-scale), None, EXACT)
        if exact != number:
            raise ValueError(_places(scale or 0))
        if precision is not None and abs(exact) >= Decimal(10) ** (precision - (scale or 0)):
            raise ValueError(f"At most {precision - (scale or 0)} digits before the point.")
        return exact

    return Codec("number", write, read)


def _places(scale: int) -> str:
    """What a number must keep to that has so many digits after the point."""
    return (
        f"At most {scale} digits after the point."
        if scale >= 0
        else f"Only multiples of {10**-scale}."
    )


def _float(type_: TypeEngine[Any]) -> Codec:
    def read(text: str) -> float:
        number = float(_number(text))
        if not math.isfinite(number):
            raise ValueError("The number is too large.")
        if isinstance(type_, sa.REAL):
            _check_real(number)
        return number

    return Codec("number", lambda value: repr(float(value)), read)


def _check_real(number: float) -> None:
    """Raises ValueError for what four bytes cannot hold."""
    try:
        (kept,) = struct.unpack("<f", struct.pack("<f", number))
    except OverflowError:
        raise ValueError("The number is too large.") from None
    if number and not kept:
        raise ValueError("The number is too close to zero.")


def _number(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER or not NUMBER.fullmatch(text.strip()):
        raise ValueError("Not a number.")
    return Decimal(text.strip())


def _boolean(type_: sa.Boolean) -> Codec:
    choices = (("1", "Yes"), ("0", "No"))
    return Codec(
        "choice", lambda value: "1" if value else "0", _pick(choices, "1".__eq__), choices=choices
    )


def _enum(type_: sa.Enum) -> Codec:
    members = type_.enum_class
    if members is None:
        choices = tuple((name, name) for name in type_.enums)
        return Codec("choice", str, _pick(choices, str), choices=choices)
    choices = tuple((member.name, label_of(member)) for member in members)
    return Codec(
        "choice",
        lambda value: value.name if isinstance(value, enum.Enum) else str(value),
        _pick(choices, lambda name: members[name]),
        choices=choices,
    )


def choices_codec(pairs: Iterable[tuple[Any, Any]]) -> Codec:
    """The codec of a column whose view names the choices: pairs of value and label."""
    found = {str(value): (value, str(label)) for value, label in pairs}
    choices = tuple((key, label) for key, (_, label) in found.items())
    return Codec("choice", str, _pick(choices, lambda key: found[key][0]), choices=choices)


def _pick(
    choices: tuple[tuple[str, str], ...], value_of: Callable[[str], Any]
) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text not in dict(choices):
            raise ValueError("Not one of the choices.")
        return value_of(text)

    return read


def _moment() -> Codec:
    return Codec("time", times.write_moment, times.read_moment, times.HINT)


def _datetime(type_: sa.DateTime) -> Codec:
    if type_.timezone:
        return _moment()
    return Codec("time", lambda value: value.isoformat(sep=" "), times.read_naive, times.HINT)


def _date(type_: sa.Date) -> Codec:
    def read(text: str) -> dt.date:
        try:
            return dt.datetime.strptime(text.strip(), "%Y-%m-%d").date()
        except ValueError:
            raise ValueError("Not a date. Like 2026-11-14.") from None

    return Codec("time", lambda value: value.isoformat(), read, input_type="date")


def _interval(type_: TypeEngine[Any]) -> Codec:
    return Codec("time", write_duration, read_duration, "Like 2 days 03:04:05.")


def write_duration(value: dt.timedelta) -> str:
    """`-2 days 03:04:05.5`: the sign belongs to the whole."""
    sign, value = ("-", -value) if value < dt.timedelta(0) else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    fraction = f".{value.microseconds:06d}" if value.microseconds else ""
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{fraction}"
    days = f"{value.days} day{'' if value.days == 1 else 's'} " if value.days else ""
    return sign + days + clock


def read_duration(text: str) -> dt.timedelta:
    match = DURATION.fullmatch(text.strip())
    if match is None or (match["days"] is None and match["hours"] is None):
        raise ValueError("Not a length of time. Like 2 days 03:04:05.")
    length = dt.timedelta(
        days=int(match["days"] or 0),
        hours=int(match["hours"] or 0),
        minutes=int(match["minutes"] or 0),
        seconds=int(match["seconds"] or 0),
        microseconds=int((match["fraction"] or "0").ljust(6, "0")),
    )
    if length.days > 700_000:  # SQLite keeps a length as a date, which ends with the year 9999
        raise ValueError("At most 700000 days.")
    return -length if match["sign"] else length


def _uuid(type_: sa.Uuid[Any]) -> Codec:
    def read(text: str) -> Any:
        try:
            value = uuid.UUID(text.strip())
        except ValueError:
            raise ValueError("Not a UUID.") from None
        return value if type_.as_uuid else str(value)

    return Codec("key", str, read)


def _json(type_: TypeEngine[Any]) -> Codec:
    return Codec("document", documents.write, documents.read, lines=True)


def _array(type_: sa.ARRAY[Any]) -> Codec | None:
    item = codec_for(type_.item_type)
    return None if item is None else array_codec(type_, item)


def _nothing(type_: TypeEngine[Any]) -> None:
    return None


# The first that fits wins: Enum and Text are Strings.
MAKERS: tuple[tuple[type[Any], Callable[[Any], Codec | None]], ...] = (
    (sa.PickleType, _nothing),
    (FileType, _nothing),
    *rare_values.MAKERS,
    (sa.Enum, _enum),
    (sa.Boolean, _boolean),
    (sa.JSON, _json),
    (sa.ARRAY, _array),
    (sa.Uuid, _uuid),
    (sa.Interval, _interval),
    (pg.INTERVAL, _interval),
    (sa.DateTime, _datetime),
    (sa.Date, _date),
    (sa.Float, _float),
    (sa.Numeric, _decimal),
    (sa.Integer, _integer),
    (sa.String, _text),
)
