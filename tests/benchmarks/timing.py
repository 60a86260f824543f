"""Repeats in turns, and their medians."""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable, Mapping
from random import Random
from statistics import median
from time import perf_counter
from typing import TypeVar

Seconds = float
Name = TypeVar("Name", bound=Hashable)


def in_turns(
    work: Mapping[Name, Callable[[], Seconds]], rounds: int, warm_up: int = 1
) -> dict[Name, Seconds]:
    """The median of each work's seconds; in every round each has a turn, in an order of its own.

    So whatever else the machine does meets all of them alike, and so does what another leaves
    behind: a work that always came after the same one would pay for its cold caches.
    """
    found: dict[Name, list[Seconds]] = {name: [] for name in work}
    order = Random(0)
    for number in range(-warm_up, rounds):
        for name in order.sample(list(work), len(work)):
            seconds = work[name]()
            if number >= 0:
                found[name].append(seconds)
    return {name: median(seconds) for name, seconds in found.items()}


def seconds_of(work: Callable[[], object]) -> Seconds:
    """How long one call takes, with no rubbish of others to collect in it."""
    gc.collect()
    begun = perf_counter()
    work()
    return perf_counter() - begun
