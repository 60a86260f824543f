"""Column ``onupdate`` values go into the new version, never into the kept row."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Column
from sqlalchemy.orm import Mapper

from .shape import all_columns


class _Context:
    """What an ``onupdate`` function may ask of the statement that it is called for."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.current_parameters = values

    def get_current_parameters(self, isolate_multiinsert_groups: bool = True) -> dict[str, Any]:
        return self.current_parameters


def has_any(mapper: Mapper[Any]) -> bool:
    """Whether columns of the mapper's table have an ``onupdate``."""
    return bool(_columns(mapper))


def add_to(mapper: Mapper[Any], edits: dict[str, Any]) -> dict[str, Any]:
    """The edited values and those of ``onupdate`` columns that were not set themselves.

    A function is called once a row, as SQLAlchemy does; a SQL expression stays one.
    """
    columns = _columns(mapper)
    if not columns:
        return edits
    values = dict(edits)
    for name, column in columns:
        if name not in values:
            values[name] = _value(column.onupdate, dict(values))
    return values


def expression(mapper: Mapper[Any], name: str) -> Any:
    """What the attribute's ``onupdate`` was given; None where it has none."""
    default: Any = mapper.columns[name].onupdate
    return None if default is None else default.arg


def is_own(mapper: Mapper[Any], name: str, value: Any) -> bool:
    """Whether the value is the expression of the attribute's ``onupdate``, as in every such row."""
    return value is expression(mapper, name)


@lru_cache(maxsize=256)
def _columns(mapper: Mapper[Any]) -> tuple[tuple[str, Column[Any]], ...]:
    return tuple(
        (mapper.get_property_by_column(column).key, column)
        for column in all_columns(mapper)
        if column.onupdate is not None
    )


def _value(default: Any, values: dict[str, Any]) -> Any:
    return default.arg(_Context(values)) if default.is_callable else default.arg
