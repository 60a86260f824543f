"""Brings an older version's values back, as a new version."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_dirty

from .clashes import clash, find_clashes
from .diff import FieldChange, diff
from .errors import Clash, RestoreClash, UnknownVersion, VersioningError
from .keys import fixed_names
from .ledger import ledger_of
from .linked_ids import links_between
from .linking import relink
from .links import link_names, link_properties
from .queries import undeferred, whole
from .relationships import followed_versions
from .setting import living
from .shape import computed_columns, data_columns, same, unversioned_columns, values

T = TypeVar("T")
#: The ids of what went and of what came.
Links = tuple[tuple[Any, ...], tuple[Any, ...]]


@dataclass(frozen=True)
class Restoration:
    """What a restore would do: the newest row, the older one, and what comes from it.

    `altered` names the attributes that would change and `changes` shows them; `revives` says that
    the record is deleted and would live again; `clashes` is what stands in the way. `links` are the
    ids that would go and come, for each kind of links that would change.
    """

    record: Any
    source: Any
    altered: tuple[str, ...]
    changes: tuple[FieldChange, ...]
    revives: bool
    clashes: tuple[Clash, ...]
    links: Mapping[str, Links]

    @property
    def identical(self) -> bool:
        """Whether the record is in that state already, so that no version would be made."""
        return not (self.altered or self.revives)


def restore(
    session: Session,
    model: type[T],
    id: Any,
    version_id: int,
    fields: Collection[str] | None = None,
) -> T:
    """The record's newest row with the values of an older version; the flush makes the version.

    With `fields`, those alone come back. A deleted record lives again. Restoring a living record
    to the values that it has makes no version (`plan_restore` tells beforehand). Counters and the
    like (`__unversioned__`) stay as they are.

    Raises UnknownVersion when there is no such version, or when it is a tombstone; RestoreClash
    when a unique value is taken by now, or a reference leads to a deleted record.
    """
    plan = plan_restore(session, model, id, version_id, fields)
    if plan.clashes:
        raise RestoreClash(plan.clashes)
    if not plan.identical:
        columns = [name for name in plan.altered if name not in plan.links]
        set_values(session, plan.record, values(plan.source, columns), operation="restore")
        for name, (went, came) in plan.links.items():
            relink(session, plan.record, name, went, came)
    return cast(T, plan.record)


def plan_restore(
    session: Session,
    model: type[Any],
    id: Any,
    version_id: int,
    fields: Collection[str] | None = None,
) -> Restoration:
    """What `restore` with these arguments would do. Writes nothing; raises UnknownVersion."""
    source = version_of(session, model, id, version_id)
    if source is None or source.version_op == "delete":
        raise UnknownVersion(
            f"{model.__name__} {id} has no version {version_id} with values to restore. Nothing"
            " was written: choose another one from its timeline."
        )
    record = version_of(session, model, id)
    names = _chosen(type(record), fields)
    mapper = inspect(type(record))
    columns = [name for name in names if name in mapper.columns]
    links = _links(session, record, source, names)
    altered = tuple(
        name for name in columns if not same(mapper, name, *_pair(record, source, name))
    )
    revives = record.version_op == "delete"
    clashes = clashes_of(session, record, values(source, altered), revives)
    clashes += link_clashes(session, record, links)
    altered = (*altered, *links)
    shown = tuple(change for change in diff(record, source) if change.name in altered)
    return Restoration(record, source, altered, shown, revives, clashes, links)


def version_of(session: Session, model: type[Any], id: Any, version_id: int | None = None) -> Any:
    """One version of a record, by default its newest, with all its data; None if there is none."""
    rows: Any = whole(inspect(model))
    query = select(rows).where(rows.id == id).order_by(rows.version_id.desc()).limit(1)
    if version_id is not None:
        query = query.where(rows.version_id == version_id)
    query = query.options(*undeferred(rows, inspect(model)))
    return session.scalar(query)


def clashes_of(
    session: Session, record: Any, altered: dict[str, Any], revives: bool
) -> tuple[Clash, ...]:
    """What stands in the way of these values; of all the record's, when it is to live again."""
    if not (altered or revives):
        return ()
    wanted = values(record, data_columns(type(record))) | altered
    return find_clashes(session, record, wanted, wanted if revives else altered)


def set_values(
    session: Session, record: Any, wanted: dict[str, Any], operation: str | None = None
) -> None:
    """Set the attributes; the flush makes the version, of the kind that `operation` says.

    All have been read before the first is set: reading what was not loaded may flush.
    """
    for name, value in wanted.items():
        setattr(record, name, deepcopy(value))  # a mutable value belongs to one row only
    if operation:
        ledger_of(session).operations[inspect(record)] = operation
        flag_dirty(record)


def _links(session: Session, record: Any, source: Any, names: Collection[str]) -> dict[str, Links]:
    found = {}
    for property in link_properties(inspect(type(record))):
        if property.key in names:
            versions = record.version_id, source.version_id
            links = links_between(session, property, record.id, *versions)
            if any(links):
                found[property.key] = links
    return found


def link_clashes(session: Session, record: Any, links: Mapping[str, Links]) -> tuple[Clash, ...]:
    """Links that cannot come back, since what they lead to is deleted."""
    model = type(record)
    found = []
    for property in link_properties(inspect(model)):
        came = links.get(property.key, ((), ()))[1]
        for id in sorted(set(came) - living(session, property, came)):
            target = property.mapper.class_
            found.append(clash(model, record.id, "gone", (property.key,), (id,), target, id))
    return tuple(found)


def restorable(model: type[Any]) -> tuple[str, ...]:
    """Data attributes that versions keep and that may be set: no counters, nothing computed, no
    part of the key, which all versions have alike, and not the version number of a following
    reference, which is always its target's newest."""
    mapper = inspect(model)
    kept = unversioned_columns(mapper) | computed_columns(mapper) | followed_versions(mapper)
    kept |= fixed_names(mapper)
    return tuple(name for name in data_columns(model) if name not in kept)


def _chosen(model: type[Any], fields: Collection[str] | None) -> tuple[str, ...]:
    known = (*restorable(model), *link_names(model))
    if fields is None:
        return known
    unknown = set(fields) - set(known)
    if unknown:
        raise VersioningError(
            f"{model.__name__} has no such fields to restore: {', '.join(sorted(unknown))}. Nothing"
            f" was written: choose from {', '.join(known)}."
        )
    return tuple(name for name in known if name in fields)


def _pair(older: Any, newer: Any, name: str) -> tuple[Any, Any]:
    return getattr(older, name), getattr(newer, name)
