"""Brings two edits of one version together, field by field, and says where it takes a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from .differences import Path
from .explain import kind_of
from .masking import MASKED, masked_columns
from .merge_documents import merge_documents
from .merge_texts import Hunk, line_style, merge_texts, text_of, with_line_ends_of
from .restore import restorable
from .shape import same

Outcome = Literal["same", "theirs", "yours", "both", "conflict"]


@dataclass(frozen=True)
class FieldMerge:
    """One attribute in three versions, and what becomes of it.

    `outcome` is "same" (neither changed it), "theirs" or "yours" (one did), "both" (both did, and
    `merged` has the work of either), or "conflict" (a person decides; `merged` is None). Values are
    MASKED where not for showing, so take what is to be saved from `merged_values`. A conflict says
    where it lies: `hunks` of a text, `paths` within a JSON value.
    """

    name: str
    base: Any
    theirs: Any
    yours: Any
    outcome: Outcome
    merged: Any = None
    hunks: tuple[Hunk, ...] = field(default=(), compare=False)
    paths: tuple[Path, ...] = field(default=(), compare=False)


def merge_fields(
    model: type[Any],
    base: Mapping[str, Any],
    theirs: Mapping[str, Any],
    yours: Mapping[str, Any],
) -> tuple[FieldMerge, ...]:
    """Every attribute that can be edited, in mapping order; one that a side lacks is as in base.

    Texts are merged by lines, JSON objects by key, lists by member, where that leaves no doubt. A
    text that came back from a browser with other line ends has not been changed.
    """
    return tuple(
        _merge(inspect(model), name, base.get(name), theirs, yours) for name in restorable(model)
    )


def merged_values(
    fields: Iterable[FieldMerge], theirs: Mapping[str, Any], yours: Mapping[str, Any]
) -> dict[str, Any]:
    """What to set on the newest version, by name: all but conflicts and what stays as it is.

    Takes the `theirs` and `yours` that `merge_fields` was given: masked values come from there.
    """
    found = {}
    for each in fields:
        if each.outcome in ("yours", "both"):
            source = yours if each.outcome == "yours" else theirs
            found[each.name] = source[each.name] if each.merged is MASKED else each.merged
    return found


def _merge(
    mapper: Mapper[Any], name: str, old: Any, theirs: Mapping[str, Any], yours: Mapping[str, Any]
) -> FieldMerge:
    hers, mine = theirs.get(name, old), yours.get(name, old)
    hidden = name in masked_columns(mapper.class_)
    like = with_line_ends_of(line_style(old, hers), mine)
    found = _settled(mapper, name, old, hers, like)
    if hidden:
        outcome = found[0] if found else "conflict"
        merged = None if outcome == "conflict" else MASKED
        return FieldMerge(name, MASKED, MASKED, MASKED, outcome, merged)
    if found:
        return FieldMerge(name, old, hers, mine, *found)
    return _both_changed(kind_of(mapper, name), FieldMerge(name, old, hers, mine, "conflict"), like)


def _settled(
    mapper: Mapper[Any], name: str, old: Any, hers: Any, mine: Any
) -> tuple[Outcome, Any] | None:
    """Outcome and value where one side at most changed it, or both did the same."""
    theirs_changed = not same(mapper, name, old, hers)
    if same(mapper, name, old, mine):
        return ("theirs" if theirs_changed else "same"), hers
    if not theirs_changed:
        return "yours", mine
    return ("both", hers) if same(mapper, name, hers, mine) else None


def _both_changed(kind: str, found: FieldMerge, mine: Any) -> FieldMerge:
    """The two edits brought together where their kind allows it, else a conflict."""
    old, hers = found.base, found.theirs
    if kind == "text" and isinstance(hers, str) and isinstance(mine, str):
        hunks = merge_texts(old or "", hers, mine)
        if any(hunk.kind == "conflict" for hunk in hunks):
            return replace(found, hunks=hunks)
        merged = with_line_ends_of(line_style(old, hers), text_of(hunks))
        return replace(found, outcome="both", merged=merged, hunks=hunks)
    if kind in ("json", "list"):
        document, paths = merge_documents(old, hers, mine)
        if not paths:
            return replace(found, outcome="both", merged=document)
        return replace(found, paths=paths)
    return found
