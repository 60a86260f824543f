"""Reads a moment that a person wrote, and says how it was understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

HOW = "Write it like 2030-05-17, 2030-05-17 14:30 or 2030-05-17T14:30:00+02:00."
MOMENT = re.compile(
    r"(?P<year>\d{1,6})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{1,2})"
    r"(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    # a plus sign that came unescaped through a URL is a blank
    r"\s*(?P<offset>Z|UTC|[+ -](?P<hours>\d{1,2}):?(?P<minutes>\d{2})?)?)?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True)
class Reading:
    """A moment in UTC, and a sentence on how it was read where that was not the only way."""

    at: datetime
    note: str | None = None


def parse_moment(text: str, zone: tzinfo) -> datetime:
    """The moment that an ISO 8601 date or date and time names, aware, in UTC.

    Without an offset it is local time in `zone`; a date alone is the start of that day there; of
    two moments with the same local time, the earlier (`read_moment` says so). Raises ValueError
    with what to write instead, for what is no moment and for local times that the clocks skip.
    """
    return read_moment(text, zone).at


def read_moment(text: str, zone: tzinfo) -> Reading:
    """As `parse_moment`, with a note where the text could mean something else."""
    match = MOMENT.fullmatch(text.strip()) if len(text) < 100 else None
    if match is None:
        raise ValueError(f"“{_shown(text)}” is not a date or a date and time. {HOW}")
    local = _local(match)
    try:
        found = _with_offset(local, match) if match["offset"] else _in_zone(local, match, zone)
        found.at.astimezone(zone)  # what cannot be shown there is refused as well
    except OverflowError:
        raise ValueError(f"{_shown(text)} is beyond the years 1 to 9999. {HOW}") from None
    return found


def _local(match: re.Match[str]) -> datetime:
    year = int(match["year"])
    if not 1 <= year <= 9999 or len(match["year"]) < 4:
        raise ValueError(f"The year {match['year']} is not one of 0001 to 9999. {HOW}")
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"A time of day runs from 00:00:00 to 23:59:59. {HOW}")
    microsecond = int((match["fraction"] or "").ljust(6, "0")[:6])
    month, day = int(match["month"]), int(match["day"])
    try:
        return datetime(year, month, day, hour, minute, second, microsecond)
    except ValueError:
        raise ValueError(f"The calendar has no {year:04}-{month:02}-{day:02}. {HOW}") from None


def _with_offset(local: datetime, match: re.Match[str]) -> Reading:
    if match["hours"] is None:
        return Reading(local.replace(tzinfo=UTC))
    hours, minutes = int(match["hours"]), int(match["minutes"] or 0)
    if hours > 23 or minutes > 59:
        offset = match["offset"].strip()
        raise ValueError(f"There is no offset {offset}: they run from -23:59 to +23:59. {HOW}")
    sign = -1 if match["offset"].startswith("-") else 1
    offset = timezone(sign * timedelta(hours=hours, minutes=minutes))
    return Reading(local.replace(tzinfo=offset).astimezone(UTC))


def _in_zone(local: datetime, match: re.Match[str], zone: tzinfo) -> Reading:
    earlier = local.replace(tzinfo=zone).astimezone(UTC)
    later = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    exists = earlier.astimezone(zone).replace(tzinfo=None, fold=0) == local
    if match["hour"] is None:
        note = f"Read as the start of {local:%Y-%m-%d}, {zone}."
        return Reading(min(earlier, later) if exists else earlier, note)
    if not exists:
        after = earlier.astimezone(zone)
        raise ValueError(
            f"The clocks in {zone} skip {local:%Y-%m-%d %H:%M}: write {after:%H:%M} or later, or"
            f" add an offset such as {_offset(after)}."
        )
    if earlier == later:
        return Reading(earlier)
    first, second = (moment.astimezone(zone) for moment in (earlier, later))
    return Reading(
        earlier,
        f"{local:%Y-%m-%d %H:%M} came twice in {zone}. Read as the first, {_offset(first)}; for the"
        f" second, write {_offset(second)} after it.",
    )


def _offset(moment: datetime) -> str:
    text = f"{moment:%z}"
    return f"{text[:3]}:{text[3:5]}"


def _shown(text: str) -> str:
    """The text in one short line of what can be printed."""
    plain = "".join(c if c.isprintable() else "�" for c in text.strip())
    return plain if len(plain) <= 40 else plain[:39] + "…"
