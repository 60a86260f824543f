"""Finds what stands in the way of undoing a whole change, by sets: a statement per unique index
and per reference of a model, whatever the number of records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, inspect, or_, select
from sqlalchemy.orm import Mapper, Session

from .clashes import Reference, clash, references, unique_fields
from .errors import Clash
from .queries import follows, is_alive, is_newest, live
from .rows import cell, whole_rows
from .shape import version_table


class Plan(Protocol):
    """What undoing does to one model, as `undo_change` plans it."""

    model: type[Any]
    created: list[Any]
    edited: dict[Any, dict[str, Any]]
    revived: list[Any]


def find_set_clashes(
    session: Session, model: type[Any], change_id: int, plans: Sequence[Plan]
) -> list[Clash]:
    """Values that are taken, and references to the deleted, among what the undo brings back."""
    rows = _Joined(inspect(model), change_id)
    own = next(plan for plan in plans if plan.model is model)
    taken = [c for names in unique_fields(rows.mapper) for c in _taken(session, rows, names, own)]
    return [*taken, *_all_gone(session, rows, plans)]


def _all_gone(session: Session, rows: _Joined, plans: Sequence[Plan]) -> Iterator[Clash]:
    """References of the model, and of its subclasses those that they add."""
    seen: set[Reference] = set()
    for mapper in rows.mapper.self_and_descendants:
        for found in references(mapper):
            if found not in seen:
                seen.add(found)
                yield from _gone(session, _Joined(mapper, rows.change_id), found, plans)


class _Joined:
    """The change's versions, each with its predecessor and its record's newest row."""

    def __init__(self, mapper: Mapper[Any], change_id: int) -> None:
        self.model = mapper.class_
        self.mapper = mapper
        self.table = version_table(mapper)
        self.made, self.old, self.now = (whole_rows(mapper) for _ in range(3))
        self.change_id = change_id

    def select(self, names: Sequence[str], *columns: ColumnElement[Any]) -> Select[Any]:
        """For the records to which the undo brings back values of these attributes."""
        made, old, now = self.made.c, self.old.c, self.now.c
        brought = [self._of(self.made, n).is_distinct_from(self._of(self.old, n)) for n in names]
        return (
            select(now.id, *columns)
            .select_from(self.made)
            .join(self.old, follows(made, old))
            .join(self.now, and_(now.id == made.id, is_newest(now)))
            .where(made.change_id == self.change_id, is_alive(old))
            .where(or_(~is_alive(made), *brought))
        )

    def wanted(self, name: str) -> ColumnElement[Any]:
        """An attribute's value after the undo."""
        made, old = self._of(self.made, name), self._of(self.old, name)
        return case((made.is_distinct_from(old), old), else_=self._of(self.now, name))

    def _of(self, rows: FromClause, name: str) -> ColumnElement[Any]:
        return cell(rows, self.mapper, name)


def _taken(session: Session, rows: _Joined, names: tuple[str, ...], own: Plan) -> Iterator[Clash]:
    other = rows.table.alias()
    wanted = [rows.wanted(name) for name in names]
    columns = [other.c[rows.mapper.columns[name].key] for name in names]
    same = [column == value for column, value in zip(columns, wanted, strict=True)]
    query = rows.select(names, other.c.id, *columns).join(
        other, and_(*same, other.c.id != rows.now.c.id, live(other))
    )
    for id, holder, *values in session.execute(query):
        gives_up = holder in own.created or set(names) & own.edited.get(holder, {}).keys()
        if not gives_up:
            yield clash(rows.model, id, "taken", names, tuple(values), rows.model, holder)


def _gone(
    session: Session, rows: _Joined, reference: Reference, plans: Sequence[Plan]
) -> Iterator[Clash]:
    target = reference.target.alias()
    wanted = [rows.wanted(name) for name in reference.names]
    pairs = zip(reference.columns, wanted, strict=True)
    there = exists().where(*(target.c[column.key] == value for column, value in pairs))
    if "versioned" in reference.target.info:
        there = there.where(live(target))
    query = rows.select(reference.names, *wanted).where(~there, *(w.is_not(None) for w in wanted))
    tables = {version_table(inspect(plan.model)): plan for plan in plans}
    coming = tables[reference.target].revived if reference.target in tables else ()
    for id, *values in session.execute(query):
        if values[0] not in coming:
            yield clash(
                rows.model, id, "gone", reference.names, tuple(values), reference.model, values[0]
            )
