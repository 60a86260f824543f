"""Takes back what one version did, and leaves alone what was changed after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from .diff import FieldChange, diff
from .errors import Clash, ReadOnlyVersion, RestoreClash, UnknownVersion
from .linked_ids import linked_in, links_between
from .linking import relink
from .links import link_properties
from .masking import masked, shown_columns
from .restore import Links, clashes_of, link_clashes, restorable, set_values, version_of
from .shape import same


@dataclass(frozen=True)
class LeftField:
    """A field that undo would set to `undone`, but that was changed since to `present`."""

    name: str
    undone: Any
    present: Any


@dataclass(frozen=True)
class Undo:
    """What undoing a version does, or would do.

    `operation` is "update", "delete", "restore", or None where nothing is left to undo. `altered`
    names the attributes that it sets and `changes` shows them; `left` is what it leaves to the
    editor; `clashes` is what stands in the way; `links` are the ids that it takes out of and puts
    into the links.
    """

    record: Any
    version_id: int
    operation: str | None
    altered: Mapping[str, Any]
    changes: tuple[FieldChange, ...]
    left: tuple[LeftField, ...]
    clashes: tuple[Clash, ...]
    links: Mapping[str, Links] = field(default_factory=dict)


def undo(session: Session, model: type[Any], id: Any, version_id: int) -> Undo:
    """Take back a version's changes, where the fields still have the values that it gave them.

    The flush makes the new version. What was changed since stays and is returned as `left`. To
    undo a creation deletes the record, whatever came after; to undo a deletion restores it.

    Raises UnknownVersion when there is no such version; ReadOnlyVersion for an edit of a record
    that is deleted by now; RestoreClash when a value cannot come back.
    """
    plan = plan_undo(session, model, id, version_id)
    if plan.clashes:
        raise RestoreClash(plan.clashes)
    if plan.operation == "delete":
        session.delete(plan.record)
    elif plan.operation:
        kind = "restore" if plan.operation == "restore" else None
        set_values(session, plan.record, dict(plan.altered), operation=kind)
        for name, (went, came) in plan.links.items():
            relink(session, plan.record, name, went, came)
    return plan


def plan_undo(session: Session, model: type[Any], id: Any, version_id: int) -> Undo:
    """What `undo` with these arguments would do. Writes nothing; raises as `undo` does but for
    clashes, which it returns."""
    version = version_of(session, model, id, version_id)
    if version is None:
        raise UnknownVersion(
            f"{model.__name__} {id} has no version {version_id}. Nothing was written: choose one"
            " from its timeline."
        )
    before = version_of(session, model, id, version_id - 1) if version_id > 1 else None
    record = version_of(session, model, id)
    if not _alive(before):
        operation = "delete" if _alive(record) else None
        return Undo(record, version_id, operation, {}, (), (), ())
    if not _alive(version):
        return _undo_deletion(session, version, record)
    return _undo_edit(session, before, version, record)


def inverse(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    present: Mapping[str, Any],
    model: type[Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the step from `before` to `after` altered, with the values of before: what may be set
    now, since it is as the step left it, and what may not."""
    mapper = inspect(model)
    free: dict[str, Any] = {}
    touched: dict[str, Any] = {}
    for name in restorable(model):
        old, new, now = before[name], after[name], present[name]
        if same(mapper, name, old, new) or same(mapper, name, old, now):
            continue
        (free if same(mapper, name, new, now) else touched)[name] = old
    return free, touched


def links_undone(session: Session, record: Any, number: int) -> dict[str, Links]:
    """The links to take back: those that version `number` added and that are left, and those that
    it removed and that are still missing."""
    found = {}
    for property in link_properties(inspect(type(record))):
        went, came = links_between(session, property, record.id, number - 1, number)
        if went or came:
            present = set(linked_in(session, property, record.id, record.version_id))
            out = tuple(id for id in came if id in present)
            back = tuple(id for id in went if id not in present)
            if out or back:
                found[property.key] = (out, back)
    return found


def _undo_deletion(session: Session, version: Any, record: Any) -> Undo:
    """Only the newest deletion: an older one was taken back by a restore already."""
    if record is not version:
        return Undo(record, version.version_id, None, {}, (), (), ())
    links = links_undone(session, record, version.version_id)
    clashes = clashes_of(session, record, {}, True) + link_clashes(session, record, links)
    changes = tuple(FieldChange(name, *ids, "links") for name, ids in links.items())
    return Undo(record, version.version_id, "restore", {}, changes, (), clashes, links)


def _undo_edit(session: Session, before: Any, version: Any, record: Any) -> Undo:
    model = type(record)
    if not _alive(record):
        raise ReadOnlyVersion(
            f"{model.__name__} {record.id} was deleted by version {record.version_id}. Nothing was"
            " written: restore it first, then undo."
        )
    free, touched = inverse(_values(before), _values(version), _values(record), model)
    links = links_undone(session, record, version.version_id)
    clashes = clashes_of(session, record, free, False) + link_clashes(session, record, links)
    changes = tuple(change for change in diff(record, before) if change.name in free)
    changes += tuple(FieldChange(name, *ids, "links") for name, ids in links.items())
    left = tuple(
        LeftField(name, masked(model, name, value), masked(model, name, getattr(record, name)))
        for name, value in touched.items()
        if name in shown_columns(model)
    )
    operation = "update" if free or links else None
    return Undo(record, version.version_id, operation, free, changes, left, clashes, links)


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in restorable(type(row))}


def _alive(row: Any | None) -> bool:
    return row is not None and row.version_op != "delete"
