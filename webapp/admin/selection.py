"""Which records a bulk action is about: those that were ticked, or all that match the list."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from flask import abort, request

from webapp.versioning import ManyPlan

from . import identity
from .drafts import number_of

#: Records that can be ticked, and records that can match a filter, in one action.
MOST_TICKED = 1000
MOST_MATCHING = 10_000
TOO_MANY = "At most {:,} records at once. Nothing was done: {}."


@dataclass(frozen=True)
class Selection:
    """Ids, each with the version that it was seen at (None: any), and how many ids are none."""

    chosen: dict[Any, int | None]
    unreadable: int = 0


def ticked(model: type[Any]) -> Selection:
    """The records that the form names: `rowid`, and `rowversion` like `7:3`. 400 for too many."""
    ids = dict.fromkeys(request.form.getlist("rowid"))
    if len(ids) > MOST_TICKED:
        abort(400, TOO_MANY.format(MOST_TICKED, "choose fewer, or all that match a filter"))
    pairs = (text.rpartition(":") for text in request.form.getlist("rowversion"))
    seen = {id: number_of(version) or None for id, _, version in pairs}
    found = {id: identity.parse(model, id) for id in ids}
    return Selection(
        {value: seen.get(id) for id, value in found.items() if value is not None},
        sum(value is None for value in found.values()),
    )


def matching(query: Any, model: type[Any]) -> Selection:
    """The records that a list's query selects, one more than `MOST_MATCHING` at most. 400 for too
    many."""
    rows = query.with_entities(model.id, model.version_id)
    found = dict(rows.all())
    if len(found) > MOST_MATCHING:
        abort(400, TOO_MANY.format(MOST_MATCHING, "narrow the list by a filter"))
    return Selection(found)


def digest(plan: ManyPlan) -> str:
    """Stands for exactly these records at these versions, and for what is done to them."""
    lines = sorted(f"{id}:{version}" for id, version in plan.versions.items())
    return hashlib.sha256("\n".join([plan.action, *lines]).encode()).hexdigest()
