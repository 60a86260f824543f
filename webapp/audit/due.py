"""Which changes await a review: written with each change, in its own transaction.

`write_due` is called once all of a change's versions are written and its commit is next. It asks
all policies of the models that were touched by one statement, and adds one row when one of them
fits, or when a draw was made, whatever its outcome: so that it is made once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import current_app
from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    case,
    func,
    insert,
    inspect,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from webapp.admin.policies import Fields, Operations, Over, Policy, Records, Share, policies_of
from webapp.changes import Change
from webapp.versioning import ChangeMade, made, utcnow

from .models import Act, Review

#: Where the application keeps the policies of its views.
RULES = "review_rules"
REVIEW: Any = Review.__table__


@dataclass(frozen=True)
class Rule:
    """One policy of one model: `base` is the class whose table holds the model's versions."""

    base: type[Any]
    model: type[Any]
    key: str
    policy: Policy

    def plain(self) -> dict[str, Any]:
        """What is kept of it with the change; `words.why` tells it."""
        kept: dict[str, Any] = {"model": self.key, "policy": type(self.policy).__name__.lower()}
        match self.policy:
            case Fields(names) | Operations(names):
                kept["names"] = list(names)
            case Over(name, by):
                kept |= {"names": [name], "by": str(by)}
            case Records(most):
                kept["most"] = most
            case Share(part):
                kept["part"] = part
        return kept

    def changes(self) -> Select[Any]:
        """The numbers of the changes that it fits; of a `Share`, of those that are drawn from."""
        versions = made(self.model)
        number = versions.version.change_id
        match self.policy:
            case Fields(names):
                altered = [versions.altered(name) for name in names]
                return versions.select(number).where(or_(*altered))
            case Over(name, by):
                return versions.select(number).where(_by_more_than(versions, name, by))
            case Operations(names):
                return select(number).where(versions.version.version_op.in_(names))
            case Records(most):
                return select(number).group_by(number).having(func.count() > most)
        return select(number)

    def fits(self, change_id: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether it fits the change of that number."""
        query = self.changes()
        [number] = query.selected_columns
        return query.where(number == change_id).exists()


def write_due(session: Session, change: ChangeMade) -> None:
    """Note why the change awaits a review, if it does; called again, add what is new."""
    rules = tuple(each for each in rules_of() if each.base in change.models)
    if not rules:
        return
    with session.no_autoflush:
        actor, state, *found = session.execute(_asking(rules), {"change": change.id}).one()
    fitting = [each for each, fits in zip(rules, found, strict=True) if fits]
    row = {"change_id": change.id, "change_at": change.at, "actor": actor}
    _write(session, [(row, state, fitting)])


@lru_cache(maxsize=256)
def _asking(rules: tuple[Rule, ...]) -> Select[Any]:
    """The change's actor and state, and whether each of the policies fits. Made once: every save
    asks."""
    id = bindparam("change", type_=Change.id.type)
    last = select(Review.act).where(Review.change_id == id, Review.followed_by.is_(None))
    asked = [each.fits(id).label(f"rule_{n}") for n, each in enumerate(rules)]
    return select(Change.actor, last.scalar_subquery(), *asked).where(Change.id == id)


def enqueue(session: Session, changes: Sequence[Any]) -> tuple[int, int]:
    """Ask the policies about changes that exist already (rows of `Change`, any number at a time).

    Returns how many were added to what awaits a review, and how many a draw passed by. What has a
    row already stays as it is, so that repeating it does no harm and no draw is made twice. The
    caller commits.
    """
    by_id = {each.id: each for each in changes}
    known = select(Review.change_id, Review.act).where(
        Review.change_id.in_(by_id), Review.followed_by.is_(None)
    )
    states: dict[int, str] = dict(session.execute(known).all())
    fitting: dict[int, list[Rule]] = {}
    for rule in rules_of():
        query = rule.changes()
        [number] = query.selected_columns
        for id in session.scalars(query.where(number.in_(by_id)).distinct()):
            fitting.setdefault(id, []).append(rule)
    rows = [
        (
            {"change_id": id, "change_at": by_id[id].at, "actor": by_id[id].actor},
            states.get(id),
            fitting[id],
        )
        for id in sorted(fitting)
    ]
    return _write(session, rows)


def take_up(session: Session, change: Any, person: str, state: str | None) -> int:
    """Note that a person reviews a change that no policy asked for; the number of the row."""
    row = {"change_id": change.id, "change_at": change.at, "actor": change.actor}
    n = 0 if state is None else 1
    _insert(session, [{**row, "n": n, "act": Act.DUE, "why": None, "person": person}], state)
    return n


def rules_of() -> Sequence[Rule]:
    """The policies of the application's views."""
    found: Sequence[Rule] = current_app.extensions.get(RULES, ())
    return found


def _write(
    session: Session, rows: Iterable[tuple[dict[str, Any], str | None, list[Rule]]]
) -> tuple[int, int]:
    """Rows for what is due and was not, and for what was drawn and passed by."""
    due: dict[str | None, list[dict[str, Any]]] = {None: [], Act.PASSED: []}
    passed = []
    for row, state, fitting in rows:
        if state not in due or not fitting:
            continue
        why = list(_drawn(fitting, state))
        if why:
            n = 0 if state is None else 1
            due[state].append({**row, "n": n, "act": Act.DUE, "why": why, "person": None})
        elif state is None:
            drawn = [each.plain() for each in fitting]
            passed.append({**row, "n": 0, "act": Act.PASSED, "why": drawn, "person": None})
    for state, found in due.items():
        _insert(session, found, state)
    _insert(session, passed, None)
    return sum(map(len, due.values())), len(passed)


def _drawn(rules: Iterable[Rule], state: str | None) -> Iterator[dict[str, Any]]:
    """The rules by which the change is due. Where a draw passed it by, there is no other draw."""
    chance = secrets.SystemRandom()
    for each in rules:
        if isinstance(each.policy, Share):
            fits = state is None and chance.random() < each.policy.part
        else:
            fits = True
        if fits:
            yield each.plain()


def _insert(session: Session, rows: list[dict[str, Any]], state: str | None) -> None:
    if not rows:
        return
    if state is not None:
        ids = [row["change_id"] for row in rows]
        passed = update(REVIEW).where(REVIEW.c.change_id.in_(ids), REVIEW.c.n == 0)
        session.execute(passed.values(followed_by=1))
    at = utcnow()
    session.execute(insert(REVIEW), [{**row, "at": at} for row in rows])


def _by_more_than(versions: Any, name: str, by: Any) -> ColumnElement[bool]:
    old, new = (_number(rows, name) for rows in (versions.before, versions.version))
    return func.abs(new - old) > literal(float(by) if isinstance(by, float) else by)


def _number(rows: Any, name: str) -> ColumnElement[Any]:
    """A version's value, 0 for none and for a record that is deleted."""
    alive = case((rows.version_op != "delete", getattr(rows, name)))
    return func.coalesce(alive, 0)


def rules_from(views: Iterable[Any]) -> list[Rule]:
    """The policies that the views of an admin declare."""
    return [
        Rule(inspect(view.model).base_mapper.class_, view.model, view.endpoint, policy)
        for view in views
        for policy in policies_of(view)
    ]
