"""Merges two edits of a JSON value: objects by key, lists by member where that leaves no doubt."""

from __future__ import annotations

from typing import Any

from .differences import Path
from .documents import ABSENT, canonical

DEEPEST = 100


def merge_documents(base: Any, theirs: Any, yours: Any) -> tuple[Any, tuple[Path, ...]]:
    """The merged value and the paths in conflict, where it has what theirs has."""
    conflicts: list[Path] = []
    return _merge(base, theirs, yours, (), conflicts), tuple(conflicts)


def merge_members(base: list[Any], theirs: list[Any], yours: list[Any]) -> list[Any] | None:
    """The list with what either side added, without what either removed; None where in doubt.

    In doubt are members that are there twice, objects and lists that came or went (one may be
    another, edited), a member that both replaced, and two new orders.
    """
    keys = [[canonical(member) for member in side] for side in (base, theirs, yours)]
    old, hers, mine = keys
    if any(len(set(side)) < len(side) for side in keys):
        return None
    members = dict(zip([*old, *hers, *mine], [*base, *theirs, *yours], strict=True))
    gone_hers, gone_mine = set(old) - set(hers), set(old) - set(mine)
    new_hers, new_mine = set(hers) - set(old), set(mine) - set(old)
    altered = gone_hers | gone_mine | new_hers | new_mine
    if any(isinstance(members[key], dict | list) for key in altered):
        return None
    if gone_hers & gone_mine and new_hers and new_mine and new_hers != new_mine:
        return None
    moved_hers, moved_mine = _moved(old, hers), _moved(old, mine)
    if moved_hers and moved_mine and _moved(hers, mine):
        return None
    if moved_mine and not moved_hers:
        merged = _with_added(mine, hers, gone_hers, new_hers, new_mine)
    else:
        merged = _with_added(hers, mine, gone_mine, new_mine, new_hers)
    return [members[key] for key in merged]


def _merge(base: Any, theirs: Any, yours: Any, path: Path, conflicts: list[Path]) -> Any:
    if _equal(theirs, yours) or _equal(base, yours):
        return theirs
    if _equal(base, theirs):
        return yours
    if isinstance(theirs, dict) and isinstance(yours, dict) and len(path) < DEEPEST:
        return _merge_keys(base if isinstance(base, dict) else {}, theirs, yours, path, conflicts)
    if isinstance(theirs, list) and isinstance(yours, list) and isinstance(base, list):
        members = merge_members(base, theirs, yours)
        if members is not None:
            return members
    conflicts.append(path)
    return theirs


def _merge_keys(
    base: dict[str, Any],
    theirs: dict[str, Any],
    yours: dict[str, Any],
    path: Path,
    conflicts: list[Path],
) -> dict[str, Any]:
    merged = {}
    for key in dict.fromkeys([*theirs, *yours]):
        old, hers, mine = (side.get(key, ABSENT) for side in (base, theirs, yours))
        value = _merge(old, hers, mine, (*path, key), conflicts)
        if value is not ABSENT:
            merged[key] = value
    return merged


def _equal(a: Any, b: Any) -> bool:
    if a is ABSENT or b is ABSENT:
        return a is b
    return bool(canonical(a) == canonical(b))


def _moved(a: list[Any], b: list[Any]) -> bool:
    """Whether the members that both have come in another order."""
    in_a, in_b = set(a), set(b)
    return [key for key in a if key in in_b] != [key for key in b if key in in_a]


def _with_added(
    order: list[Any], other: list[Any], gone: set[Any], new: set[Any], ours: set[Any]
) -> list[Any]:
    """One side's list with the other side's removals and additions; these follow the member that
    they follow there, and what was added in the same place by the first side."""
    merged = [key for key in order if key not in gone]
    for place, key in enumerate(other):
        if key not in new or key in ours:
            continue
        before = [earlier for earlier in other[:place] if earlier in merged]
        at = merged.index(before[-1]) + 1 if before else 0
        while at < len(merged) and merged[at] in ours:
            at += 1
        merged.insert(at, key)
    return merged
