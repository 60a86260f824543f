"""What differs between two versions of a record, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect

from .shape import data_columns, same


@dataclass(frozen=True)
class FieldChange:
    """One attribute's value before and after; None where there was none."""

    name: str
    old: Any
    new: Any


def diff(older: Any | None, newer: Any | None) -> tuple[FieldChange, ...]:
    """The data attributes whose values differ between two rows of one model, in mapping order.

    A side that is None stands for "no such row": every attribute with a value is then a change.
    """
    some = newer if newer is not None else older
    if some is None:
        return ()
    mapper = inspect(type(some))
    changes = []
    for name in data_columns(type(some)):
        old = None if older is None else getattr(older, name)
        new = None if newer is None else getattr(newer, name)
        if not same(mapper, name, old, new):
            changes.append(FieldChange(name, old, new))
    return tuple(changes)
