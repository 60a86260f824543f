"""Deletes, restores or sets fields of many chosen records, each from the version it was seen at.

What will happen is planned first, record by record, then written by one set-based statement. The
number of statements depends on the model's unique indexes and references, not on the records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

from sqlalchemy import BigInteger, and_, delete, inspect, select, tuple_, type_coerce, update
from sqlalchemy.orm import Session, undefer

from .anchors import plain_id
from .clashes import Reference, clash, is_there, references, unique_fields
from .errors import Clash, SelectionChanged
from .queries import is_newest, live
from .shape import data_columns, same
from .sweep import Sweep

Action = Literal["delete", "restore", "set"]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Skipped:
    """A record that is left as it is, and why.

    `why` is "unknown" (there is none), "deleted", "alive" (nothing to restore), "same" (it has the
    values already), "stale" (saved since it was seen), "taken" or "gone" (as in `Clash`), or
    "shared" (several of the chosen would have one unique value). `record` is its newest row.
    """

    id: Any
    why: str
    record: Any = None
    clash: Clash | None = None


@dataclass
class ManyPlan:
    """What an action would do: `versions` by id are the records that it touches, each with the
    version that it was planned from; `records` are the newest rows of all that were found."""

    model: type[Any]
    action: Action
    values: dict[str, Any]
    versions: dict[Any, int] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    records: dict[Any, Any] = field(default_factory=dict)

    def skip(self, id: Any, why: str, clash: Clash | None = None) -> None:
        """Leave a record out."""
        self.versions.pop(id, None)
        self.skipped.append(Skipped(id, why, self.records.get(id), clash))


def plan_many(
    session: Session,
    model: type[Any],
    action: Action,
    chosen: Mapping[Any, int | None],
    values: Mapping[str, Any] | None = None,
) -> ManyPlan:
    """What the action would do to the chosen records, by id with the version that each was seen at
    (None: whichever is the newest). Writes nothing.

    `values` are the attributes that "set" sets, alike on each record.
    """
    plan = ManyPlan(model, action, dict(values or {}))
    plan.records = _newest(session, plan, list(chosen))
    for id, base in chosen.items():
        why = _why_not(plan, plan.records.get(id), base)
        if why:
            plan.skip(id, why)
        else:
            plan.versions[id] = plan.records[id].version_id
    if action != "delete":
        for id, why, found in [
            *_taken(session, plan),
            *_gone(session, plan),
            *_asked(session, plan),
        ]:
            if id in plan.versions:
                plan.skip(id, why, found)
    return plan


def act_on_many(session: Session, plan: ManyPlan) -> int:
    """Do what was planned, by one set-based statement; the caller commits. Returns how many
    records have got a version. The plan's rows leave the session.

    Raises SelectionChanged or VersionConflict, after which the caller rolls back, when one of the
    records is not at its planned version any more.
    """
    if not plan.versions:
        return 0
    for row in plan.records.values():
        session.expunge(row)
    model: Any = plan.model
    key = tuple_(model.id, model.version_id)
    # SQLite finds rows by an index for a list of ids, not for a list of pairs
    chosen = and_(model.id.in_(list(plan.versions)), key.in_(list(plan.versions.items())))
    if plan.action == "delete":
        result: Any = session.execute(delete(model).where(chosen))
    elif plan.action == "set":
        result = session.execute(update(model).where(chosen).values(plan.values))
    else:
        session.flush()
        result = Sweep(session, inspect(model), update(model).where(chosen), {}).revive()
    if result.rowcount != len(plan.versions):
        raise SelectionChanged(
            f"Of {len(plan.versions)} records of {model.__name__}, {result.rowcount} are as they"
            " were looked at. Nothing was written once you roll back: look at them again."
        )
    return int(result.rowcount)


def _newest(session: Session, plan: ManyPlan, ids: list[Any]) -> dict[Any, Any]:
    """The newest rows, with all that the plan looks at, in one statement."""
    model: Any = plan.model
    id = model.id
    if ids and isinstance(ids[0], int):  # one beyond the column's range is merely not found
        id = type_coerce(id, BigInteger)
    mapper = inspect(model)
    names = {*plan.values, *chain.from_iterable(unique_fields(mapper.base_mapper))}
    names |= {name for each in references(mapper) for name in each.names}
    query = select(model).where(id.in_(ids), is_newest(model))
    query = query.options(*(undefer(getattr(model, name)) for name in sorted(names)))
    return {row.id: row for row in session.scalars(query)}


def _why_not(plan: ManyPlan, row: Any, base: int | None) -> str | None:
    if row is None:
        return "unknown"
    is_deleted = row.version_op == "delete"
    if is_deleted != (plan.action == "restore"):
        return "deleted" if is_deleted else "alive"
    if plan.action == "set" and _has_all(row, plan.values):
        return "same"
    return "stale" if base is not None and base != row.version_id else None


def _has_all(row: Any, values: Mapping[str, Any]) -> bool:
    mapper = inspect(type(row))
    return all(same(mapper, name, getattr(row, name), value) for name, value in values.items())


def _after(plan: ManyPlan, id: Any, names: Key) -> Key:
    """What the record will hold in these attributes."""
    row = plan.records[id]
    return tuple(plan.values[n] if n in plan.values else getattr(row, n) for n in names)


def _wanted(plan: ManyPlan, names: Key) -> dict[Any, Key]:
    """By id, what the records will hold, where the action alters it and nothing of it is NULL."""
    if plan.action == "set" and not plan.values.keys() & set(names):
        return {}
    found = {id: _after(plan, id, names) for id in plan.versions}
    return {id: values for id, values in found.items() if None not in values}


def _taken(session: Session, plan: ManyPlan) -> Iterator[tuple[Any, str, Clash | None]]:
    model: Any = plan.model
    for names in unique_fields(inspect(model).base_mapper):
        wanted = _wanted(plan, names)
        if not wanted:
            continue
        columns = [getattr(model, name) for name in names]
        query = select(model.id, *columns).where(
            live(model), tuple_(*columns).in_(set(wanted.values()))
        )
        holders = {tuple(values): id for id, *values in session.execute(query)}
        times = Counter(wanted.values())
        for id, values in wanted.items():
            holder = holders.get(values, id)
            if holder != id and not (plan.action == "set" and holder in wanted):
                yield id, "taken", clash(model, id, "taken", names, values, model, holder)
            elif times[values] > 1:
                yield id, "shared", clash(model, id, "taken", names, values, None, None)


def _gone(session: Session, plan: ManyPlan) -> Iterator[tuple[Any, str, Clash]]:
    for reference in references(inspect(plan.model)):
        wanted = _wanted(plan, reference.names)
        if not wanted:
            continue
        there = _there(session, reference, set(wanted.values()))
        for id, values in wanted.items():
            if values not in there:
                holder = plain_id(values)
                names, target = reference.names, reference.model
                yield id, "gone", clash(plan.model, id, "gone", names, values, target, holder)


def _there(session: Session, reference: Reference, wanted: set[Key]) -> set[Key]:
    query = select(*reference.columns).where(
        is_there(reference.target), tuple_(*reference.columns).in_(wanted)
    )
    return {tuple(row) for row in session.execute(query)}


def _asked(session: Session, plan: ManyPlan) -> Iterator[tuple[Any, str, Clash]]:
    """What the model itself knows to be in the way of a restore, where it has the hook."""
    hook = getattr(plan.model, "restore_clashes", None)
    if hook is None or plan.action != "restore":
        return
    names = data_columns(plan.model)
    for id in list(plan.versions):
        known = {name: getattr(plan.records[id], name) for name in names}
        for found in hook(session, id, known):
            yield id, found.kind, found
