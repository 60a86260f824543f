"""The filters of a list. Their names in an address come from column and operation, not from their
place in the list or their label, so that a saved address keeps its meaning."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_admin.contrib.sqla.filters import BaseSQLAFilter
from flask_admin.contrib.sqla.filters import FilterConverter as StockConverter
from sqlalchemy import Column, Unicode, cast, inspect, or_

from webapp.versioning import data_columns

from . import search, times
from .values import Codec, codec_for, read_text

MOST_VALUES = 100
YES_NO = (("1", "Yes"), ("0", "No"))


@dataclass(frozen=True)
class Operation:
    """What a filter does: its words, how it reads its text, and its condition."""

    words: str
    test: Callable[[Any, Any], Any]
    read: str = "one"
    hint: str = ""


EQUALS = Operation("equals", operator.eq)
NOT_EQUAL = Operation("not equal", lambda column, value: column.is_distinct_from(value))
GREATER = Operation("greater than", operator.gt)
SMALLER = Operation("smaller than", operator.lt)
BETWEEN = Operation("between", lambda column, pair: column.between(*pair), "two", " (low to high)")
EMPTY = Operation(
    "empty", lambda column, yes: column.is_(None) if yes else column.is_not(None), "yes"
)
IN_LIST = Operation("in list", lambda column, values: column.in_(values), "many")
CONTAINS = Operation("contains", lambda column, text: search.condition([column], text), "text")
NOT_CONTAINS = Operation(
    "not contains",
    lambda column, text: or_(~search.condition([column], text), cast(column, Unicode).is_(None)),
    "text",
)
BY_KIND: dict[str, tuple[Operation, ...]] = {
    "text": (CONTAINS, NOT_CONTAINS, EQUALS, NOT_EQUAL, EMPTY, IN_LIST),
    "number": (EQUALS, NOT_EQUAL, GREATER, SMALLER, BETWEEN, EMPTY, IN_LIST),
    "time": (EQUALS, NOT_EQUAL, GREATER, SMALLER, BETWEEN, EMPTY),
    "choice": (EQUALS, NOT_EQUAL, EMPTY),
    "key": (EQUALS, NOT_EQUAL, EMPTY, IN_LIST),
    "address": (EQUALS, NOT_EQUAL, EMPTY),
    "document": (EMPTY,),
    "binary": (EMPTY,),
}


class ColumnFilter(BaseSQLAFilter):
    """One operation on one column, reading its text as the form of the record does."""

    def __init__(self, column: Any, name: str, does: Operation, codec: Codec, options: Any) -> None:
        if does.read == "yes":
            options = YES_NO
        super().__init__(column, name, options=options, data_type=_control(does, codec))
        self.does = does
        self.codec = codec

    def operation(self) -> str:
        return self.does.words + self.does.hint

    def clean(self, value: str) -> Any:
        """Hook: raises ValueError for whatever the column cannot be compared with."""
        if self.does.read == "yes":
            return value == "1" if value in ("0", "1") else _refuse()
        if self.does.read == "text":
            return read_text(value) if 0 < len(value) <= search.LONGEST else _refuse()
        if self.does.read == "two":
            low, found, high = value.partition(" to ")
            return (self.codec.read(low), self.codec.read(high)) if found else _refuse()
        if self.does.read == "many":
            parts = [part.strip() for part in value.split(",") if part.strip()]
            return (
                [self.codec.read(part) for part in parts]
                if len(parts) <= MOST_VALUES
                else _refuse()
            )
        return self.codec.read(value)

    def apply(self, query: Any, value: Any, alias: Any = None) -> Any:
        return query.filter(self.does.test(self.get_column(alias), value))


class FilterConverter(StockConverter):
    """Hook of Flask-Admin: the filters of a column by its type, ours for every type we know."""

    def convert(self, type_name: str, column: Any, name: str, **kwargs: Any) -> Any:
        codec = codec_for(column.type)
        if codec is None:
            return super().convert(type_name, column, name, **kwargs)
        options = kwargs.get("options") or codec.choices or None
        operations = BY_KIND[codec.kind]
        nullable = getattr(column, "nullable", True)
        return [
            ColumnFilter(column, name, each, codec, options)
            for each in operations
            if each is not EMPTY or nullable
        ]


def default_filters(model: type[Any], shown: Sequence[str]) -> list[str]:
    """The columns among those shown that can be filtered by."""
    columns = inspect(model).columns
    return [
        name
        for name in data_columns(model)
        if name in shown and isinstance(columns[name], Column) and codec_for(columns[name].type)
    ]


def stable_name(flt: Any, label: str | None = None) -> str:
    """The filter's name in an address: the path of its column and its operation's English words."""
    words = flt.does.words if isinstance(flt, ColumnFilter) else flt.operation()
    words = getattr(words, "_args", [words])[0]
    column = getattr(flt, "column", None)
    path = getattr(flt, "key_name", None) or getattr(column, "key", None) or flt.name
    parts = [str(path), str(words), *([label] if label else [])]
    return "_".join("_".join(parts).split()).lower()


def names_of(filters: Sequence[Any]) -> list[str]:
    """A name for each filter; where two would bear the same, their labels tell them apart.

    Raises ValueError when they still do.
    """
    plain = [stable_name(each) for each in filters]
    names = [
        stable_name(each, str(each.name)) if plain.count(name) > 1 else name
        for each, name in zip(filters, plain, strict=True)
    ]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"Filters that cannot be told apart in an address: {sorted(twice)}.")
    return names


def _control(does: Operation, codec: Codec) -> Any:
    """Flask-Admin's name for the control in the browser, None for a plain one."""
    if does.read == "many":
        return "select2-tags"
    if codec.input_type == "date":
        return {"one": "datepicker", "two": "daterangepicker"}.get(does.read)
    if codec.hint == times.HINT:
        return {"one": "datetimepicker", "two": "datetimerangepicker"}.get(does.read)
    return None


def _refuse() -> Any:
    raise ValueError("Not a value for this filter.")
