"""Which columns of a view lead to values that are not for showing (`__masked__`)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import inspect

from webapp.versioning import MASKED, masked_columns

#: Settings of a view by which a masked value could be found out.
ASKING = ("column_searchable_list", "column_filters", "column_sortable_list")


@lru_cache(maxsize=1024)  # asked of every cell
def hides(model: type[Any], name: Any) -> bool:
    """Whether the column of that name (`code`, `badge.code`, an attribute) is masked; a relation is
    where a column that holds it is."""
    if not isinstance(name, str):
        attribute = getattr(name, "column", name)  # a filter has one
        owner: Any = getattr(attribute, "class_", model)
        return hides(owner, str(getattr(attribute, "key", attribute)))
    first, _, rest = name.partition(".")
    mapper = inspect(model)
    if first in mapper.relationships:
        relation = mapper.relationships[first]
        held = {mapper.get_property_by_column(each).key for each in relation.local_columns}
        if held & masked_columns(model):
            return True
        return bool(rest) and hides(relation.mapper.class_, rest)
    return first in masked_columns(model)


def stand_in(value: Any) -> str:
    """What is shown in place of a masked value; "" for none."""
    return "" if value is None else str(MASKED)


def check(view: Any) -> None:
    """Raise ValueError where the view would search, filter, sort or draw by a masked column."""
    asked = [(setting, name) for setting in ASKING for name in _names(getattr(view, setting, None))]
    asked += [("column_default_sort", name) for name in _sorts(view.column_default_sort)]
    asked += [("timeline_plot", name) for name in [view.timeline_plot] if name]
    for setting, name in asked:
        if hides(view.model, name):
            raise ValueError(
                f"{type(view).__name__}.{setting}: {name} is masked, and its values could be found"
                " out that way. Leave it out."
            )


def _names(declared: Any) -> list[Any]:
    """Also the second of a pair: what a column is sorted by."""
    if isinstance(declared, dict):
        declared = declared.items()
    pairs = [each if isinstance(each, tuple) else (each,) for each in declared or ()]
    return [name for pair in pairs for name in pair]


def _sorts(declared: Any) -> list[Any]:
    if not declared:
        return []
    if isinstance(declared, list):
        return [each[0] if isinstance(each, tuple) else each for each in declared]
    return [declared[0] if isinstance(declared, tuple) else declared]
