"""The shape of a versioned model: which of its columns carry data and which carry its history."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import JSON, Column, DateTime, Table, TypeDecorator, inspect
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
#: The primary key of each table of a versioned model.
KEY = ("id", "version_id")
#: In ``Table.info`` of a joined subclass: the base table, and the columns written in place.
PART = "versioning.part"
#: In ``Table.info`` of a table of digests: the table whose versions they are of.
DIGESTS = "versioning.digests"


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
def part_tables(mapper: Mapper[Any]) -> tuple[Table, ...]:
    """The further tables that hold a part of each row, by joined inheritance, base first."""
    tables = dict.fromkeys(each.local_table for each in reversed(list(mapper.iterate_to_root())))
    return tuple(t for t in tables if isinstance(t, Table) and t is not version_table(mapper))


def parts_below(mapper: Mapper[Any]) -> tuple[Table, ...]:
    """The further tables that may hold a part of the mapper's rows, those of its subclasses too.

    Each comes before the tables that it refers to. Not kept: a subclass may be mapped any time.
    """
    mappers = list(mapper.self_and_descendants)
    tables = dict.fromkeys(t for each in mappers for t in reversed(part_tables(each)))
    return tuple(sorted(tables, key=lambda t: -_depth(t, mappers)))


def _depth(table: Table, mappers: Sequence[Mapper[Any]]) -> int:
    found = (part_tables(mapper) for mapper in mappers)
    return max(tables.index(table) for tables in found if table in tables)


@lru_cache(maxsize=256)
def all_columns(mapper: Mapper[Any]) -> tuple[Column[Any], ...]:
    """The columns of all the tables that hold a row of the class, those of its key once."""
    parts = (c for table in part_tables(mapper) for c in table.c if c.name not in KEY)
    return (*version_table(mapper).c, *parts)


@lru_cache(maxsize=256)
def unversioned_columns(mapper: Mapper[Any]) -> frozenset[str]:
    """Attributes named in ``__unversioned__``: written in place, without a version."""
    return frozenset(getattr(mapper.class_, "__unversioned__", ()))


@lru_cache(maxsize=256)
def computed_columns(mapper: Mapper[Any]) -> frozenset[str]:
    """Attributes that the database computes from others of the row."""
    own = set(all_columns(mapper))
    return frozenset(
        name
        for name, column in mapper.columns.items()
        if column in own and column.computed is not None
    )


def data_columns(model: type[Any]) -> tuple[str, ...]:
    """Attribute names of the model's own columns, in mapping order: no id, no version columns."""
    return _data_columns(inspect(model))


@lru_cache(maxsize=256)
def _data_columns(mapper: Mapper[Any]) -> tuple[str, ...]:
    own = set(all_columns(mapper))
    return tuple(
        attr.key
        for attr in mapper.column_attrs
        if attr.key != "id" and attr.key not in VERSION_COLUMNS and not own.isdisjoint(attr.columns)
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


def is_json(kind: TypeEngine[Any]) -> bool:
    """Whether values of the type are stored as JSON, be it by a type of the model's own."""
    return isinstance(kind.impl_instance if isinstance(kind, TypeDecorator) else kind, JSON)


def _comparer(kind: TypeEngine[Any]) -> Callable[[Any, Any], bool]:
    if isinstance(kind, JSON):
        return _same_json
    if is_json(kind):
        return lambda a, b: kind.compare_values(a, b) and _is_same_if_json(a, b)
    if isinstance(kind, DateTime):
        return lambda a, b: kind.compare_values(a, b) or _is_same_wall_time(a, b)
    return kind.compare_values


def _same_json(a: Any, b: Any) -> bool:
    return _stored_json(a, repr) == _stored_json(b, repr)


def _is_same_if_json(a: Any, b: Any) -> bool:
    """Of values that are equal in Python: whether they are in JSON, where they can be told so."""
    try:
        return _stored_json(a) == _stored_json(b)
    except TypeError:  # a set, say, which the model's type has its own way to store
        return True


def _stored_json(value: Any, default: Callable[[Any], str] | None = None) -> str:
    """The value's text, its keys the strings that they become, in order."""
    plain = None if value is JSON.NULL else value
    return json.dumps(json.loads(json.dumps(plain, default=default)), sort_keys=True)


def _is_same_wall_time(a: Any, b: Any) -> bool:
    """Whether one side lacks the zone that a database without zones dropped from the other."""
    if not (isinstance(a, datetime) and isinstance(b, datetime)):
        return False
    one_is_naive = (a.tzinfo is None) != (b.tzinfo is None)
    return one_is_naive and a.replace(tzinfo=None) == b.replace(tzinfo=None)


def values(obj: Any, names: Iterable[str]) -> dict[str, Any]:
    """The object's values of the named attributes, loading what is not loaded."""
    return {name: getattr(obj, name) for name in names}


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in pieces of at most `size`, which keeps a statement's parameters few."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
