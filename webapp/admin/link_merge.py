"""Two edits of the same links: what either put in or took out comes together, and leaves no doubt.

A record that was linked can only have been taken out, and any other only put in: where both did so,
they did the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from webapp.versioning import FieldChange

from . import identity
from .link_fields import LinksField


@dataclass(frozen=True)
class LinkMerge:
    """One kind of links as the editing began, over which version it was typed, and of both sides;
    all by the records' keys. `theirs` and `yours` are whole sets, as is what comes of them."""

    began: frozenset[str]
    base: frozenset[str]
    theirs: frozenset[str]
    yours: frozenset[str]

    @property
    def is_typed(self) -> bool:
        return self.yours != self.base

    @property
    def since(self) -> bool:
        return self.theirs != self.base

    @property
    def merged(self) -> frozenset[str]:
        return (self.theirs - (self.base - self.yours)) | (self.yours - self.base)

    @property
    def outcome(self) -> str:
        """Whose links are taken: "theirs", "yours", "both" when they are the same, else "merged";
        "" where neither side changed them."""
        if not self.is_typed:
            return "theirs" if self.theirs != self.began else ""
        if not self.since:
            return "yours"
        return "both" if self.theirs == self.yours else "merged"


def of(field: LinksField | None, began: Any, base: Any, theirs: Any) -> LinkMerge:
    """The merge of the ids that three versions had, and of what was typed into the field."""
    was, is_now = frozenset(map(str, base)), frozenset(map(str, theirs))
    yours = was
    if field is not None and field.raw_data:
        try:
            yours = frozenset(field.keys_sent())
        except ValueError:  # a file: the field says so when it is saved
            yours = was
    return LinkMerge(frozenset(map(str, began)), was, is_now, yours)


def change(model: type[Any], name: str, old: Iterable[str], new: Iterable[str]) -> FieldChange:
    """What went and what came between two sets of keys, by the ids of the linked model."""
    before, after = set(old), set(new)
    return FieldChange(name, ids(model, before - after), ids(model, after - before), "links")


def ids(model: type[Any], keys: Iterable[str]) -> tuple[Any, ...]:
    """The ids that the keys spell, in order, without those that can be none."""
    found = (identity.parse(model, key) for key in keys)
    return tuple(sorted(each for each in found if each is not None))
