"""The report of a period: the reviews of the changes that were made in it, in numbers.

A change belongs to the period in which it was made, and counts once: in the state that its review
has now, for whoever made it, and for each model that it touched. Open reviews of older changes are
counted apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    case,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from .models import Act, Review
from .words import LISTED

#: States in which somebody has still something to say.
OPEN = (Act.DUE, Act.QUERY, Act.ANSWER)
#: What a person says about a change.
SAID = (Act.SIGN_OFF, Act.QUERY, Act.REJECT, Act.ANSWER)
#: Up to which age an open review belongs to a class of ages; the last class has no end.
AGES = (timedelta(days=1), timedelta(days=7), timedelta(days=30))


@dataclass(frozen=True)
class Period:
    """From `since` up to, and without, `until`: aware moments, None for no end."""

    since: datetime | None
    until: datetime | None

    def holds(self, moment: Any) -> ColumnElement[bool]:
        """Whether a change of that moment belongs to it."""
        begun = true() if self.since is None else moment >= self.since
        return begun & self._before_end(moment)

    def _before_end(self, moment: Any) -> ColumnElement[bool]:
        return true() if self.until is None else moment < self.until

    def counted(self) -> ColumnElement[bool]:
        """The last rows that the report tells of: of the period, and open ones from before."""
        last = Review.followed_by.is_(None) & Review.act.in_(LISTED)
        begun: ColumnElement[bool] = true()
        if self.since is not None:
            begun = or_(Review.change_at >= self.since, Review.act.in_(OPEN))
        return last & begun & self._before_end(Review.change_at)


@dataclass
class Line:
    """The reviews of the changes of one model, or of one maker, or of all.

    `counts` are those of the period by state. `ages` are all open ones by state and class of age
    (`AGES`), `older` of them from before the period, the oldest change of `oldest`.
    """

    key: Any = None
    counts: Counter[Act] = field(default_factory=Counter)
    ages: dict[Act, list[int]] = field(
        default_factory=lambda: {act: [0] * (len(AGES) + 1) for act in OPEN}
    )
    older: int = 0
    oldest: datetime | None = None

    @property
    def total(self) -> int:
        """The changes of the period whose review is in one of the states."""
        return self.counts.total()

    @property
    def open(self) -> int:
        """All open reviews, also those from before the period."""
        return sum(map(sum, self.ages.values()))

    def add(self, act: Act, age: int, is_older: bool, count: int, oldest: datetime) -> None:
        if not is_older:
            self.counts[act] += count
        if act in OPEN:
            self.ages[act][age] += count
            self.older += count if is_older else 0
            self.oldest = min(self.oldest or oldest, oldest)


@dataclass
class Reviewer:
    """What a person said about the changes of the period: how many of each act, and about how many
    changes of each model."""

    name: str
    acts: Counter[Act] = field(default_factory=Counter)
    models: dict[type[Any], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """The numbers of a period at the moment `at`."""

    period: Period
    at: datetime
    all: Line
    makers: tuple[Line, ...]
    models: tuple[Line, ...]
    reviewers: tuple[Reviewer, ...]

    @property
    def acts(self) -> Counter[Act]:
        """How many of each act by all persons."""
        return sum((each.acts for each in self.reviewers), Counter())


def report(session: Session, period: Period, models: Sequence[type[Any]], at: datetime) -> Report:
    """The report at a moment, with a line for each of the models that was touched. Three
    statements."""
    makers = _lines(session.execute(_counted(period, at)))
    of_all = Line()
    for line in makers.values():
        _join(of_all, line)
    touched = _lines(session.execute(_by_model(period, models, at))) if models else {}
    return Report(
        period,
        at,
        of_all,
        tuple(sorted(makers.values(), key=lambda line: (line.key is None, str(line.key).lower()))),
        tuple(_named(touched[n], model) for n, model in enumerate(models) if n in touched),
        tuple(_reviewers(session.execute(_said(period, models)), models)),
    )


def _join(into: Line, line: Line) -> None:
    into.counts.update(line.counts)
    for act, numbers in line.ages.items():
        into.ages[act] = [a + b for a, b in zip(into.ages[act], numbers, strict=True)]
    into.older += line.older
    if line.oldest is not None:
        into.oldest = min(into.oldest or line.oldest, line.oldest)


def _named(line: Line, model: type[Any]) -> Line:
    line.key = model
    return line


def _lines(rows: Iterable[Any]) -> dict[Any, Line]:
    found: dict[Any, Line] = {}
    for key, act, age, is_older, count, oldest in rows:
        line = found.setdefault(key, Line(key))
        line.add(Act(act), age, bool(is_older), count, oldest)
    return found


def _rows(period: Period, at: datetime, key: Any) -> Select[Any]:
    """A row for each review that the report counts: whose it is, its state, age, and moment."""
    whens = [(Review.change_at > at - limit, n) for n, limit in enumerate(AGES)]
    age = case(*whens, else_=len(AGES))
    older = (
        literal(0) if period.since is None else case((Review.change_at < period.since, 1), else_=0)
    )
    return select(
        key.label("key"), Review.act, age.label("age"), older.label("older"), Review.change_at
    ).where(period.counted())


def _grouped(rows: Any) -> Select[Any]:
    row = rows.subquery().c
    groups = (row.key, row.act, row.age, row.older)
    return select(*groups, func.count(), func.min(row.change_at)).group_by(*groups)


def _counted(period: Period, at: datetime) -> Select[Any]:
    return _grouped(_rows(period, at, Review.actor))


def _by_model(period: Period, models: Sequence[type[Any]], at: datetime) -> Select[Any]:
    """The same by the place of each model that a change touched."""
    parts = [_rows(period, at, literal(n)).where(_touched(model)) for n, model in enumerate(models)]
    return _grouped(union_all(*parts))


def _touched(model: type[Any]) -> ColumnElement[bool]:
    """Whether the change made a version of the model."""
    query = select(literal(1)).select_from(model)
    versions: Any = model
    return query.where(versions.change_id == Review.change_id).correlate(Review).exists()


def _said(period: Period, models: Sequence[type[Any]]) -> Select[Any]:
    """By person: the acts (place -1), and the changes of each model (its place) that they are
    about."""
    spoken = Review.person.is_not(None) & Review.act.in_(SAID) & period.holds(Review.change_at)
    acts = select(literal(-1).label("place"), Review.person, Review.act, Review.change_id)
    parts = [acts.where(spoken)]
    for n, model in enumerate(models):
        about = select(literal(n), Review.person, null().cast(String), Review.change_id)
        parts.append(about.where(spoken, _touched(model)))
    row = union_all(*parts).subquery().c
    groups = (row.place, row.person, row.act)
    # acts are counted each, the changes of a model once
    count = case((row.place < 0, func.count()), else_=func.count(row.change_id.distinct()))
    return select(*groups, count).group_by(*groups).order_by(row.place)


def _reviewers(rows: Iterable[Any], models: Sequence[type[Any]]) -> list[Reviewer]:
    found: dict[str, Reviewer] = {}
    for place, person, act, count in rows:
        reviewer = found.setdefault(person, Reviewer(person))
        if place < 0:
            reviewer.acts[Act(act)] += count
        else:
            reviewer.models[models[place]] = count
    return sorted(found.values(), key=lambda each: each.name.lower())


def plain(found: Report, name_of: Mapping[type[Any], str]) -> dict[str, Any]:
    """The report as JSON holds it; moments in UTC."""
    return {
        "since": _iso(found.period.since),
        "until": _iso(found.period.until),
        "at": _iso(found.at),
        "all": _plain_line(found.all),
        "makers": [{"maker": line.key, **_plain_line(line)} for line in found.makers],
        "models": [{"model": name_of[line.key], **_plain_line(line)} for line in found.models],
        "reviewers": [
            {
                "reviewer": each.name,
                "acts": {act.value: each.acts[act] for act in SAID},
                "models": {name_of[model]: count for model, count in each.models.items()},
            }
            for each in found.reviewers
        ],
    }


def _plain_line(line: Line) -> dict[str, Any]:
    return {
        "changes": line.total,
        "states": {act.value: line.counts[act] for act in LISTED},
        "open": {act.value: list(ages) for act, ages in line.ages.items()},
        "open_from_before": line.older,
        "oldest_open": _iso(line.oldest),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
