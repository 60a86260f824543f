"""How the values of a column travel in JSON: both directions of every column type.

`codec` is a `functools.singledispatch` function over SQLAlchemy's types: a project with a type of
its own registers how it travels, as the functions below do.
"""

from __future__ import annotations

import base64
import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache, singledispatch
from typing import Any

from sqlalchemy import types
from sqlalchemy.types import TypeEngine

from webapp.versioning import UtcDateTime

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Codec:
    """Both directions of one column type; neither is asked about None.

    `decode` takes what JSON can say and returns the column's value, or raises ValueError whose text
    goes on from "column price": "is not a number". `encode` is its inverse.
    """

    decode: Callable[[Any], Any]
    encode: Callable[[Any], Any]


@singledispatch
def codec(type_: TypeEngine[Any]) -> Codec:
    """The codec of a column type. Raises TypeError for a type that does not travel."""
    raise TypeError(f"values of type {type_!r} cannot be written as JSON; register a codec for it")


@codec.register(types.TypeDecorator)
def _decorator(type_: types.TypeDecorator[Any]) -> Codec:
    return codec(type_.impl_instance)


@codec.register(types.PickleType)
def _pickle(type_: types.PickleType) -> Codec:
    raise TypeError("pickled values cannot be written as JSON; use a JSON column")


@codec.register(types.String)
def _string(type_: types.String) -> Codec:
    longest = type_.length

    def decode(value: Any) -> str:
        text = _text(value)
        if longest is not None and len(text) > longest:
            raise ValueError(f"has {len(text)} characters and room for {longest}")
        return text

    return Codec(decode, _same)


@codec.register(types.Enum)
def _enum(type_: types.Enum) -> Codec:
    """By name, as SQLAlchemy stores them; a member's value is understood as well."""
    choices = type_.enum_class
    if choices is None:
        names = {name: name for name in type_.enums}
        return Codec(lambda value: _one_of(names, value), _same)
    members: dict[Any, Enum] = {
        member.value: member for member in choices if isinstance(member.value, str | int)
    }
    members.update(choices.__members__)
    return Codec(lambda value: _one_of(members, value), lambda member: member.name)


@codec.register(types.Boolean)
def _boolean(type_: types.Boolean) -> Codec:
    def decode(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"is {_shown(value)}, neither true nor false")
        return value

    return Codec(decode, _same)


@codec.register(types.Integer)
def _integer(type_: types.Integer) -> Codec:
    bits = 32
    if isinstance(type_, types.SmallInteger):
        bits = 16
    elif isinstance(type_, types.BigInteger):
        bits = 64
    bound = 2 ** (bits - 1)

    def decode(value: Any) -> int:
        if type(value) is not int:
            raise ValueError(f"is {_shown(value)}, not a whole number")
        if not -bound <= value < bound:
            raise ValueError(f"is {_shown(value)}, too large for {bits} bits")
        return value

    return Codec(decode, _same)


@codec.register(types.Float)
@codec.register(types.Numeric)
def _numeric(type_: types.Float[Any] | types.Numeric[Any]) -> Codec:
    return _decimal(type_) if type_.asdecimal else Codec(_float, _written_float)


def _float(value: Any) -> float:
    # texts for what JSON cannot write as a number
    if type(value) in (float, int) or value in ("NaN", "Infinity", "-Infinity"):
        try:
            return float(value)
        except OverflowError:
            raise ValueError(f"is {_shown(value)}, too large for a number with a point") from None
    raise ValueError(f"is {_shown(value)}, not a number")


