"""Which changes of a model an auditor has to look at: a view's `review_policy` says so. ::

    review_policy = [Over("price", 100), Share(0.1)]

A change is due when one of them fits. Without any, none of the model's changes is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, Numeric, inspect

from webapp.versioning import Operation, data_columns, link_names


@dataclass(frozen=True)
class Every:
    """Every change of the model."""


@dataclass(frozen=True, init=False)
class Fields:
    """A change of one of these fields or links; a record that is created with a value counts."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        if not names:
            raise ValueError("Fields(): name one field or more.")
        object.__setattr__(self, "names", names)


@dataclass(frozen=True)
class Over:
    """A change of a number by more than `by`, up or down.

    No record and no value count as 0, so that nobody gets round it by a deletion and a new record.
    """

    name: str
    by: int | float | Decimal

    def __post_init__(self) -> None:
        if self.by < 0:
            raise ValueError(f"Over({self.name!r}, {self.by}): the threshold is 0 or more.")


@dataclass(frozen=True)
class Records:
    """A change that touched more than `most` records of the model."""

    most: int

    def __post_init__(self) -> None:
        if self.most < 1:
            raise ValueError(f"Records({self.most}): the number is 1 or more.")


@dataclass(frozen=True, init=False)
class Operations:
    """A change that did one of these: "create", "update", "delete", "restore"."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        if not names or set(names) - set(Operation):
            raise ValueError(f"Operations{names}: name one or more of {sorted(Operation)}.")
        object.__setattr__(self, "names", tuple(str(name) for name in names))


@dataclass(frozen=True)
class Share:
    """A random part of the changes, 0.1 for one in ten. The draw is made once and kept."""

    part: float

    def __post_init__(self) -> None:
        if not 0 < self.part <= 1:
            raise ValueError(f"Share({self.part}): the part is above 0 and at most 1.")


Policy = Every | Fields | Over | Records | Operations | Share


def policies_of(view: Any) -> tuple[Policy, ...]:
    """The policies that a view declares, one or several."""
    declared = view.review_policy
    return tuple(declared) if isinstance(declared, Iterable) else (declared,)


def check(view: Any) -> None:
    """Raise ValueError where a view's policy is none, or names what the model does not have."""
    model, where = view.model, f"{type(view).__name__}.review_policy"
    known = {*data_columns(model), *link_names(model)}
    for each in policies_of(view):
        if not isinstance(each, Policy):
            raise ValueError(f"{where}: {each!r} is no policy; see webapp.admin.policies.")
        names = each.names if isinstance(each, Fields) else ()
        if isinstance(each, Over):
            names = (each.name,)
        if unknown := set(names) - known:
            raise ValueError(f"{where}: {model.__name__} has no field {sorted(unknown)}.")
        if isinstance(each, Over) and not _is_number(model, each.name):
            raise ValueError(f"{where}: {each.name} holds no numbers, so it changes by none.")


def _is_number(model: type[Any], name: str) -> bool:
    column = inspect(model).columns.get(name)
    return column is not None and isinstance(column.type, (Integer, Numeric))
