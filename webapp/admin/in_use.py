"""References that stand in the way of a deletion or a save, in words and by the records' names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_sqlalchemy import SQLAlchemy

from webapp.versioning import DanglingReference, Referrer, StillReferenced

from .presentation import sentence, word_for
from .references import Target

#: Records that a sentence names.
NAMED = 5


def said(db: SQLAlchemy, error: Exception) -> str:
    """What the error says to a person at a page. Looks names up: one query a model."""
    if isinstance(error, StillReferenced):
        named = _named(db, error.referrers)
        more = error.total - min(len(error.referrers), NAMED)
        rest = f", and {more:,} more" if more > 0 else ""
        return f"Still in use by {named}{rest}. Nothing was deleted: change or delete these first."
    if isinstance(error, DanglingReference):
        fields = sorted({sentence(each.name.replace("_", " ")) for each in error.referrers})
        return (
            f"{', '.join(fields)}: the record chosen was deleted or is not there. Nothing was"
            " saved: choose another, or restore it first."
        )
    return str(error)


def _named(db: SQLAlchemy, referrers: Sequence[Referrer]) -> str:
    shown = list(dict.fromkeys((each.model, each.id) for each in referrers))[:NAMED]
    names: dict[tuple[type[Any], Any], str] = {}
    for model in dict.fromkeys(model for model, _ in shown):
        found = Target(db, model).names([id for each, id in shown if each is model])
        names |= {(model, id): name for id, name in found.items()}
    return ", ".join(f"{word_for(model)} “{names[model, id]}”" for model, id in shown)
