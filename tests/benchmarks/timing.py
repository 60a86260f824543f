"""Repeats in turns, and their medians."""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable, Mapping
from statistics import median
from time import perf_counter
from typing import TypeVar

Seconds = float
Name = TypeVar("Name", bound=Hashable)


def in_turns(
    work: Mapping[Name, Callable[[], Seconds]], rounds: int, warm_up: int = 1
) -> dict[Name, Seconds]:
    """The median of each work's seconds; in every round each has a turn, and another begins.

    So whatever else the machine does meets all of them alike.
    """
    found: dict[Name, list[Seconds]] = {name: [] for name in work}
    names = list(work)
    for number in range(-warm_up, rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
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
