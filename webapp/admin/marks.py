"""Small marks that another room puts on changes and on the versions that they made.

A mark tells of now, so pages of the past bear none: there the change's number leads to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from flask import current_app
from flask_admin import Admin

MAKERS = "change_marks"


class Mark(NamedTuple):
    """A mark: its words, what they mean, where it leads, and of which kind it is (a CSS class)."""

    text: str
    means: str
    url: str
    kind: str


#: Makes the marks of the changes of these numbers, by one statement; some may have none.
MakeMarks = Callable[[list[int]], Mapping[int, Mark]]


def add_marks(admin: Admin, make: MakeMarks) -> None:
    """Show these marks on timelines, on the pages of records and in the feed of changes."""
    admin.app.extensions[MAKERS] = make


def marks_of(change_ids: Iterable[int | None]) -> Mapping[int, Mark]:
    """The marks of the changes, by number; one statement at most."""
    make: MakeMarks | None = current_app.extensions.get(MAKERS)
    ids = sorted({id for id in change_ids if id is not None})
    return make(ids) if make is not None and ids else {}
