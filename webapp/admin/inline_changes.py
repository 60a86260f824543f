"""Where a record's children have their present values from: the way from the owner's pages to the
changes that made them, which are not on its own timeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from webapp.changes import Change
from webapp.versioning import Operation, live

from . import presentation
from .inline import Inline

#: Changes that a page names of each kind of children.
NAMED = 5
WORDS = {Operation.CREATE: "added", Operation.UPDATE: "edited", Operation.RESTORE: "restored"}


@dataclass(frozen=True)
class ChildrenChange:
    """A change that living children have their newest versions from, and what it did to these."""

    number: int
    at: datetime
    actor: str | None
    reason: str | None
    done: str


@dataclass(frozen=True)
class Child:
    """A living child: its name, the address of its page, and the change that it is from."""

    name: str
    url: str | None
    version_id: int
    change_id: int | None
    at: datetime


@dataclass(frozen=True)
class ChildrenChanges:
    """The latest changes of one kind of children, newest first. `url` leads to all changes of the
    kind, those that removed some as well; None where there is no such page."""

    key: str
    label: str
    living: int
    changes: tuple[ChildrenChange, ...]
    url: str | None


@dataclass(frozen=True)
class Living:
    """The living children of one kind, oldest first; `is_all` says whether there are no others."""

    key: str
    label: str
    children: tuple[Child, ...]
    is_all: bool


def living(inlines: Iterable[Inline], owner: Any) -> tuple[Living, ...]:
    """Of each kind of children that the person may see: those that live, as many as a form holds.
    One statement a kind."""
    return tuple(_living(each, owner) for each in inlines if each.is_shown())


def _living(inline: Inline, owner: Any) -> Living:
    found = inline.living(owner, inline.most + 1)
    children = [
        Child(
            presentation.name_of(row),
            inline.url_of(row),
            row.version_id,
            row.change_id,
            row.version_from,
        )
        for row in found[: inline.most]
    ]
    return Living(inline.key, inline.label, tuple(children), len(found) <= inline.most)


def latest(session: Any, inlines: Iterable[Inline], owner_id: Any) -> tuple[ChildrenChanges, ...]:
    """Of each kind of children that the person may see: how many live, and which changes these are
    from. One statement a kind, over the living alone, as they are indexed."""
    return tuple(_of(session, each, owner_id) for each in inlines if each.is_shown())


def _of(session: Any, inline: Inline, owner_id: Any) -> ChildrenChanges:
    model = inline.model
    query = (
        select(model.change_id, model.version_op, func.count().label("count"), Change)
        .join(Change, Change.id == model.change_id)
        .where(inline.belongs(owner_id), live(model))
        .group_by(model.change_id, model.version_op, Change.id)
        .order_by(model.change_id.desc(), model.version_op)
    )
    found = list(session.execute(query))
    living = sum(count for _, _, count, _ in found)
    url = presentation.changes_of(inline.view.endpoint)
    return ChildrenChanges(inline.key, inline.label, living, tuple(_grouped(found)), url)


def _grouped(found: Sequence[Any]) -> Iterator[ChildrenChange]:
    numbers = list(dict.fromkeys(number for number, *_ in found))[:NAMED]
    for number in numbers:
        parts = [(op, count, row) for each, op, count, row in found if each == number]
        done = ", ".join(f"{count:,} {WORDS.get(op, op)}" for op, count, _ in parts)
        row = parts[0][2]
        yield ChildrenChange(number, row.at, row.actor, row.reason, done)
