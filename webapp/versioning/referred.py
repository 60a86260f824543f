"""The versions of records that others refer to, as of a moment, for many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from .anchors import plain_id, record_key
from .linked_ids import links_of
from .links import LinkProperty, link_properties
from .queries import as_of
from .references import references_of
from .relationships import Reference
from .repoint import CHUNK, among
from .shape import chunks, version_table

T = TypeVar("T")


def versions_as_of(
    session: Session, model: type[T], ids: Collection[Any], when: datetime
) -> dict[Any, T]:
    """The records' versions at a moment by id, without those that were not alive then.

    One statement for 5,000 ids. `when` is aware; an id is a tuple where the key has several
    columns. Raises ValueError when `when` is naive.
    """
    mapper = inspect(model)
    columns = record_key(version_table(mapper))
    names = [mapper.get_property_by_column(column).key for column in columns]
    found: dict[Any, T] = {}
    for part in chunks(list(ids), CHUNK):
        for row in session.scalars(as_of(model, when).where(among(columns, part))):
            found[_key(row, names)] = row
    return found


def load_as_of(session: Session, objects: Iterable[Any], when: datetime, *names: str) -> None:
    """Have the objects' floating references and links read the versions as of a moment.

    One statement a reference and two a kind of links, whatever the number of objects; `names`
    chooses among them, by default all. A reference to a record that was not alive then reads None;
    a link to one is left out. Links are those of the object's own version, so pass the objects of
    that moment (`as_of`). It lasts until the objects are expired, as by a commit.

    Raises ValueError when `when` is naive.
    """
    by_reference: dict[Reference, list[Any]] = {}
    given = list(objects)
    _load_links(session, given, when, names)
    for obj in given:
        for reference in references_of(type(obj)):
            if reference.kind == "floating" and (not names or reference.name in names):
                by_reference.setdefault(reference, []).append(obj)
    for reference, those in by_reference.items():
        keys = {id(obj): _key(obj, reference.columns) for obj in those}
        wanted = {key for key in keys.values() if key is not None}
        found = versions_as_of(session, reference.target, wanted, when)
        for obj in those:
            set_committed_value(obj, reference.name, found.get(keys[id(obj)]))


def links_at(
    session: Session, model: type[Any], versions: Collection[tuple[Any, int]]
) -> dict[tuple[Any, int], dict[str, tuple[Any, ...]]]:
    """The ids of what each of these versions, named by id and number, was linked to: by version
    and attribute, also of what is deleted by now. One statement for each kind of links.
    """
    found: dict[tuple[Any, int], dict[str, tuple[Any, ...]]] = {each: {} for each in versions}
    for property in link_properties(inspect(model)):
        held = links_of(session, property, list(versions))
        for each, links in found.items():
            links[property.key] = tuple(held.get(each, ()))
    return found


def _load_links(
    session: Session, objects: Iterable[Any], when: datetime, names: Collection[str]
) -> None:
    by_property: dict[LinkProperty, list[Any]] = {}
    for obj in objects:
        for property in link_properties(inspect(type(obj))):
            if not names or property.key in names:
                by_property.setdefault(property, []).append(obj)
    for property, those in by_property.items():
        held = links_of(session, property, [(obj.id, obj.version_id) for obj in those])
        wanted = {id for ids in held.values() for id in ids}
        found = versions_as_of(session, property.mapper.class_, wanted, when)
        for obj in those:
            ids = held.get((obj.id, obj.version_id), ())
            set_committed_value(obj, property.key, [found[id] for id in ids if id in found])


def _key(obj: Any, names: Iterable[str]) -> Any | None:
    """A record's id, or None where a column of it is NULL."""
    values = tuple(getattr(obj, name) for name in names)
    return None if None in values else plain_id(values)
