"""The repair of flags as the page and the command run it: set, recorded as an event, committed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError

from webapp.auth import events
from webapp.extensions import db
from webapp.versioning import FlagRepair, FlagSet, repair_flags

#: Versions that the event names; it counts all.
NAMED = 20
#: How the guards' own refusals begin.
GUARDED = "history is append-only"
OLD_GUARDS = (
    "The database’s guards do not know this repair and refused it, so no flag was set. Run"
    " `versioned-admin integrity mend-guards`, then repair again."
)
TAKEN = (
    "A record that would be current again has a value that must be unique, and another record has"
    " taken it meanwhile. No flag was set: give the other record another value, then repair again."
)


class RepairRefused(Exception):
    """The repair was not made, and nothing was written. The message says what to do."""


def repair(model: type[Any], reason: str, *, seen: str | None = None) -> FlagRepair:
    """Set the flags of a model to what the version numbers say, and record it; both or neither.

    `seen` is as in `repair_flags`. Raises SelectionChanged and RepairRefused, and has rolled back
    then. Without a reason, ValueError.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("A repair needs a reason. No flag was set: say why.")
    try:
        done = repair_flags(db.session(), model, seen=seen)
        if done.count:
            events.record(events.FLAGS_REPAIRED, None, recorded(done, reason))
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise RepairRefused(OLD_GUARDS if GUARDED in str(error.orig) else TAKEN) from None
    except Exception:
        db.session.rollback()
        raise
    return done


def recorded(done: FlagRepair, reason: str) -> str:
    """What the event says: the model, how many, the first of them, and why."""
    return f"{counted(done)}. Why: {reason}"


def counted(done: FlagRepair) -> str:
    """The model, how many flags, and the first of them."""
    name, number = done.model.__name__, f"{done.count:,} {'flag' if done.count == 1 else 'flags'}"
    which = named(done.first, done.count)
    return f"{name}, {number}: {done.given:,} given, {done.taken:,} taken ({which})"


def named(first: Sequence[FlagSet], count: int) -> str:
    """The first versions in words, and how many more there are."""
    parts = [f"#{each.id} version {each.version_id}" for each in first[:NAMED]]
    if count > len(parts):
        parts.append(f"{count - len(parts):,} more")
    return ", ".join(parts)
