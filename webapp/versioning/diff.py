"""What differs between two versions of a record, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import inspect

from .differences import Difference
from .explain import compare, kind_of
from .masking import MASKED, masked_columns, shown_columns
from .shape import same


@dataclass(frozen=True)
class FieldChange:
    """One attribute's value before and after; None where there was none, MASKED if not shown.

    `kind` says what sort of column it is: it chooses the comparison that `detail` gives.
    """

    name: str
    old: Any
    new: Any
    kind: str = field(default="value", compare=False, repr=False)

    @cached_property
    def detail(self) -> Difference:
        """The difference by its kind: words, paths, members, a number. Computed when asked for."""
        return compare(self.kind, self.old, self.new)


def diff(older: Any | None, newer: Any | None) -> tuple[FieldChange, ...]:
    """The data attributes whose values differ between two rows of one model, in mapping order.

    A side that is None stands for "no such row": every attribute with a value is then a change.
    Columns in ``__excluded__`` are left out; those in ``__masked__`` show no value.
    """
    some = newer if newer is not None else older
    if some is None:
        return ()
    model = type(some)
    mapper = inspect(model)
    hidden = masked_columns(model)
    changes = []
    for name in shown_columns(model):
        old = None if older is None else getattr(older, name)
        new = None if newer is None else getattr(newer, name)
        if same(mapper, name, old, new):
            continue
        if name in hidden:
            old = None if older is None else MASKED
            new = None if newer is None else MASKED
        changes.append(FieldChange(name, old, new, kind_of(mapper, name)))
    return tuple(changes)
