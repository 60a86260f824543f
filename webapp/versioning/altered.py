"""Which versions altered which attributes, as conditions for statements over many of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, inspect, or_, select
from sqlalchemy.orm import Mapper, aliased

from .anchors import record_key
from .links import LinkProperty
from .queries import follows
from .shape import is_json, version_table


@dataclass(frozen=True)
class Made:
    """Versions of a model beside their predecessors, for a statement; `made` says which of them.

    `version` and `before` are aliases of the model: their attributes are columns of the statement.
    Of a record's first version, all those of `before` are NULL.
    """

    model: type[Any]
    version: Any
    before: Any

    def select(self, *columns: Any) -> Select[Any]:
        """Select these columns of the versions, each with its predecessor, whichever there are."""
        query = select(*columns).select_from(self.version)
        return query.outerjoin(self.before, follows(self.version, self.before))

    def altered(self, name: str) -> ColumnElement[bool]:
        """Whether a version has another value in a column, or other links, than its predecessor.

        A first version altered what it gave a value to. JSON is compared as it is stored.
        """
        mapper: Mapper[Any] = inspect(self.model)
        property = mapper.attrs[name]
        if isinstance(property, LinkProperty):
            return _relinked(self.version, property)
        old = comparable(self.model, name, getattr(self.before, name))
        new = comparable(self.model, name, getattr(self.version, name))
        return new.is_distinct_from(old)


def comparable(model: type[Any], name: str, value: Any) -> ColumnElement[Any]:
    """A value of a column in a statement, as one value is told from another. JSON is its text."""
    if not is_json(inspect(model).columns[name].type):
        return value  # type: ignore[no-any-return]
    return func.nullif(cast(value, Text), "null")  # both spellings of nothing


def made(model: type[Any]) -> Made:
    """The versions of a model beside their predecessors, for a statement over many."""
    return Made(model, aliased(model), aliased(model))


def _relinked(version: Any, property: LinkProperty) -> ColumnElement[bool]:
    """Whether the version added links of that kind, or removed some."""
    mapper = property.parent
    links = property.links.alias()
    key = record_key(version_table(mapper))
    same = (
        links.c[owner.name] == getattr(version, mapper.get_property_by_column(column).key)
        for owner, column in zip(property.owner_columns, key, strict=True)
    )
    number = version.version_id
    touched = or_(links.c.added_in == number, links.c.removed_in == number)
    return select(links.c.id).where(*same, touched).exists()
