"""Findings in words, the same on the pages and on the command line."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from webapp.versioning import Fault, Finding, GuardFault


class Meaning(NamedTuple):
    """What a fault is called, what it means, and what to do about it."""

    name: str
    means: str
    next: str


REPAIR = (
    "No value is touched by this, but lists follow the flag. An administrator can set it to what"
    " the version numbers say."
)
BACKUP = (
    "No repair brings back what is gone: look for it in a backup from before. Whoever looks after"
    " the database may put it back under its own number."
)
COMPARE = (
    "Nothing here repairs it, since what it said before is not known: compare its timeline with a"
    " backup from before."
)

#: Of newest versions that lack the flag and bear an end.
LEFT = (
    "The version after it was removed, so its flag would bring an older state back. Look for that"
    " version in a backup from before."
)

MEANINGS = {
    Fault.FLAG: Meaning(
        "Flag and calculated differ",
        "The row’s flag says one thing, the version numbers another.",
        REPAIR,
    ),
    Fault.NONE_CURRENT: Meaning(
        "No current version", "No version of the record bears the flag: lists miss it.", REPAIR
    ),
    Fault.SEVERAL_CURRENT: Meaning(
        "Several current versions", "More than one version of the record bears the flag.", REPAIR
    ),
    Fault.FIRST_MISSING: Meaning(
        "Beginning missing", "The history does not begin with version 1.", BACKUP
    ),
    Fault.GAP: Meaning("Gap", "Version numbers are missing in the middle.", BACKUP),
    Fault.AFTER_DELETION: Meaning(
        "Edited after its deletion",
        "A version follows a deletion without bringing the record back.",
        COMPARE,
    ),
    Fault.OPERATION: Meaning(
        "Impossible operation", "The operation cannot stand at its place in the history.", COMPARE
    ),
    Fault.TIME: Meaning(
        "Wrong time", "The version does not begin when its change was made.", COMPARE
    ),
    Fault.PERIOD: Meaning(
        "Wrong end",
        "The version does not end when the next one begins. An end without a next version says"
        " that the newest one was removed.",
        BACKUP,
    ),
    Fault.CHANGE_MISSING: Meaning(
        "Change missing", "Nothing tells who made the version, when and why.", BACKUP
    ),
    Fault.REFERENCE_MISSING: Meaning(
        "Reference to nothing", "The version points at a row that is not there.", BACKUP
    ),
    Fault.ALTERED: Meaning(
        "Altered after it was saved",
        "What the version says is not what it said when it was saved.",
        COMPARE,
    ),
    Fault.CHANGE_ALTERED: Meaning(
        "Change altered",
        "Who made the version, when, why or from where is not what was recorded.",
        COMPARE,
    ),
    Fault.CHAIN: Meaning(
        "Chain broken",
        "The version fits its values and its change, and not the version before it as that was.",
        COMPARE,
    ),
    Fault.DIGEST_MISSING: Meaning(
        "Digest missing",
        "The version has no digest: another program wrote it, or took the digest away.",
        COMPARE,
    ),
    Fault.VERSION_MISSING: Meaning(
        "Version gone", "The digest of the version is there, and the version is not.", BACKUP
    ),
    Fault.UNREADABLE: Meaning(
        "Unreadable text",
        "The version holds text that is not UTF-8, which another program must have written.",
        BACKUP,
    ),
}

GUARDS = {
    "missing": "is missing",
    "off": "is switched off",
    "altered": "says something else than it should",
}


def told(finding: Finding) -> str:
    """What was found in place of what, in one sentence."""
    found, expected = _text(finding.found), _text(finding.expected)
    return {
        Fault.FLAG: f"the flag says {_flag(finding.found)}, calculated {_flag(finding.expected)}",
        Fault.NONE_CURRENT: "no version bears the flag",
        Fault.SEVERAL_CURRENT: f"{found} versions bear the flag",
        Fault.FIRST_MISSING: f"the history begins with version {found}",
        Fault.GAP: f"version {found} stands where version {expected} should",
        Fault.AFTER_DELETION: f"operation “{found}” after “{expected}”",
        Fault.OPERATION: f"operation “{found}” after {f'“{expected}”' if expected else 'nothing'}",
        Fault.TIME: f"it begins {found}, which should be {expected}",
        Fault.PERIOD: f"it ends {found or 'never'}, which should be {expected or 'never'}",
        Fault.CHANGE_MISSING: f"change {found} is not there" if found else "it names no change",
        Fault.REFERENCE_MISSING: f"there is no row {found} in {expected}",
        Fault.ALTERED: "its values, time, operation or links are not those that were saved",
        Fault.CHANGE_ALTERED: f"change {found} tells another person, time or reason than it did",
        Fault.CHAIN: "it was saved after another version than the one before it, or anew",
        Fault.DIGEST_MISSING: "it has no digest",
        Fault.VERSION_MISSING: "it was saved, and is not there",
        Fault.UNREADABLE: "bytes that are no text stand where text should",
    }[finding.fault]


def undigested(number: int) -> str:
    """How many versions nobody can vouch for, and what to do about them."""
    those = "1 version is" if number == 1 else f"{number:,} versions are"
    return f"{those} older than the digests: `integrity digest` gives each its own, once."


def guard_told(fault: GuardFault) -> str:
    return f"{fault.guard} on {fault.table} {GUARDS[fault.state]}"


def _flag(value: Any) -> str:
    return "current" if value else "superseded"


def _text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    return "" if value is None else str(value)
