"""What a person is about to save: the form as it was sent, and the answers of the merge page."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import MultiDict

from .untouched import as_sent
from .uploads import REMOVE, UPLOAD

if TYPE_CHECKING:
    from .merging import MergeRow

NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)
CHOICES = ("theirs", "yours", "merged", "hand")
# No attribute has a hyphen in its name, so no field of the form bears one of these.
BEGAN = "merge-began"
CHOICE, YOURS, BASE = "merge-choice-", "merge-yours-", "merge-base-"


@dataclass(frozen=True)
class Asked:
    """What the merge page sent back of a field: over which version it was typed, and the choice."""

    base: int
    yours: tuple[str, ...]
    choice: str


@dataclass(frozen=True)
class Draft:
    """What a person is about to save: the form as it was sent, and the answers of the merge page.

    `base` is the version that the form was filled over, `began` the one that the editing began
    with, before any merge.
    """

    sent: MultiDict[str, Any]
    base: int
    began: int
    asked: Mapping[str, Asked]

    @property
    def as_typed(self) -> MultiDict[str, Any]:
        """The form with what was typed at first in the fields that were asked about."""
        return _with(self.sent, {name: each.yours for name, each in self.asked.items()})

    def resolved(self, rows: Sequence[MergeRow], theirs: Any) -> MultiDict[str, Any]:
        """The form with what was chosen; `theirs` is the form of their version."""
        values: dict[str, Sequence[Any]] = {}
        for row in rows:
            if row.choice == "theirs":
                values[row.name] = as_sent(theirs[row.name]) or []
            elif row.choice == "yours":
                values[row.name] = row.sent
            elif row.choice == "merged":
                values[row.name] = [row.merged]
        return _with(self.sent, values)


def posted(sent: MultiDict[str, Any], names: Collection[str]) -> dict[str, Asked]:
    """The answers of the merge page, about fields that the form has."""
    return {
        name: Asked(
            base=number_of(sent[BASE + name]),
            yours=tuple(sent.getlist(YOURS + name)),
            choice=next((each for each in CHOICES if sent.get(CHOICE + name) == each), ""),
        )
        for name in names
        if BASE + name in sent
    }


def number_of(text: str) -> int:
    """The version number that the text spells, 0 for none."""
    return int(text) if NUMBER.fullmatch(text) else 0


def _with(sent: MultiDict[str, Any], values: Mapping[str, Sequence[Any]]) -> MultiDict[str, Any]:
    found = MultiDict(sent)
    for name, given in values.items():
        found.setlist(name, list(given))
        for control in (UPLOAD, REMOVE):  # of a file's field, which would have the last word
            found.poplist(name + control)
    return found
