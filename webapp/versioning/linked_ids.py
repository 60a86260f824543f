"""The ids of what versions were linked to, and what they did to their links."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import and_, inspect, or_, select
from sqlalchemy.orm import Session

from .anchors import plain_id, record_key
from .links import LinkProperty, link_properties
from .repoint import CHUNK, among
from .shape import chunks, version_table


def linked_in(session: Session, property: LinkProperty, id: Any, version: int) -> list[Any]:
    """The ids of what a version of a record was linked to, in order."""
    query = select(*property.target_columns).where(
        among(property.owner_columns, [id]), property.holds_in(version)
    )
    connection = session.connection(bind_arguments={"mapper": property.parent})
    rows = connection.execute(query.order_by(*property.target_columns))
    return [plain_id(tuple(row)) for row in rows]


def links_between(
    session: Session, property: LinkProperty, id: Any, older: int, newer: int
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The ids of what a record was linked to in one of its versions and not in another: what went
    and what came. Reads the links that changed between the two alone."""
    rows = property.links.c
    low, high = sorted((older, newer))
    changed = or_(
        and_(rows.added_in > low, rows.added_in <= high),
        and_(rows.removed_in > low, rows.removed_in <= high),
    )
    query = select(
        property.holds_in(older), property.holds_in(newer), *property.target_columns
    ).where(among(property.owner_columns, [id]), changed)
    connection = session.connection(bind_arguments={"mapper": property.parent})
    before: set[Any] = set()
    after: set[Any] = set()
    for was, is_now, *target in connection.execute(query.order_by(*property.target_columns)):
        if was:
            before.add(plain_id(tuple(target)))
        if is_now:
            after.add(plain_id(tuple(target)))
    return tuple(sorted(before - after)), tuple(sorted(after - before))


def links_made(
    session: Session, model: type[Any], versions: Sequence[tuple[Any, int]]
) -> dict[tuple[Any, int], list[tuple[str, tuple[Any, ...], tuple[Any, ...]]]]:
    """What each of these versions, named by id and number, did to links: the attribute, the ids
    that went and those that came. One statement for each kind of links of the model."""
    found: dict[tuple[Any, int], list[Any]] = defaultdict(list)
    for property in link_properties(inspect(model)):
        went: dict[tuple[Any, int], set[Any]] = defaultdict(set)
        came: dict[tuple[Any, int], set[Any]] = defaultdict(set)
        for owner, target, added, removed in _touched(session, property, versions):
            if added != removed:
                came[owner, added].add(target)
                if removed is not None:
                    went[owner, removed].add(target)
        for key in versions:
            gone, new = went[key] - came[key], came[key] - went[key]
            if gone or new:
                found[key].append((property.key, tuple(sorted(gone)), tuple(sorted(new))))
    return found


def _touched(
    session: Session, property: LinkProperty, versions: Sequence[tuple[Any, int]]
) -> Iterator[tuple[Any, Any, int, int | None]]:
    rows, owner = property.links.c, property.owner_columns
    width = len(owner)
    connection = session.connection(bind_arguments={"mapper": property.parent})
    for part in chunks(versions, CHUNK // 2):
        keys = [(*(id if isinstance(id, tuple) else (id,)), version) for id, version in part]
        touched = or_(*(among([*owner, rows[n]], keys) for n in ("added_in", "removed_in")))
        query = select(*owner, *property.target_columns, rows.added_in, rows.removed_in)
        for *ends, added, removed in connection.execute(query.where(touched)):
            yield plain_id(ends[:width]), plain_id(ends[width:]), added, removed


def links_of(
    session: Session, property: LinkProperty, versions: Sequence[tuple[Any, int]]
) -> dict[Any, list[Any]]:
    """The ids of what each of these versions, named by id and number, was linked to."""
    table = version_table(property.parent)
    key = record_key(table)
    pairs = zip(property.owner_columns, key, strict=True)
    joined = table.join(property.links, and_(*(column == own for column, own in pairs)))
    held = property.holds_in(table.c.version_id)
    query = select(table.c.version_id, *key, *property.target_columns).select_from(joined)
    connection = session.connection(bind_arguments={"mapper": property.parent})
    found: dict[Any, list[Any]] = defaultdict(list)
    for part in chunks(versions, CHUNK):
        keys = [(*(id if isinstance(id, tuple) else (id,)), version) for id, version in part]
        chosen = query.where(held, among([*key, table.c.version_id], keys))
        for version, *ends in connection.execute(chosen.order_by(*property.target_columns)):
            found[plain_id(ends[: len(key)]), version].append(plain_id(ends[len(key) :]))
    return found
