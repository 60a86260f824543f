"""Finds, before a flush, what the database would refuse: values taken and references to the gone.

A model may know of more that stands in the way: its classmethod ``restore_clashes(session, id,
values)``, where it has one, is asked as well and returns clashes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Table, inspect, literal, select
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.exc import UnmappedColumnError
from sqlalchemy.orm.interfaces import MANYTOONE

from .errors import Clash
from .indexes import UNIQUE
from .masking import masked
from .queries import live
from .relationships import ReferenceProperty
from .shape import PART, part_tables, version_table

Pair = tuple[Column[Any], Column[Any]]


@dataclass(frozen=True)
class Reference:
    """Attributes that name a row of another table by its columns."""

    names: tuple[str, ...]
    target: Table
    columns: tuple[Column[Any], ...]
    model: type[Any] | None


def find_clashes(
    session: Session, obj: Any, values: Mapping[str, Any], altered: Collection[str]
) -> tuple[Clash, ...]:
    """What stands in the way of the record having `values`, of which `altered` are new to it."""
    mapper = inspect(type(obj))
    found = [
        *_taken(session, mapper, obj, values, set(altered)),
        *_gone(session, mapper, obj, values, set(altered)),
    ]
    hook = getattr(type(obj), "restore_clashes", None)
    return (*found, *(hook(session, obj.id, values) if hook else ()))


@lru_cache(maxsize=256)
def unique_fields(mapper: Mapper[Any]) -> tuple[tuple[str, ...], ...]:
    """The attributes of each `current_unique` index."""
    indexes = [index for index in version_table(mapper).indexes if index.info.get(UNIQUE)]
    found = [_names(mapper, tuple(index.columns)) for index in indexes]
    return tuple(sorted(names for names in found if names))


@lru_cache(maxsize=256)
def references(mapper: Mapper[Any]) -> tuple[Reference, ...]:
    """References that can dangle: by relationship, or by a foreign key without one.

    One that names a version's number is left out, since versions never go; unless it follows.
    """
    found: dict[tuple[str, ...], Reference] = {}
    for pairs, model in _links(mapper):
        names = _names(mapper, tuple(local for local, _ in pairs))
        columns = tuple(remote for _, remote in pairs)
        target = columns[0].table
        if names is None or names in found or not isinstance(target, Table):
            continue
        versions = not {"versioned", PART}.isdisjoint(target.info)
        if not (versions and target.c.version_id in columns):
            found[names] = Reference(names, target, columns, model)
    return tuple(found.values())


def _links(mapper: Mapper[Any]) -> Iterator[tuple[tuple[Pair, ...], type[Any] | None]]:
    for relation in mapper.relationships:
        if relation.direction is MANYTOONE and relation.local_remote_pairs:
            pairs: Any = tuple(relation.local_remote_pairs)
            if isinstance(relation, ReferenceProperty) and relation.kind == "following":
                pairs = tuple(pair for pair in pairs if pair[1].name != "version_id")
            yield pairs, relation.mapper.class_
    tables = version_table(mapper), *part_tables(mapper)
    for constraint in (each for table in tables for each in table.foreign_key_constraints):
        yield tuple((element.parent, element.column) for element in constraint.elements), None


def _names(mapper: Mapper[Any], columns: tuple[Column[Any], ...]) -> tuple[str, ...] | None:
    try:
        return tuple(mapper.get_property_by_column(column).key for column in columns)
    except UnmappedColumnError:
        return None


def _taken(
    session: Session, mapper: Mapper[Any], obj: Any, values: Mapping[str, Any], altered: set[str]
) -> Iterator[Clash]:
    model = mapper.base_mapper.class_
    for names in unique_fields(mapper.base_mapper):
        wanted = tuple(values.get(name) for name in names)
        if None in wanted or not altered & set(names):
            continue
        same = [getattr(model, name) == value for name, value in zip(names, wanted, strict=True)]
        query = select(model.id).where(live(model), *same, model.id != obj.id).limit(1)
        holder = session.scalar(query)
        if holder is not None:
            yield clash(type(obj), obj.id, "taken", names, wanted, model, holder)


def _gone(
    session: Session, mapper: Mapper[Any], obj: Any, values: Mapping[str, Any], altered: set[str]
) -> Iterator[Clash]:
    for reference in references(mapper):
        wanted = tuple(values.get(name) for name in reference.names)
        if None in wanted or not altered & set(reference.names):
            continue
        pairs = zip(reference.columns, wanted, strict=True)
        query = select(literal(1)).select_from(reference.target)
        query = query.where(is_there(reference.target), *(c == value for c, value in pairs))
        if session.scalar(query.limit(1)) is None:
            holder = wanted[0] if len(wanted) == 1 else wanted
            yield clash(type(obj), obj.id, "gone", reference.names, wanted, reference.model, holder)


def is_there(target: Table) -> Any:
    """The predicate "can be referred to": alive, where the table keeps versions."""
    return live(target) if "versioned" in target.info else literal(True)


def clash(
    model: type[Any],
    id: Any,
    kind: Any,
    names: tuple[str, ...],
    values: tuple[Any, ...],
    holder_model: type[Any] | None,
    holder: Any,
) -> Clash:
    """A clash whose values are fit for showing."""
    shown = tuple(masked(model, name, value) for name, value in zip(names, values, strict=True))
    return Clash(model, id, kind, names, shown, holder_model, holder)
