"""Aligns two sequences: which items of the one are items of the other, in order, at bounded cost.

Common ends first, then items that occur once on either side (patience diff: sorting, no search),
then difflib within what is left between them, as long as its budget lasts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

#: Equal items side by side: (start in a, start in b, length).
Block = tuple[int, int, int]
Items = Sequence[Hashable]


@dataclass
class Budget:
    """How many pairs of items difflib may still look at, and whether it was refused any."""

    pairs: int = 250_000
    refused: bool = False

    def take(self, pairs: int) -> bool:
        if pairs > self.pairs:
            self.refused = True
            return False
        self.pairs -= pairs
        return True


def align(a: Items, b: Items, budget: Budget | None = None) -> list[Block]:
    """The blocks of equal items in rising order.

    When the budget is spent, what is left counts as different on both sides; the blocks are right,
    only fewer than there could be.
    """
    budget = budget or Budget()
    start = _common(a, b)
    end = _common(a[start:][::-1], b[start:][::-1])
    middle_a, middle_b = a[start : len(a) - end], b[start : len(b) - end]
    blocks: list[Block] = [(0, 0, start)]
    anchors = [*_anchors(middle_a, middle_b), (len(middle_a), len(middle_b))]
    i = j = 0
    for to_i, to_j in anchors:
        if budget.take((to_i - i) * (to_j - j)):
            gap = _search(middle_a[i:to_i], middle_b[j:to_j])
            blocks.extend((start + i + x, start + j + y, n) for x, y, n in gap)
        blocks.append((start + to_i, start + to_j, int(to_i < len(middle_a))))
        i, j = to_i + 1, to_j + 1
    blocks.append((len(a) - end, len(b) - end, end))
    return list(_joined(blocks))


def edits(
    blocks: Sequence[Block], length_a: int, length_b: int
) -> Iterator[tuple[bool, int, int, int, int]]:
    """The blocks and the gaps between them: (equal, from and to in a, from and to in b)."""
    i = j = 0
    for block_i, block_j, length in [*blocks, (length_a, length_b, 0)]:
        if i < block_i or j < block_j:
            yield False, i, block_i, j, block_j
        if length:
            yield True, block_i, block_i + length, block_j, block_j + length
        i, j = block_i + length, block_j + length


def longest_rise(numbers: Sequence[int]) -> list[int]:
    """Positions of a longest rising run of the numbers, all different, in n log n."""
    tails: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for position, number in enumerate(numbers):
        place = bisect_left(tails, number)
        before.append(last[place - 1] if place else None)
        tails[place : place + 1] = [number]
        last[place : place + 1] = [position]
    found: list[int] = []
    at = last[-1] if last else None
    while at is not None:
        found.append(at)
        at = before[at]
    return found[::-1]


def _common(a: Items, b: Items) -> int:
    pairs = enumerate(zip(a, b, strict=False))
    return next((n for n, (x, y) in pairs if x != y), min(len(a), len(b)))


def _anchors(a: Items, b: Items) -> list[tuple[int, int]]:
    """Items that occur once in each, as many as come in the same order."""
    if set(a).isdisjoint(b):
        return []
    once_a = {item for item, count in Counter(a).items() if count == 1}
    once_b = {item for item, count in Counter(b).items() if count == 1}
    place = {item: n for n, item in enumerate(b) if item in once_a and item in once_b}
    pairs = [(n, place[item]) for n, item in enumerate(a) if item in place]
    return [pairs[n] for n in longest_rise([j for _, j in pairs])]


def _search(a: Items, b: Items) -> list[Block]:
    if set(a).isdisjoint(b):
        return []
    found = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return [(m.a, m.b, m.size) for m in found if m.size]


def _joined(blocks: Sequence[Block]) -> Iterator[Block]:
    """Neighbours made one, empty ones left out."""
    i = j = n = 0
    for next_i, next_j, length in blocks:
        if (i + n, j + n) == (next_i, next_j):
            n += length
            continue
        if n:
            yield i, j, n
        i, j, n = next_i, next_j, length
    if n:
        yield i, j, n