def _written_float(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _decimal(type_: types.Float[Any] | types.Numeric[Any]) -> Codec:
    """As text, which keeps every digit; numbers are understood as they are written."""
    places: int | None = getattr(type_, "scale", None)
    digits: int | None = type_.precision if places is not None else None

    def decode(value: Any) -> Decimal:
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise ValueError(f"is {_shown(value)}, not a number")
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            raise ValueError(f"is {_shown(value)}, not a number") from None
        if not number.is_finite():
            raise ValueError(f"is {_shown(value)}, not a finite number")
        _check_digits(number, digits, places)
        return number

    return Codec(decode, lambda number: format(number, "f"))


def _check_digits(number: Decimal, digits: int | None, places: int | None) -> None:
    exponent = number.normalize().as_tuple().exponent
    if places is not None and isinstance(exponent, int) and -exponent > places:
        raise ValueError(f"is {number}, which has more than {places} decimal places")
    if digits is not None and places is not None and number.adjusted() >= digits - places:
        raise ValueError(
            f"is {number}, which has more than {digits - places} digits before the point"
        )


@codec.register(types.Date)
def _date(type_: types.Date) -> Codec:
    return Codec(_parser(date.fromisoformat, "a date such as 2024-05-31"), date.isoformat)


@codec.register(types.Time)
def _time(type_: types.Time) -> Codec:
    return Codec(_parser(time.fromisoformat, "a time such as 13:45:00"), time.isoformat)


@codec.register(types.DateTime)
def _datetime(type_: types.DateTime) -> Codec:
    if type_.timezone:
        return _MOMENT
    naive = _parser(datetime.fromisoformat, "a date and time such as 2024-05-31T13:45:00")

    def decode(value: Any) -> datetime:
        moment: datetime = naive(value)
        if moment.tzinfo is not None:
            raise ValueError(
                f"is {_shown(value)}, with a time zone that the column has no room for"
            )
        return moment

    return Codec(decode, datetime.isoformat)


@codec.register(UtcDateTime)
def _utc(type_: UtcDateTime) -> Codec:
    return _MOMENT


@codec.register(types.Interval)
def _interval(type_: types.Interval) -> Codec:
    """Seconds, as text to the microsecond."""

    def decode(value: Any) -> timedelta:
        try:
            return int(Decimal(_text(value)) * 1_000_000) * MICROSECOND
        except (InvalidOperation, OverflowError):
            raise ValueError(f"is {_shown(value)}, not a number of seconds") from None

    return Codec(decode, lambda span: format(Decimal(span // MICROSECOND).scaleb(-6), "f"))


@codec.register(types.Uuid)
def _uuid(type_: types.Uuid[Any]) -> Codec:
    parse = _parser(uuid.UUID, "a UUID")
    return Codec(parse if type_.as_uuid else lambda value: str(parse(value)), str)


@codec.register(types.LargeBinary)
def _binary(type_: types.LargeBinary) -> Codec:
    return Codec(
        _parser(lambda text: base64.b64decode(text, validate=True), "base64"),
        lambda data: base64.b64encode(data).decode(),
    )


@codec.register(types.JSON)
def _json(type_: types.JSON) -> Codec:
    return Codec(_same, _same)


@codec.register(types.ARRAY)
def _array(type_: types.ARRAY[Any]) -> Codec:
    item = codec(type_.item_type)

    def each(convert: Callable[[Any], Any], value: Any) -> Any:
        if isinstance(value, list):
            return [each(convert, one) for one in value]
        return None if value is None else convert(value)

    def decode(value: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError(f"is {_shown(value)}, not a list")
        return each(item.decode, value)

    return Codec(decode, lambda value: each(item.encode, value))


@lru_cache(maxsize=256)
def moment(text: str) -> datetime:
    """The moment that an ISO 8601 text names, in UTC. Raises ValueError, also without a zone."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"is {_shown(text)}, not a moment with its time zone such as 2024-05-31T13:45:00Z"
        ) from None


@lru_cache(maxsize=256)
def written_moment(when: datetime) -> str:
    """The inverse of `moment`: in UTC, with as many digits as it takes."""
    utc = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return utc.replace(tzinfo=None).isoformat() + "Z"


_MOMENT = Codec(lambda value: moment(_text(value)), written_moment)


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"is {_shown(value)}, not text")
    return value


def _parser(parse: Callable[[str], Any], wanted: str) -> Callable[[Any], Any]:
    def decode(value: Any) -> Any:
        try:
            return parse(_text(value))
        except ValueError:
            raise ValueError(f"is {_shown(value)}, not {wanted}") from None

    return decode


def _one_of(choices: dict[Any, Any], value: Any) -> Any:
    if not isinstance(value, str | int) or isinstance(value, bool) or value not in choices:
        names = ", ".join(map(str, choices))
        raise ValueError(f"is {_shown(value)}, not one of {names}")
    return choices[value]


def _shown(value: Any) -> str:
    """The value as it stands in the file, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
