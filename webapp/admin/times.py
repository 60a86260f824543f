"""Moments as people read and type them, in the time zone that the pages show."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from flask import current_app

MOMENT = re.compile(
    r"(?P<local>\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d([.,]\d{1,6})?)?)"
    r" ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d(:\d\d)?)?",
    re.ASCII,
)
HINT = "Like 2026-11-14 16:20:00."


def display_zone() -> tzinfo:
    """The zone of the setting TIMEZONE; UTC where no application is at hand."""
    name = current_app.config.get("TIMEZONE", "UTC") if current_app else "UTC"
    return UTC if name == "UTC" else ZoneInfo(name)


def local(moment: datetime) -> datetime:
    """`moment` in the display zone. A naive one, as SQLite returns, is UTC."""
    aware = moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone(display_zone())
    except OverflowError:  # the first and last hours that a datetime can hold
        return aware


def write_moment(moment: datetime) -> str:
    """Text that `read_moment` turns into the very same moment: to the microsecond, with offset."""
    return local(moment).isoformat(sep=" ")


def read_moment(text: str) -> datetime:
    """The moment in UTC. Without an offset the text is a time of day in the display zone.

    Raises ValueError for what is no moment, and for an hour that the zone's clocks skip.
    """
    match = MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"Not a date and time. {HINT}")
    naive = read_naive(match["local"])
    zone = match["zone"]
    try:
        if zone is None:
            return _in_display_zone(naive)
        offset = "+00:00" if zone in ("Z", "UTC") else zone
        return datetime.fromisoformat(naive.isoformat() + offset).astimezone(UTC)
    except OverflowError:
        raise ValueError("This moment is too far away.") from None


def read_naive(text: str) -> datetime:
    """A date and time without zone. Raises ValueError for anything else."""
    match = MOMENT.fullmatch(text.strip())
    if match is None or match["zone"]:
        raise ValueError(f"Not a date and time. {HINT}")
    try:
        return datetime.fromisoformat(match["local"].replace(",", "."))
    except ValueError:
        raise ValueError("There is no such date and time.") from None


def ago(moment: datetime, now: datetime) -> str:
    """How long before `now` the moment was, in the one unit that tells most."""
    seconds = (now - moment) // timedelta(seconds=1)
    if seconds < 0:
        return "in the future"
    for unit, length in (("year", 31_557_600), ("month", 2_629_800), ("day", 86_400)):
        if seconds >= length:
            return _count(seconds // length, unit)
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return _count(seconds // length, unit)
    return "just now"


def _in_display_zone(naive: datetime) -> datetime:
    moment = naive.replace(tzinfo=display_zone()).astimezone(UTC)
    if local(moment).replace(tzinfo=None) != naive:
        raise ValueError("The clocks skip this hour: add an offset such as +01:00.")
    return moment


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'} ago"
