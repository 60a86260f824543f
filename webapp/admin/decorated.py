"""A project's own column types (`TypeDecorator`): written as the type that they are stored as."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import DateTime, Enum, String
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import TypeDecorator

from . import times
from .codec import Codec

DIALECT = DefaultDialect()
#: What a conversion of someone's own raises over a value that it cannot take.
TAKEN_ILL = (ArithmeticError, AttributeError, LookupError, TypeError)


def decorated_codec(type_: TypeDecorator[Any], stored: Codec) -> Codec:
    """The codec of a decorated type, from the one of what is stored.

    A text that is decorated as a text (lower case, encrypted) is typed as it is; any other value
    goes through the type's own conversions, both ways.
    """
    if isinstance(type_.impl_instance, DateTime) and _is_made_aware(type_):
        return Codec("time", times.write_moment, times.read_moment, times.HINT)
    if stored.kind == "choice" and isinstance(type_.impl_instance, Enum):
        return stored
    return replace(stored, write=_writer(type_, stored), read=_reader(type_, stored))


def _writer(type_: TypeDecorator[Any], stored: Codec) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        if type(value) is str and isinstance(type_.impl_instance, String):
            return stored.write(value)
        plain = type_.process_bind_param(value, DIALECT) if _binds(type_) else value
        return "" if plain is None else stored.write(plain)

    return write


def _reader(type_: TypeDecorator[Any], stored: Codec) -> Callable[[str], Any]:
    longest = getattr(type_.impl_instance, "length", None)

    def read(text: str) -> Any:
        plain = stored.read(text)
        if longest is not None and isinstance(plain, str) and len(plain) > longest:
            raise ValueError(f"At most {longest} characters.")
        if not _results(type_):
            return plain
        try:
            value = type_.process_result_value(plain, DIALECT)
            if type(value) is str and type(plain) is str:
                return plain
            if _binds(type_):
                type_.process_bind_param(value, DIALECT)
        except TAKEN_ILL:
            raise ValueError("This value does not fit the field.") from None
        return value

    return read


def _is_made_aware(type_: TypeDecorator[Any]) -> bool:
    """Whether times that are stored without a zone are given one."""
    if not _results(type_):
        return False
    found: Any = type_.process_result_value(dt.datetime(2000, 1, 1), DIALECT)
    return isinstance(found, dt.datetime) and found.utcoffset() is not None


def _binds(type_: TypeDecorator[Any]) -> bool:
    return type(type_).process_bind_param is not TypeDecorator.process_bind_param


def _results(type_: TypeDecorator[Any]) -> bool:
    return type(type_).process_result_value is not TypeDecorator.process_result_value
