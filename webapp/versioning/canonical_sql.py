"""Makes on PostgreSQL what `canonical_values` makes in Python: JSON of a column, as SQL.

Where the database cannot make the same text by itself, an expression is NULL, and Python does it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import reduce
from itertools import groupby
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    Time,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import NullType, TypeEngine

from .canonical_values import stored

#: As PostgreSQL's `to_char` has it.
MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS.US'
#: What text is made of: constants, and what is made of columns.
Piece = str | ColumnElement[Any]
Made = Callable[[ColumnElement[Any]], tuple[Piece, ...]]


def constant(text: str) -> ColumnElement[Any]:
    """The text as a literal, which is not sent again each time as a parameter would be."""
    escaped = text.replace("'", "''")
    return literal_column(f"'{escaped}'", Text())


def joined(pieces: Iterable[Piece]) -> ColumnElement[Any]:
    """The text of the pieces together, NULL where one is. Constants side by side are one."""
    found: list[ColumnElement[Any]] = []
    for is_constant, some in groupby(pieces, lambda piece: isinstance(piece, str)):
        same: list[Any] = list(some)
        found += [constant("".join(same))] if is_constant else same
    first, *others = found
    return reduce(lambda text, other: text.concat(other), others, first)


def made_by(kind: TypeEngine[Any], dialect: Dialect) -> Made | None:
    """What makes JSON of a column's values that are not NULL; None where the database cannot.

    Columns of JSON are not made but told (`is_told`).
    """
    kind = stored(kind, dialect)
    if isinstance(kind, DateTime):
        return _moment if kind.timezone else _quoted_as(MOMENT)
    if isinstance(kind, Time):
        return None if kind.timezone else _quoted_as("HH24:MI:SS.US")
    return next((made for known, made in MAKERS.items() if isinstance(kind, known)), None)


def is_told(kind: TypeEngine[Any], dialect: Dialect) -> bool:
    """Whether the column holds JSON, which only Python brings in order."""
    return isinstance(stored(kind, dialect), JSON)


def may_fail(kind: TypeEngine[Any], dialect: Dialect) -> bool:
    """Whether the database makes JSON of some of the column's values alone."""
    return isinstance(stored(kind, dialect), Float)


def is_as_told(
    column: ColumnElement[Any], kind: TypeEngine[Any], raw: str, dialect: Dialect
) -> ColumnElement[bool]:
    """Whether a column holds the document in the parameter `raw`."""
    text = bindparam(raw, type_=Text())
    if isinstance(stored(kind, dialect), JSONB):
        return type_coerce(column, JSONB()) == cast(text, JSONB())
    return _text(column) == text


def reading(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], str | None]:
    """What makes of an object's value of a column of JSON the text that is taken for stored; None
    where that is not known."""
    bind = kind.dialect_impl(dialect).bind_processor(dialect)
    # the engine's own function, or that of the driver, whose wrapper holds what it is to write
    write = getattr(dialect, "_json_serializer", None) or json.dumps

    def read(value: Any) -> str | None:
        bound = value if bind is None else bind(value)
        try:
            return str(write(bound.obj))
        except (AttributeError, TypeError, ValueError, RecursionError):
            return None

    return read


def _text(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(type_coerce(value, NullType()), Text())


def _as_it_is(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return type_coerce(value, Text())


def _quoted(text: ColumnElement[Any]) -> tuple[Piece, ...]:
    return ('"', text, '"')


def _quoted_as(form: str) -> Made:
    def made(value: ColumnElement[Any]) -> tuple[Piece, ...]:
        given = type_coerce(value, NullType()), constant(form)
        return _quoted(func.to_char(*given, type_=Text()))

    return made


def _moment(value: ColumnElement[Any]) -> tuple[Piece, ...]:
    utc = func.timezone(constant("UTC"), type_coerce(value, NullType()))
    return ('"', func.to_char(utc, constant(MOMENT), type_=Text()), 'Z"')


def _float(value: ColumnElement[Any]) -> tuple[Piece, ...]:
    """Of up to 15 digits, which no other text of so few stands for. PostgreSQL's digits of a longer
    one are not always those that Python chooses."""
    text = _text(value)
    digits = func.length(func.regexp_replace(text, constant("[-.]|e.*"), "", "g"))
    size = func.abs(type_coerce(value, NullType()))
    is_usual = size.between(literal_column("1e-300"), literal_column("1e300"))
    shown = case(
        (size == literal_column("0"), constant("0")),
        (
            is_usual & (digits <= literal_column("15")),
            func.trim_scale(cast(text, Numeric()), type_=Text()),
        ),
    )
    return _quoted(shown)


MAKERS: dict[type[TypeEngine[Any]], Made] = {
    Boolean: lambda value: (_text(value),),
    Integer: lambda value: (_as_it_is(value),),
    Float: _float,
    Numeric: lambda value: _quoted(func.trim_scale(type_coerce(value, NullType()), type_=Text())),
    Uuid: lambda value: _quoted(_as_it_is(value)),
    Date: _quoted_as("YYYY-MM-DD"),
    LargeBinary: lambda value: _quoted(
        func.encode(type_coerce(value, NullType()), constant("hex"), type_=Text())
    ),
    String: lambda value: (func.to_json(_text(value), type_=Text()),),
}
