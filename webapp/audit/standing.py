"""What keeps a person from reviewing changes: their own part in them, and what they may not see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    inspect,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.orm import Session, aliased

from webapp.admin.subjects import Subjects
from webapp.auth import who
from webapp.auth.accounts import key_of
from webapp.changes import Change
from webapp.versioning import Tally, comparable, data_columns, link_names, made

from .models import Act, Review

Bars = frozenset[str]
#: How the reason of an undo begins.
UNDO = "Undo of change "
Threads = Mapping[int, Sequence[Review]]
#: A model, and the names of some of its fields.
Fields = tuple[type[Any], frozenset[str]]
CHANGES: BindParameter[Any] = bindparam("changes", expanding=True)


def bars(
    session: Session,
    actors: Mapping[int, str | None],
    tallies: Mapping[int, Sequence[Tally]],
    threads: Threads,
    subjects: Subjects,
) -> dict[int, Bars]:
    """For each change, by number, what keeps the person who asks from reviewing it; words say it.

    "own": they made it. "party": they answered for it, or took it back. "model": they may not
    review all of the models that it touched. "hidden": it altered a field that they may not see.
    Two statements at most, whatever the number of changes.
    """
    name = who.person().name
    models = list(dict.fromkeys(each.model for parts in tallies.values() for each in parts))
    unreviewed = {model for model in models if not subjects[model].may_review()}
    back = took_back(session, list(actors), models, name)
    unseen = _unseen(session, list(actors), models)
    found: dict[int, Bars] = {}
    for id, actor in actors.items():
        asked = {
            "own": is_same(actor, name),
            "party": id in back or has_answered(threads.get(id, ()), name),
            "model": any(each.model in unreviewed for each in tallies.get(id, ())),
            "hidden": id in unseen,
        }
        found[id] = frozenset(code for code, applies in asked.items() if applies)
    return found


def is_same(one: str | None, other: str | None) -> bool:
    """Whether two names are one person's, whatever their capitals: accounts' names are."""
    return bool(one and other) and key_of(str(one)) == key_of(str(other))


def has_answered(thread: Iterable[Review], name: str) -> bool:
    return any(row.act == Act.ANSWER and is_same(row.person, name) for row in thread)


def has_asked(thread: Iterable[Review], name: str) -> bool:
    return any(row.act == Act.QUERY and is_same(row.person, name) for row in thread)


def took_back(
    session: Session, ids: Sequence[int], models: Sequence[type[Any]], name: str
) -> set[int]:
    """Those of the changes that the person took back, in one statement: as a whole or in part, by
    undo, restore or by hand."""
    if not ids or not models:
        return set()
    given = {"changes": list(ids), "person": name, "small": name.lower()}
    return set(session.scalars(_taken_back(frozenset(models)), given))


@lru_cache(maxsize=256)
def _taken_back(models: frozenset[type[Any]]) -> CompoundSelect[Any]:
    """Made once: every page with a review asks."""
    return union(*map(_took_back, models))


def _took_back(model: type[Any]) -> Select[Any]:
    """A later version of the person's own, by the undo of the change, that deletes what the change
    created or restores what it deleted, or that puts a value back to what it was before.

    The person's own versions are gathered first, which are few beside all those of a record, and a
    value is looked for among theirs before it is asked when they gave it.
    """
    did = made(model)
    now, was = did.version, did.before
    own = _own(model)
    undid = select(own).where(own.c.reason.startswith(UNDO)).cte().prefix_with("MATERIALIZED")
    said = UNDO + cast(now.change_id, Text)

    def later(rows: CTE, *which: ColumnElement[bool]) -> ColumnElement[bool]:
        after = (rows.c.record == now.id, rows.c.number > now.version_id)
        return exists().select_from(rows).where(*after, *which)

    def put_back(field: str) -> ColumnElement[bool]:
        value, altered = own.c[f"is_{field}"], own.c[f"altered_{field}"]
        old = comparable(model, field, getattr(was, field))
        given = select(own.c.record, value).where(altered, value.is_not(None))
        emptied = select(own.c.record).where(altered, value.is_(None))
        known = or_(tuple_(now.id, old).in_(given), and_(old.is_(None), now.id.in_(emptied)))
        since = later(own, altered, value.is_not_distinct_from(old))
        return and_(did.altered(field), known, since)

    return did.select(now.change_id).where(
        now.change_id.in_(CHANGES),
        or_(
            later(undid, or_(undid.c.reason == said, undid.c.reason.startswith(said + ":"))),
            and_(now.version_op == "create", later(own, own.c.operation == "delete")),
            and_(now.version_op == "delete", later(own, own.c.operation == "restore")),
            *(put_back(field) for field in data_columns(model)),
        ),
    )


def _own(model: type[Any]) -> CTE:
    """The versions that the person made of the records that the changes touched: their values, and
    which of these they altered."""
    mine: Any = aliased(Change)
    touched: Any = aliased(model)
    redid = made(model)
    later, fields = redid.version, data_columns(model)
    query = redid.select(
        later.id.label("record"),
        later.version_id.label("number"),
        later.version_op.label("operation"),
        mine.reason.label("reason"),
        *(comparable(model, each, getattr(later, each)).label(f"is_{each}") for each in fields),
        *(redid.altered(each).label(f"altered_{each}") for each in fields),
    )
    query = query.join(mine, mine.id == later.change_id).where(
        later.id.in_(select(touched.id).where(touched.change_id.in_(CHANGES))),
        or_(mine.actor == bindparam("person"), func.lower(mine.actor) == bindparam("small")),
    )
    return query.cte().prefix_with("MATERIALIZED")


def _unseen(session: Session, ids: Sequence[int], models: Iterable[type[Any]]) -> set[int]:
    """Those of the changes that altered a field that is hidden from the person."""
    hidden = frozenset(each for model in models for each in _hidden(model))
    if not hidden or not ids:
        return set()
    return set(session.scalars(_altering(hidden), {"changes": list(ids)}))


def _hidden(model: type[Any]) -> Iterator[Fields]:
    """The model and those derived from it, each with what is hidden of it."""
    for mapper in inspect(model).self_and_descendants:
        known = {*data_columns(mapper.class_), *link_names(mapper.class_)}
        hidden = who.hidden_fields(mapper.class_) & known
        if hidden:
            yield mapper.class_, frozenset(hidden)


@lru_cache(maxsize=256)
def _altering(hidden: frozenset[Fields]) -> CompoundSelect[Any]:
    parts = []
    for model, names in hidden:
        rows = made(model)
        altered = or_(*(rows.altered(name) for name in sorted(names)))
        number = rows.version.change_id
        parts.append(rows.select(number).where(number.in_(CHANGES), altered))
    return union(*parts)
