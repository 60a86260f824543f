"""Differences between versions as people read them: what is in sight, what is folded.

Data for the templates, made of the core's frozen differences. Nothing here is markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from webapp.versioning import (
    MASKED,
    Blob,
    BlobDifference,
    FieldChange,
    MembersDifference,
    NumberDifference,
    PathsDifference,
    TextDifference,
    TimeDifference,
)

from . import amounts, documents, runs
from .presentation import text_of
from .runs import Room, Text

Form = Literal["masked", "same", "set", "pair", "words", "items"]
#: Characters up to which a text is read faster as old and new than word by word.
PHRASE = 40
#: Strings that would be read as nothing, or as another JSON value.
NEEDS_QUOTES = re.compile(r"\s*|null|true|false|-?\d[\d.eE+-]*|[\[{\"].*", re.DOTALL)
PLAIN_KEY = re.compile(r"[^\W\d][\w-]*")


@dataclass(frozen=True)
class Item:
    """One place in a JSON value, or one member of a list: where, and what became of it."""

    place: str
    old: Text | None
    new: Text | None
    note: str = ""


@dataclass(frozen=True)
class Shown:
    """One field of a version or of a comparison.

    `form` chooses the layout: "pair" is old and new, with a `note` such as the signed difference;
    "set" the new value alone; "same" the value that both sides have; "words" the `parts` of a text;
    "items" places or members; "masked" no value at all. `more` are parts beyond those in sight.
    """

    name: str
    label: str
    form: Form
    old: Text | None = None
    new: Text | None = None
    note: str = ""
    parts: tuple[Any, ...] = ()
    more: tuple[Any, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class Layout:
    """How a view's columns are laid out. `show` is text of a column's value, "" for none; `plain`
    are columns whose value stands for something else, so that no number is compared."""

    show: Callable[[str, Any], str]
    label: Callable[[str], str]
    plain: frozenset[str]
    room: Room

    def changes(self, changes: Iterable[FieldChange], first: bool = False) -> tuple[Shown, ...]:
        """What a version changed; with `first`, what it was created with."""
        return tuple(self._created(each) if first else self.change(each) for each in changes)

    def change(self, change: FieldChange) -> Shown:
        """A field before and after, in the way of its kind."""
        if change.old is MASKED or change.new is MASKED:
            return self._shown(change.name, "masked", note="changed, its value is not shown")
        if change.kind == "links":
            return self._links(change)
        if change.name in self.plain or self._is_too_large(change):
            return self._pair(change)
        detail = change.detail
        for known, lay_out in LAYOUTS:
            if isinstance(detail, known):
                return lay_out(self, change, detail) or self._pair(change)
        return self._pair(change)

    def same(self, name: str, value: Any) -> Shown:
        """A field that both sides of a comparison have alike."""
        if value is MASKED:
            return self._shown(name, "masked", note="unchanged, its value is not shown")
        return self._shown(name, "same", new=self._text(name, value))

    def _created(self, change: FieldChange) -> Shown:
        if change.new is MASKED:
            return self._shown(change.name, "masked", note="set, its value is not shown")
        if isinstance(change.new, bytes) and isinstance(change.detail, BlobDifference):
            return self._shown(change.name, "set", new=_blob(change.detail.new))
        return self._shown(change.name, "set", new=self._text(change.name, change.new))

    def _pair(self, change: FieldChange, note: str = "") -> Shown:
        old, new = (self._text(change.name, value) for value in (change.old, change.new))
        return self._shown(change.name, "pair", old=old, new=new, note=note)

    def _numbers(self, change: FieldChange, detail: NumberDifference) -> Shown:
        return self._pair(change, amounts.number(detail))

    def _times(self, change: FieldChange, detail: TimeDifference) -> Shown:
        return self._pair(change, amounts.time(detail))

    def _blobs(self, change: FieldChange, detail: BlobDifference) -> Shown:
        return self._shown(change.name, "pair", old=_blob(detail.old), new=_blob(detail.new))

    def _words(self, change: FieldChange, detail: TextDifference) -> Shown | None:
        note = amounts.spelling(change.old, change.new)
        is_short = max(len(change.old or ""), len(change.new or "")) <= PHRASE
        if is_short or not any(part.kind == "equal" and part.text.strip() for part in detail.parts):
            return self._pair(change, note)
        return self._parted(change, "words", runs.runs(detail.parts, self.room), note)

    def _paths(self, change: FieldChange, detail: PathsDifference) -> Shown | None:
        if any(not each.path for each in detail.changes):
            return None  # the whole value became another
        items = [
            Item(
                path_text(each.path),
                None if each.kind == "added" else self._of(each.old),
                None if each.kind == "removed" else self._of(each.new),
            )
            for each in detail.changes
        ]
        return self._parted(change, "items", items)

    def _members(self, change: FieldChange, detail: MembersDifference) -> Shown | None:
        if change.old is None or change.new is None:
            return None
        items = [Item("", self._of(member), None) for member in detail.removed]
        items += [Item("", None, self._of(member)) for member in detail.added]
        items += [
            Item("", self._of(move.member), self._of(move.member), _moved(move.old, move.new))
            for move in detail.moved
        ]
        return self._parted(change, "items", items)

    def _links(self, change: FieldChange) -> Shown:
        """What went and what came, by name."""
        went, came = (
            [self._linked(change.name, id) for id in side or ()]
            for side in (change.old, change.new)
        )
        items = [*(Item("", each, None) for each in went), *(Item("", None, each) for each in came)]
        return self._parted(change, "items", items)

    def _linked(self, name: str, id: Any) -> Text:
        return runs.text(self.show(name, (id,)), self.room)

    def _parted(self, change: FieldChange, form: Form, parts: list[Any], note: str = "") -> Shown:
        shown, more = tuple(parts[: self.room.parts]), tuple(parts[self.room.parts :])
        kept = () if self.room.characters else more
        return self._shown(
            change.name, form, note=note, parts=shown, more=kept, left_out=len(more) - len(kept)
        )

    def _is_too_large(self, change: FieldChange) -> bool:
        limit = self.room.compared
        sizes = (len(text_of(each)) for each in (change.old, change.new))
        return limit is not None and change.kind in ("text", "json") and max(sizes) > limit

    def _text(self, name: str, value: Any) -> Text:
        return runs.text("" if value is None else self.show(name, value), self.room)

    def _of(self, value: Any) -> Text:
        return runs.text(member_text(value), self.room)

    def _shown(self, name: str, form: Form, **more: Any) -> Shown:
        return Shown(name, self.label(name), form, **more)


def path_text(path: Iterable[str | int]) -> str:
    """A place in a JSON value: `sizes[0].width`, and quotes around a key that is no plain word."""
    steps = [
        f".{step}"
        if isinstance(step, str) and PLAIN_KEY.fullmatch(step)
        else f"[{json.dumps(step, ensure_ascii=False)}]"
        for step in path
    ]
    return "".join(steps).removeprefix(".")


def member_text(value: Any) -> str:
    """A part of a JSON value: as JSON writes it, a string unquoted where it may be."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if NEEDS_QUOTES.fullmatch(value) else value
    if value is None or isinstance(value, bool | int | float | dict | list):
        return documents.write(value)
    return text_of(value)


def _blob(blob: Blob | None) -> Text:
    return Text("" if blob is None else f"{blob.size:,} bytes, SHA-256 {blob.sha256}")


def _moved(old: int, new: int) -> str:
    return f"moved from place {old + 1} to {new + 1}"


# What a kind of difference is laid out by; None from it means: plainly, old and new.
LAYOUTS: tuple[tuple[type[Any], Callable[..., Shown | None]], ...] = (
    (NumberDifference, Layout._numbers),
    (TimeDifference, Layout._times),
    (TextDifference, Layout._words),
    (PathsDifference, Layout._paths),
    (MembersDifference, Layout._members),
    (BlobDifference, Layout._blobs),
)
