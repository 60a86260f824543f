"""What was changed of an object: its column attributes whose values differ from the row's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.orm import InstanceState
from sqlalchemy.orm.attributes import set_committed_value

from .shape import comparers


def edits_of(state: InstanceState[Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """The new values by attribute name. Equal values are no edits.

    `stored` gives the row's values where the object had not loaded them.
    """
    compare = comparers(state.manager.mapper)
    loaded = state.dict
    found = {}
    for name, committed in state.committed_state.items():
        if name in compare and name in loaded:
            value = loaded[name]
            before = stored.get(name, committed)
            if value is before:
                continue
            if is_expression(value) or not compare[name](before, value):
                found[name] = value
    return found


def is_expression(value: Any) -> bool:
    """Whether an attribute holds a SQL expression for the database to resolve."""
    return holds_sql(type(value))  # type: ignore[arg-type]


@lru_cache(maxsize=1024)
def holds_sql(kind: type[Any]) -> bool:
    """Whether values of the type are SQL expressions."""
    return issubclass(kind, ClauseElement) or hasattr(kind, "__clause_element__")


def make_clean(state: InstanceState[Any]) -> None:
    """Tell the ORM that equal values are no change, so that it writes nothing of its own."""
    obj = state.obj()
    columns = comparers(state.mapper)
    for name in [name for name in state.committed_state if name in columns]:
        if name in state.dict:
            set_committed_value(obj, name, state.dict[name])
