"""Finds the comparison that suits a column and its two values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation, localcontext
from enum import Enum as PythonEnum
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import ARRAY, JSON, Boolean, Enum, LargeBinary, String
from sqlalchemy.orm import Mapper
from sqlalchemy.types import TypeDecorator, TypeEngine

from .differences import (
    Blob,
    BlobDifference,
    Difference,
    LabelDifference,
    MembersDifference,
    NumberDifference,
    TimeDifference,
    ValueDifference,
)
from .documents import compare_documents, compare_members
from .masking import MASKED
from .texts import compare_texts

Comparison = Callable[[Any, Any], Difference]
NOON = dt.date(2000, 1, 1)


@lru_cache(maxsize=4096)
def kind_of(mapper: Mapper[Any], name: str) -> str:
    """What sort of values a column holds: "text", "json", "list", "enum", "binary", or "value"."""
    found: TypeEngine[Any] = mapper.columns[name].type
    while isinstance(found, TypeDecorator):
        found = found.impl_instance
    for kind, types in KINDS:
        if isinstance(found, types):
            return kind
    return "value"


def compare(kind: str, old: Any, new: Any) -> Difference:
    """The difference between two values, in the way of their kind where the values allow it."""
    if old is MASKED or new is MASKED:
        return ValueDifference(old, new)
    if kind == "links":
        return MembersDifference(added=new, removed=old, moved=())
    given = [value for value in (old, new) if value is not None]
    for kinds, types, comparison in COMPARISONS:
        if kind in kinds and all(isinstance(value, types) for value in given):
            found: Difference | None = comparison(old, new)
            if found is not None:
                return found
    return ValueDifference(old, new)


def label_of(value: Any) -> str | None:
    """The words for an enum's member: its `label` if it has one, its text, or its name."""
    if value is None or (isinstance(value, str) and not isinstance(value, PythonEnum)):
        return value
    label = getattr(value, "label", None)
    if isinstance(label, str):
        return label
    if isinstance(value, PythonEnum) and not isinstance(value.value, str):
        return value.name.replace("_", " ").capitalize()
    return str(value.value)


def _labels(old: Any, new: Any) -> LabelDifference:
    return LabelDifference(label_of(old), label_of(new))


def _blobs(old: Any, new: Any) -> BlobDifference:
    return BlobDifference(_blob(old), _blob(new))


def _blob(value: Any) -> Blob | None:
    return None if value is None else Blob(len(value), sha256(value).hexdigest())


def _members(old: Any, new: Any) -> Difference | None:
    lists = [value for value in (old, new) if value is not None]
    if not lists or not all(isinstance(value, list | tuple) for value in lists):
        return None
    return compare_members(old or (), new or ())


def _documents(old: Any, new: Any) -> Difference:
    if any(isinstance(value, list) for value in (old, new)):
        return _members(old, new) or compare_documents(old, new)
    return compare_documents(old, new)


def _numbers(old: Any, new: Any) -> NumberDifference | None:
    if old is None or new is None or bool in (type(old), type(new)):
        return None
    try:
        with localcontext(prec=1000):
            difference = new - old
        percent = float(Fraction(difference) / abs(Fraction(old)) * 100) if old else None
    except (TypeError, ValueError, ArithmeticError, InvalidOperation):
        return None  # infinite, not a number, or beyond a float
    return NumberDifference(old, new, difference, percent)


def _times(old: Any, new: Any) -> TimeDifference | None:
    if old is None or new is None:
        return None
    try:
        return TimeDifference(old, new, _on_a_day(new) - _on_a_day(old))
    except (TypeError, OverflowError):
        return None  # one of them with a time zone and one without


def _on_a_day(value: Any) -> Any:
    return dt.datetime.combine(NOON, value) if isinstance(value, dt.time) else value


KINDS: tuple[tuple[str, tuple[type[Any], ...]], ...] = (
    ("enum", (Enum,)),  # before text, which it is in SQLAlchemy
    ("boolean", (Boolean,)),
    ("text", (String,)),
    ("json", (JSON,)),
    ("list", (ARRAY,)),
    ("binary", (LargeBinary,)),
)
COMPARISONS: tuple[tuple[tuple[str, ...], tuple[type[Any], ...], Callable[..., Any]], ...] = (
    (("enum",), (str, PythonEnum), _labels),
    (("text",), (str,), compare_texts),
    (("json",), (object,), _documents),
    (("list", "value"), (list, tuple), _members),
    (("binary", "value"), (bytes,), _blobs),
    (("value", "text"), (int, float, Decimal), _numbers),
    (("value", "text"), (dt.date, dt.time, dt.timedelta), _times),
)
