"""What the integrity check finds: a fault, where it is, and what was found in place of what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """What can be wrong with a stored history. Each is impossible without SQL from outside."""

    FLAG = "flag"  # the persisted flag and the calculated one differ
    NONE_CURRENT = "none current"
    SEVERAL_CURRENT = "several current"
    FIRST_MISSING = "first missing"
    GAP = "gap"
    AFTER_DELETION = "after deletion"  # a version of a deleted record that did not bring it back
    OPERATION = "operation"  # one that cannot stand at its place, such as a second creation
    TIME = "time"  # it begins before its predecessor, or before its change
    PERIOD = "period"  # it ends at another time than its successor begins, or not at all
    CHANGE_MISSING = "change missing"
    REFERENCE_MISSING = "reference missing"  # it points at a row that is not there
    ALTERED = "altered"  # it does not say what it said when its digest was made
    CHANGE_ALTERED = "change altered"  # who made it, when or why is not what it was then
    CHAIN = "chain"  # it stood on another version before it, or its digest is another
    DIGEST_MISSING = "digest missing"  # it was never made by a transaction that keeps digests
    VERSION_MISSING = "version missing"  # its digest is there, and it is not
    UNREADABLE = "unreadable"  # it holds text that is none: bytes that are not UTF-8


@dataclass(frozen=True)
class Finding:
    """One fault of one version.

    `found` is the stored value and `expected` what it should be, in the terms of the fault: flags,
    version numbers, operations, aware UTC times, change ids. For a missing reference, `found` is
    the key that is referred to and `expected` the name of the table that lacks it; for an altered
    change, `found` is its number.
    """

    fault: Fault
    model: type[Any]
    id: Any
    version_id: int
    found: Any = None
    expected: Any = None


@dataclass(frozen=True)
class ModelCheck:
    """What a check of a model's versions found.

    `records` and `versions` are the numbers looked at, `counts` the findings by fault, all of them,
    `findings` the first of each fault, by id. `checked_to` is the id at which a check that was
    given a limit stopped; None when it came to the end. `undigested` counts the versions that are
    older than the digests and have none.
    """

    model: type[Any]
    records: int
    versions: int
    counts: Mapping[Fault, int]
    findings: tuple[Finding, ...]
    checked_to: Any = None
    undigested: int = 0

    @property
    def faults(self) -> int:
        """Findings of all kinds."""
        return sum(self.counts.values())
