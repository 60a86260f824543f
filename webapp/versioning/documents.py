"""Compares JSON values by path, and lists by member."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from typing import Any

from .align import align, edits, longest_rise
from .differences import MembersDifference, Move, Path, PathChange, PathsDifference

ABSENT: Any = object()


def compare_documents(old: Any, new: Any) -> PathsDifference:
    """The places at which two JSON values differ. Lists inside are aligned by their members."""
    found: list[PathChange] = []
    waiting: list[tuple[Path, Path, Any, Any]] = [((), (), old, new)]
    while waiting:
        old_path, path, before, after = waiting.pop()
        if isinstance(before, dict) and isinstance(after, dict):
            waiting.extend(reversed(list(_keys(old_path, path, before, after))))
        elif isinstance(before, list) and isinstance(after, list):
            waiting.extend(reversed(list(_places(old_path, path, before, after))))
        elif before is ABSENT:
            found.append(PathChange(path, "added", None, after))
        elif after is ABSENT:
            found.append(PathChange(old_path, "removed", before, None))
        elif canonical(before) != canonical(after):
            found.append(PathChange(path, "changed", before, after))
    return PathsDifference(tuple(found))


def compare_members(old: Sequence[Any], new: Sequence[Any]) -> MembersDifference:
    """Which members came, went and moved. A member that is there twice counts twice."""
    places: dict[Any, deque[int]] = defaultdict(deque)
    for place, member in enumerate(old):
        places[canonical(member)].append(place)
    kept, added = [], []
    for place, member in enumerate(new):
        before = places[canonical(member)]
        if before:
            kept.append((before.popleft(), place))
        else:
            added.append(member)
    removed = [old[place] for place in sorted(place for left in places.values() for place in left)]
    stayed = set(longest_rise([before for before, _ in kept]))
    moved = [Move(new[to], was, to) for n, (was, to) in enumerate(kept) if n not in stayed]
    return MembersDifference(tuple(added), tuple(removed), tuple(moved))


def canonical(value: Any) -> Any:
    """Something hashable that is equal for equal JSON values only: true is not 1."""
    return json.dumps(value, sort_keys=True, default=repr)


def _keys(
    old_path: Path, path: Path, before: dict[str, Any], after: dict[str, Any]
) -> Iterator[tuple[Path, Path, Any, Any]]:
    for key in dict.fromkeys([*before, *after]):
        yield (*old_path, key), (*path, key), before.get(key, ABSENT), after.get(key, ABSENT)


def _places(
    old_path: Path, path: Path, before: list[Any], after: list[Any]
) -> Iterator[tuple[Path, Path, Any, Any]]:
    """Members that differ, paired in order within each gap between equal ones."""
    blocks = align([canonical(m) for m in before], [canonical(m) for m in after])
    for equal, i, to_i, j, to_j in edits(blocks, len(before), len(after)):
        for step in range(0 if equal else max(to_i - i, to_j - j)):
            a, b = i + step, j + step
            yield (
                (*old_path, a),
                (*path, b),
                before[a] if a < to_i else ABSENT,
                after[b] if b < to_j else ABSENT,
            )
