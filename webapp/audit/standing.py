"""What keeps a person from reviewing changes: their own part in them, and what they may not see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, Text, and_, cast, func, inspect, or_, union
from sqlalchemy.orm import Session, aliased

from webapp.admin.subjects import Subjects
from webapp.auth import who
from webapp.auth.accounts import key_of
from webapp.changes import Change
from webapp.versioning import Made, Tally, data_columns, link_names, made

from .models import Act, Review

Bars = frozenset[str]
Threads = Mapping[int, Sequence[Review]]


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
    parts = [_took_back(model, ids, name) for model in models]
    return set(session.scalars(union(*parts)))


def _took_back(model: type[Any], ids: Sequence[int], name: str) -> Select[Any]:
    """A later version of the person's own, by the undo of the change, that deletes what the change
    created or restores what it deleted, or that puts a value back to what it was before."""
    mine: Any = aliased(Change)
    did, redid = made(model), made(model)
    now, was, later = did.version, did.before, redid.version
    query = (
        redid.select(now.change_id)
        .join(now, and_(now.id == later.id, now.version_id < later.version_id))
        .outerjoin(was, and_(was.id == now.id, was.version_id == now.version_id - 1))
        .join(mine, mine.id == later.change_id)
    )
    since = Made(model, later, was)
    put_back = (
        and_(did.altered(field), redid.altered(field), ~since.altered(field))
        for field in data_columns(model)
    )
    said = "Undo of change " + cast(now.change_id, Text)
    return query.where(
        now.change_id.in_(ids),
        or_(mine.actor == name, func.lower(mine.actor) == name.lower()),
        or_(
            mine.reason == said,
            mine.reason.startswith(said + ":"),
            and_(now.version_op == "create", later.version_op == "delete"),
            and_(now.version_op == "delete", later.version_op == "restore"),
            *put_back,
        ),
    )


def _unseen(session: Session, ids: Sequence[int], models: Iterable[type[Any]]) -> set[int]:
    """Those of the changes that altered a field that is hidden from the person."""
    parts = [part for model in models for part in _altering_hidden(model, ids)]
    return set(session.scalars(union(*parts))) if parts and ids else set()


def _altering_hidden(model: type[Any], ids: Sequence[int]) -> Iterator[Select[Any]]:
    for mapper in inspect(model).self_and_descendants:
        known = {*data_columns(mapper.class_), *link_names(mapper.class_)}
        hidden = who.hidden_fields(mapper.class_) & known
        if hidden:
            rows = made(mapper.class_)
            altered = or_(*(rows.altered(name) for name in sorted(hidden)))
            number = rows.version.change_id
            yield rows.select(number).where(number.in_(ids), altered)
