"""Which version gave each field the value that it has now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, case, cast, func, inspect, null, select
from sqlalchemy.orm import Mapper, Session

from .errors import UnknownVersion
from .ledger import ledger_of
from .link_givers import links_given
from .links import link_properties
from .masking import kept_out, shown_columns
from .rows import cell, whole_rows
from .shape import is_json, unversioned_columns, version_table


@dataclass(frozen=True)
class Blame:
    """The version that gave a field its present value, who made it, when and why."""

    name: str
    version_id: int
    at: datetime
    operation: str
    actor: str | None
    reason: str | None
    change_id: int | None


def blame(
    session: Session, model: type[Any], id: Any, version_id: int | None = None
) -> dict[str, Blame]:
    """For each data attribute of a record, by name, the version that gave it its present value.

    Two statements, the first one scan of the record's versions. A value that went away and came
    back is blamed on the version that brought it back. Blame does not reach past a re-creation
    (a new record under a deleted one's id); it does reach past a restore, for values that this did
    not alter, and a tombstone alters none. Left out are ``__excluded__`` and ``__unversioned__``
    columns. JSON is compared as text. With `version_id`, the present is that version.

    Links are blamed as a set, on the last version that put a record in or took one out: one
    statement more for each kind.

    Raises UnknownVersion when the record has no version.
    """
    mapper = inspect(model)
    names = [name for name in shown_columns(model) if name not in unversioned_columns(mapper)]
    found = session.execute(_givers(mapper, names, id, version_id)).one()
    if found.created is None:
        raise UnknownVersion(f"{model.__name__} {id} has no version. Look for it in the list.")
    givers = {
        name: max(found.created, (last_other or 0) + 1)
        for name, last_other in zip(names, found[2:], strict=True)
    }
    hidden = kept_out(model)
    for property in link_properties(mapper):
        if property.key not in hidden:
            given = links_given(session, property, id, found.present)
            givers[property.key] = max(found.created, given or 0)
    made = _makings(session, mapper, id, givers.values())
    return {name: Blame(name, version, *made[version]) for name, version in givers.items()}


def _givers(mapper: Mapper[Any], names: list[str], id: Any, last: int | None) -> Any:
    """The last creation, the present version, and for each column the last version whose value is
    not the present."""
    rows, newest = whole_rows(mapper), whole_rows(mapper)
    present = (
        select(newest)
        .where(newest.c.id == id, *([] if last is None else [newest.c.version_id <= last]))
        .order_by(newest.c.version_id.desc())
        .limit(1)
        .subquery()
    )
    pairs = ((_plain(cell(r, mapper, name)) for r in (rows, present)) for name in names)
    others = [case((other.is_distinct_from(now), rows.c.version_id)) for other, now in pairs]
    created = case((rows.c.version_op == "create", rows.c.version_id), else_=1)
    return (
        select(
            func.max(created).label("created"),
            func.max(rows.c.version_id).label("present"),
            *map(func.max, others),
        )
        .select_from(rows.join(present, rows.c.id == present.c.id))
        .where(rows.c.id == id, *([] if last is None else [rows.c.version_id <= last]))
    )


def _plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(column, Text) if is_json(column.type) else column


def _makings(
    session: Session, mapper: Mapper[Any], id: Any, versions: Iterable[int]
) -> dict[int, tuple[Any, ...]]:
    """When, how, by whom, why and as which change each of the versions was made."""
    rows = version_table(mapper)
    recorder = ledger_of(session).settings.change_model
    query = select(rows.c.version_id, rows.c.version_from, rows.c.version_op)
    if recorder is None:
        query = query.add_columns(null(), null(), rows.c.change_id)
    else:
        query = query.add_columns(recorder.actor, recorder.reason, rows.c.change_id)
        query = query.outerjoin(recorder, recorder.id == rows.c.change_id)
    query = query.where(rows.c.id == id, rows.c.version_id.in_(set(versions)))
    return {row[0]: tuple(row[1:]) for row in session.execute(query)}
