"""The shape of a versioned model: which of its columns carry data and which carry its history."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import JSON, Table, TypeDecorator, inspect
from sqlalchemy.orm import Mapper
from sqlalchemy.types import TypeEngine

T = TypeVar("T")

#: Attributes that the core alone writes. With ``id`` they make up a version's identity and place.
VERSION_COLUMNS = frozenset(
    {
        "version_id",
        "is_current_version",
        "calc_is_current_version",
        "version_from",
        "version_to",
        "version_op",
        "change_id",
    }
)


def is_versioned(model: type[Any]) -> bool:
    """Whether `model` is a mapped class with versions."""
    mapper = inspect(model, raiseerr=False)
    return isinstance(mapper, Mapper) and has_versions(mapper)


def has_versions(mapper: Mapper[Any]) -> bool:
    """Whether the mapper's class keeps versions."""
    return "versioned" in version_table(mapper).info


def version_table(mapper: Mapper[Any]) -> Table:
    """The table that holds the version columns of the mapper's class."""
    table = mapper.base_mapper.local_table
    assert isinstance(table, Table)
    return table


@lru_cache(maxsize=256)
def unversioned_columns(mapper: Mapper[Any]) -> frozenset[str]:
    """Attributes named in ``__unversioned__``: written in place, without a version."""
    return frozenset(getattr(mapper.class_, "__unversioned__", ()))


@lru_cache(maxsize=256)
def computed_columns(mapper: Mapper[Any]) -> frozenset[str]:
    """Attributes that the database computes from others of the row."""
    columns = version_table(mapper).c
    return frozenset(
        name
        for name, column in mapper.columns.items()
        if columns.contains_column(column) and column.computed is not None
    )


def data_columns(model: type[Any]) -> tuple[str, ...]:
    """Attribute names of the model's own columns, in mapping order: no id, no version columns."""
    return _data_columns(inspect(model))


@lru_cache(maxsize=256)
def _data_columns(mapper: Mapper[Any]) -> tuple[str, ...]:
    table = version_table(mapper)
    return tuple(
        attr.key
        for attr in mapper.column_attrs
        if attr.key != "id"
        and attr.key not in VERSION_COLUMNS
        and any(column.table is table for column in attr.columns)
    )


def same(mapper: Mapper[Any], name: str, a: Any, b: Any) -> bool:
    """Whether two Python values of a column are the same value to the database.

    JSON is compared by what is stored, since Python takes ``{"on": 1}`` and ``{"on": True}`` for
    equal, which JSON does not.
    """
    return a is b or bool(comparers(mapper)[name](a, b))


@lru_cache(maxsize=256)
def comparers(mapper: Mapper[Any]) -> dict[str, Callable[[Any, Any], bool]]:
    """How to compare two values of each column attribute."""
    return {attr.key: _comparer(mapper.columns[attr.key].type) for attr in mapper.column_attrs}


def _comparer(kind: TypeEngine[Any]) -> Callable[[Any, Any], bool]:
    if isinstance(kind, JSON):
        return _same_json
    if isinstance(kind, TypeDecorator) and isinstance(kind.impl_instance, JSON):
        return lambda a, b: kind.compare_values(a, b) and _same_json(a, b)
    return kind.compare_values


def _same_json(a: Any, b: Any) -> bool:
    return _stored_json(a) == _stored_json(b)


def _stored_json(value: Any) -> str:
    """The value's text, its keys the strings that they become, in order."""
    plain = None if value is JSON.NULL else value
    return json.dumps(json.loads(json.dumps(plain, default=repr)), sort_keys=True)


def values(obj: Any, names: Iterable[str]) -> dict[str, Any]:
    """The object's values of the named attributes, loading what is not loaded."""
    return {name: getattr(obj, name) for name in names}


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in pieces of at most `size`, which keeps a statement's parameters few."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
