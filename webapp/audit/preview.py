"""What undoing a change would do, and what is in its way, as a page shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from webapp.admin import looks
from webapp.admin.subjects import Subject, Subjects, name_of
from webapp.versioning import (
    MASKED,
    ChangedRecord,
    Clash,
    FieldChange,
    ModelChanges,
    ModelUndo,
    Operation,
    masked_columns,
    shown_columns,
)


@dataclass(frozen=True)
class Obstacle:
    """One thing in the way: on which record, of which kind (as in `Clash`), and where to look.

    `fields` are labels, each with the text that the field would get and the one that it has.
    """

    model: str
    record: str
    url: str | None
    kind: str
    fields: tuple[tuple[str, str, str], ...]
    holder: str
    holder_url: str | None


def work(plans: Sequence[ModelUndo], most: int) -> list[ModelChanges]:
    """The versions that the undo would make, at most `most` of each model."""
    return [
        ModelChanges(plan.model, tuple(islice(_records(plan), most)), plan.touched, None)
        for plan in plans
        if plan.touched
    ]


def obstacles(plans: Sequence[ModelUndo], subjects: Subjects, most: int) -> list[Obstacle]:
    """What is in the way, at most `most` of it."""
    clashes = chain.from_iterable(plan.clashes for plan in plans)
    rows = {plan.model: plan.records for plan in plans}
    return [_obstacle(each, subjects, rows) for each in islice(clashes, most)]


def _records(plan: ModelUndo) -> Iterator[ChangedRecord]:
    for id, wanted in plan.edited.items():
        changes = _changes(plan.records[id], wanted)
        links = plan.links.get(id, {}).items()
        changes += tuple(FieldChange(name, *ids, "links") for name, ids in links)
        yield _record(plan, id, Operation.UPDATE, changes)
    for id in plan.created:
        yield _record(plan, id, Operation.DELETE)
    for id in plan.revived:
        yield _record(plan, id, Operation.RESTORE)


def _record(
    plan: ModelUndo, id: Any, operation: Operation, changes: tuple[FieldChange, ...] = ()
) -> ChangedRecord:
    row = plan.records[id]
    return ChangedRecord(id, row.version_id + 1, operation.value, changes, row)


def _changes(row: Any, wanted: dict[str, Any]) -> tuple[FieldChange, ...]:
    hidden = masked_columns(type(row))
    return tuple(
        FieldChange(name, MASKED, MASKED)
        if name in hidden
        else FieldChange(name, getattr(row, name), wanted[name])
        for name in shown_columns(type(row))
        if name in wanted
    )


def _obstacle(clash: Clash, subjects: Subjects, rows: dict[type[Any], dict[Any, Any]]) -> Obstacle:
    subject = subjects.of(clash.model)
    row = next((found[clash.id] for found in rows.values() if _holds(found, clash)), None)
    holder = subjects.of(clash.holder_model) if clash.holder_model else None
    return Obstacle(
        model=subject.name,
        record=f"#{clash.id}" if row is None or subject.view is None else name_of(row),
        url=subject.timeline_url(clash.id),
        kind=clash.kind,
        fields=tuple(_fields(clash, subject)),
        holder="" if clash.holder is None else f"{holder.name if holder else ''} #{clash.holder}",
        holder_url=holder.timeline_url(clash.holder) if holder else None,
    )


def _holds(records: dict[Any, Any], clash: Clash) -> bool:
    return isinstance(records.get(clash.id), clash.model)


def _fields(clash: Clash, subject: Subject) -> Iterator[tuple[str, str, str]]:
    if subject.view is None:
        return
    looks.saw_ids(clash.model, (clash.id,))
    present = clash.present or (None,) * len(clash.fields)
    for name, value, now in zip(clash.fields, clash.values, present, strict=True):
        yield subject.label(name), subject.show(name, value), subject.show(name, now)
