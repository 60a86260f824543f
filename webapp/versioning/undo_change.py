"""Takes back all that one change did, across models and records, as one new change or not at all.

What was changed is read by one statement a model, whatever the number of records, and written by
the flush's batches; records that the change created are deleted by one set-based statement. Links
are read record by record, in models that have some.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, and_, delete, exists, inspect, select
from sqlalchemy.orm import Session, aliased

from .change import change
from .clash_sets import find_set_clashes
from .clashes import clash
from .deletion import together
from .errors import Clash, UndoBlocked, UnknownChange
from .linking import relink
from .links import link_properties
from .queries import follows, is_alive, is_newest, whole
from .recorded import recorded_models
from .restore import Links, link_clashes, set_values
from .shape import data_columns, parts_below, values, version_table
from .undo import inverse, links_undone


@dataclass
class ModelUndo:
    """What undoing a change does to the records of one model; ids of the records."""

    model: type[Any]
    created: list[Any] = field(default_factory=list)
    edited: dict[Any, dict[str, Any]] = field(default_factory=dict)
    revived: list[Any] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)
    records: dict[Any, Any] = field(default_factory=dict)
    links: dict[Any, dict[str, Links]] = field(default_factory=dict)
    seen: int = 0

    @property
    def touched(self) -> int:
        """How many records get a version."""
        return len(self.created) + len(self.edited) + len(self.revived)


@dataclass(frozen=True)
class ChangeUndone:
    """What was undone: the number of versions made for each model, none where nothing was left."""

    undone: int
    reason: str
    versions: dict[type[Any], int]


def undo_change(session: Session, change_id: int, *, reason: str | None = None) -> ChangeUndone:
    """Undo a change and flush; the caller commits. All or nothing, as one new change.

    The new change's reason is "Undo of change N", then what `reason` adds. Fields that have the
    values of before already are left as they are; where nothing else is left, no change is made.
    Records created are deleted, records deleted are restored.

    Raises UnknownChange when the change made no version; UndoBlocked, which lists what is in the
    way, when a record was changed since, a unique value is taken or a reference leads nowhere;
    VersioningError when the transaction has made versions already.
    """
    plans = plan_undo_change(session, change_id)
    clashes = [clash for plan in plans for clash in plan.clashes]
    if clashes:
        raise UndoBlocked(change_id, clashes)
    said = f"Undo of change {change_id}" + (f": {reason}" if reason else "")
    with change(session, reason=said), together(session):
        for plan in plans:
            _read_links(plan)
        for plan in plans:
            _delete_created(session, plan, change_id)
        for plan in plans:
            _bring_back(session, plan)
        session.flush()
    return ChangeUndone(change_id, said, {plan.model: plan.touched for plan in plans})


def plan_undo_change(session: Session, change_id: int) -> list[ModelUndo]:
    """What `undo_change` would do to each model, and all that is in its way. Writes nothing.

    On PostgreSQL the newest rows are locked until the transaction ends.
    """
    plans = [_plan(session, model, change_id) for model in recorded_models(session)]
    plans = [plan for plan in plans if plan.seen]
    if not plans:
        raise UnknownChange(
            f"Change {change_id} made no version. Nothing was written: choose one from the changes."
        )
    for plan in plans:
        plan.clashes += find_set_clashes(session, plan.model, change_id, plans)
        plan.clashes += _asked(session, plan)
        plan.clashes += _links_gone(session, plan, plans)
    return plans


def _links_gone(session: Session, plan: ModelUndo, plans: Sequence[ModelUndo]) -> Iterator[Clash]:
    """Links that lead to the dead, unless they live again by the same undo."""
    coming = {each.model: set(each.revived) for each in plans}
    for id, links in plan.links.items():
        for found in link_clashes(session, plan.records[id], links):
            if found.holder not in coming.get(found.holder_model or object, ()):
                yield found


def _plan(session: Session, model: type[Any], change_id: int) -> ModelUndo:
    plan = ModelUndo(model)
    read = _read_parts if parts_below(inspect(model)) else _read_rows
    for record, *states in read(session, model, change_id):
        plan.seen += 1
        _sort(plan, record, *states)
    for id, version in _versions(session, model, change_id):
        _sort_links(session, plan, id, version)
    return plan


Read = Iterator[tuple[Any, dict[str, Any], dict[str, Any], dict[str, Any]]]


def _read_rows(session: Session, model: type[Any], change_id: int) -> Read:
    """Each record with what it holds, what the change made it hold, and what it held before."""
    table = version_table(inspect(model))
    version, before = table.alias(), table.alias()
    query = (
        select(model, *table.c, *version.c, *before.c)
        .join(version, and_(version.c.id == table.c.id, version.c.change_id == change_id))
        .outerjoin(before, follows(version.c, before.c))
        .where(is_newest(table.c))
        .order_by(table.c.id)
        .with_for_update(of=table)
    )
    width = len(table.c)
    for row in session.execute(query):
        present, made, old = (_named(row, 1 + n * width, model) for n in range(3))
        yield row[0], present, made, old


def _read_parts(session: Session, model: type[Any], change_id: int) -> Read:
    """As `_read_rows`, of records that several tables hold, each as its class needs them."""
    mapper = inspect(model)
    record, version, before = whole(mapper), whole(mapper, True), whole(mapper, True)
    query = (
        select(record, version, before)
        .join(version, and_(version.id == record.id, version.change_id == change_id))
        .outerjoin(before, follows(version, before))
        .where(is_newest(record))
        .order_by(record.id)
        .with_for_update(of=version_table(mapper))
    )
    for row in session.execute(query):
        names = inspect(type(row[0])).columns.keys()
        present, made = (values(obj, names) for obj in row[:2])
        yield row[0], present, made, values(row[2], names) if row[2] else dict.fromkeys(names)


def _versions(session: Session, model: type[Any], change_id: int) -> list[Any]:
    """The change's versions of records that could have links."""
    if not link_properties(inspect(model)):
        return []
    table = version_table(inspect(model))
    query = select(table.c.id, table.c.version_id).where(table.c.change_id == change_id)
    connection = session.connection(bind_arguments={"mapper": inspect(model)})
    return [tuple(row) for row in connection.execute(query)]


