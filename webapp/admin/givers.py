"""Who gave each field of a record the value that it has, for the columns of the details page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import inspect

from webapp.versioning import Blame


def by_column(model: type[Any], names: Iterable[Any], found: dict[str, Blame]) -> dict[Any, Blame]:
    """The blame of each column that has one, and of links. A relation, and a dotted column of the
    other side, are blamed as the columns that hold the reference are: on the last of their
    versions."""
    mapper = inspect(model)
    given = {}
    for name in names:
        relation = mapper.relationships.get(str(name).partition(".")[0])
        held = [str(name)]
        if relation is not None and relation.key not in found:
            held = [mapper.get_property_by_column(each).key for each in relation.local_columns]
        blamed = [found[each] for each in held if each in found]
        if blamed:
            given[name] = max(blamed, key=lambda each: each.version_id)
    return given
