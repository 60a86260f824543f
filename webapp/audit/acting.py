"""What is said and decided about changes, each a function that checks, writes and leaves the commit
to its caller.

Two who act at once are told apart by the database: the row that is followed is marked first, which
one of them does, and each number of a row is there once.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp import changes
from webapp.changes import Change
from webapp.versioning import change_digest, change_digests, utcnow

from .due import REVIEW, take_up
from .models import MAY_FOLLOW, Act, Review
from .standing import has_answered, has_asked, is_same

LONGEST_COMMENT = 2000


class NotAsSeen(Exception):
    """Something was said or altered since the page was shown. Nothing was written."""


class NotAllowed(Exception):
    """The person has a part in the change, or the act cannot follow what was said last."""


@dataclass(frozen=True)
class Seen:
    """What the page showed: the number of the last row, None for none, and the versions' digest."""

    n: int | None
    digest: str


def threads(session: Session, ids: Iterable[int]) -> dict[int, list[Review]]:
    """All that was said about each of the changes, by number, in order; one statement."""
    found: dict[int, list[Review]] = {id: [] for id in ids}
    query = select(Review).where(Review.change_id.in_(found)).order_by(Review.change_id, Review.n)
    for row in session.scalars(query.execution_options(populate_existing=True)) if found else ():
        found[row.change_id].append(row)
    return found


def state_of(thread: Sequence[Review]) -> Act | None:
    """What was said last; None where nothing was."""
    return Act(thread[-1].act) if thread else None


def act(
    session: Session,
    change_id: int,
    what: Act,
    *,
    person: str,
    seen: Seen,
    comment: str | None = None,
    corrected_by: int | None = None,
) -> None:
    """Add an act of a person to what was said about a change.

    Raises NotAsSeen when that, or the change's versions, are not what the person saw, and
    NotAllowed when it is their own change, they have answered for it (or asked, where they answer),
    or the act cannot follow. What else they may do is for the caller to ask (`standing.bars`).
    """
    change = session.get(Change, change_id)
    thread = threads(session, [change_id])[change_id]
    last = thread[-1] if thread else None
    if change is None or (last.n if last else None) != seen.n:
        raise NotAsSeen
    state = state_of(thread)
    _check(what, state, thread, change.actor, person)
    try:
        with session.begin_nested():
            n = seen.n
            if n is None or state is Act.PASSED:
                n = take_up(session, change, person, state)
            _follow(session, [(change_id, n)])
            if change_digest(session, change_id) != seen.digest:
                raise NotAsSeen
            row = {"corrected_by": corrected_by, "digest": seen.digest}
            _add(session, what, person, comment, [{**row, **_of(change), "n": n + 1}])
    except IntegrityError:  # somebody else's row came first
        raise NotAsSeen from None


def _check(
    what: Act, state: Act | None, thread: Sequence[Review], actor: str | None, person: str
) -> None:
    if what not in MAY_FOLLOW[state]:
        raise NotAllowed
    own = is_same(actor, person)
    if what is Act.ANSWER:
        if has_asked(thread, person) and not own:
            raise NotAllowed
    elif own or has_answered(thread, person):
        raise NotAllowed


def set_digest(seen: Mapping[int, Seen]) -> str:
    """Stands for exactly these changes, with what was said and what they hold."""
    lines = sorted(f"{id}:{each.n}:{each.digest}" for id, each in seen.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def sign_off_all(
    session: Session, seen: Mapping[int, Seen], *, person: str, comment: str | None = None
) -> None:
    """Sign many changes off as one act, all or none; the rows share its `act_id`.

    Each must have a last row. Raises as `act` does.
    """
    said = threads(session, seen)
    known = {each.id: each for each in _changes(session, list(seen))}
    for id, thread in said.items():
        if not thread or thread[-1].n != seen[id].n or id not in known:
            raise NotAsSeen
        _check(Act.SIGN_OFF, state_of(thread), thread, known[id].actor, person)
    try:
        with session.begin_nested():
            _follow(session, [(id, said[id][-1].n) for id in seen])
            if change_digests(session, list(seen)) != {id: s.digest for id, s in seen.items()}:
                raise NotAsSeen
            rows = [
                {**_of(known[id]), "n": said[id][-1].n + 1, "digest": seen[id].digest}
                for id in sorted(seen)
            ]
            _add(session, Act.SIGN_OFF, person, comment, rows, uuid.uuid4().hex)
    except IntegrityError:
        raise NotAsSeen from None


def _changes(session: Session, ids: Sequence[int]) -> list[Change]:
    return list(session.scalars(select(Change).where(Change.id.in_(ids))))


def _follow(session: Session, rows: Sequence[tuple[int, int]]) -> None:
    """Mark these rows (change, number) as followed, which holds them until the commit."""
    keys = tuple_(REVIEW.c.change_id, REVIEW.c.n).in_(rows)
    query = update(REVIEW).where(keys, REVIEW.c.followed_by.is_(None))
    done: Any = session.execute(query.values(followed_by=REVIEW.c.n + 1))
    if done.rowcount != len(rows):
        raise NotAsSeen


def _of(change: Change) -> dict[str, Any]:
    return {"change_id": change.id, "change_at": change.at, "actor": change.actor}


def _add(
    session: Session,
    what: Act,
    person: str,
    comment: str | None,
    rows: Iterable[dict[str, Any]],
    act_id: str | None = None,
) -> None:
    same = {
        "act": what,
        "person": person,
        "at": utcnow(),
        "comment": comment or None,
        "request_id": changes.describe().request_id,
        "act_id": act_id,
    }
    session.execute(insert(REVIEW), [{**same, **row} for row in rows])