def _sort_links(session: Session, plan: ModelUndo, id: Any, version: int) -> None:
    record = plan.records[id]
    links = links_undone(session, record, version)
    if not links or id in plan.created:
        return
    if record.version_op == "delete" and id not in plan.revived:
        plan.clashes.append(Clash(plan.model, id, "changed", tuple(links), tuple(links.values())))
        return
    plan.links[id] = links
    if id not in plan.revived:
        plan.edited.setdefault(id, {})


def _named(row: Row[Any], start: int, model: type[Any]) -> dict[str, Any]:
    """The columns of one of the joined rows, by attribute name."""
    mapper = inspect(type(row[0]))
    columns = version_table(mapper).c
    by_key = dict(zip(columns.keys(), row[start : start + len(columns)], strict=True))
    return {name: by_key[c.key] for name, c in mapper.columns.items() if c.key in by_key}


def _sort(
    plan: ModelUndo, record: Any, now: dict[str, Any], made: dict[str, Any], old: dict[str, Any]
) -> None:
    model, id = type(record), now["id"]
    was, is_now = old["version_op"] not in (None, "delete"), now["version_op"] != "delete"
    plan.records[id] = record
    if made["version_op"] == "delete":
        if now["version_id"] == made["version_id"]:
            plan.revived.append(id)
    elif not was:
        unlike = tuple(inverse(made, now, now, model)[0]) if is_now else ()
        if unlike:
            plan.clashes.append(_changed(model, id, unlike, made, now))
        elif is_now:
            plan.created.append(id)
    else:
        free, touched = inverse(old, made, now, model)
        if touched or (free and not is_now):
            plan.clashes.append(_changed(model, id, tuple(touched), old, now))
        elif free:
            plan.edited[id] = free


def _changed(
    model: type[Any], id: Any, names: tuple[str, ...], wanted: dict[str, Any], now: dict[str, Any]
) -> Clash:
    found = clash(model, id, "changed", names, tuple(wanted[name] for name in names), None, None)
    present = clash(model, id, "changed", names, tuple(now[name] for name in names), None, None)
    return Clash(model, id, "changed", names, found.values, present=present.values)


def _asked(session: Session, plan: ModelUndo) -> Iterator[Clash]:
    """What the model itself knows to be in the way, where it has the hook."""
    hook = getattr(plan.model, "restore_clashes", None)
    if hook is None:
        return
    for id in [*plan.edited, *plan.revived]:
        record = plan.records[id]
        known = values(record, data_columns(type(record)))
        yield from hook(session, id, known | plan.edited.get(id, {}))


def _delete_created(session: Session, plan: ModelUndo, change_id: int) -> None:
    if not plan.created:
        return
    model = plan.model
    version: Any = aliased(model)
    before: Any = aliased(model)
    was_alive = exists().where(follows(version, before), is_alive(before))
    ids = select(version.id).where(version.change_id == change_id, is_alive(version), ~was_alive)
    session.execute(delete(model).where(model.id.in_(ids)))


def _read_links(plan: ModelUndo) -> None:
    """While all that they lead to is alive: what is deleted is no longer read."""
    for id, links in plan.links.items():
        values(plan.records[id], links)


def _bring_back(session: Session, plan: ModelUndo) -> None:
    for id, wanted in plan.edited.items():
        set_values(session, plan.records[id], wanted)
    for id in plan.revived:
        set_values(session, plan.records[id], {}, operation="restore")
    for id, links in plan.links.items():
        for name, (went, came) in links.items():
            relink(session, plan.records[id], name, went, came)
