"""The moment that an address asks for: read, shown, and written into other addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from flask import request

from webapp.versioning import read_moment, utcnow

from . import times

#: The argument of an address that names the moment of a page.
NAME = "as_of"
#: Where a request's environment keeps the moment that was read.
KEY = "versioned_admin.moment"
YET_TO_COME = "This moment is still to come: shown is what is true now, until somebody saves."


@dataclass(frozen=True)
class Moment:
    """A moment in UTC, and a word on how it was read where that does not go without saying."""

    at: datetime
    note: str | None = None

    @property
    def address(self) -> str:
        """The moment as addresses hold it: to the microsecond, whatever the display zone."""
        return write(self.at)

    @property
    def shown(self) -> str:
        """Date and time to the second, or as exactly as needed, in the display zone."""
        local = times.local(self.at)
        exact = f".{local:%f}" if local.microsecond else ""
        return f"{local.day} {local:%b} {local.year}, {local:%H:%M:%S}{exact}"

    @property
    def zone(self) -> str:
        """The zone in which it is shown: “Europe/Berlin, UTC+01:00”."""
        name, offset = str(times.display_zone()), times.local(self.at).utcoffset()
        written = str(timezone(offset or timedelta()))
        return name if name == written else f"{name}, {written}"

    @property
    def typed(self) -> str:
        """The moment for a control of the browser that knows no zone, to the second.

        It is rounded up, so that a version made within that second is still seen.
        """
        rest = timedelta(microseconds=-self.at.microsecond % 1_000_000)
        try:
            local = times.local(self.at + rest)
        except OverflowError:  # the last second that there is
            local = times.local(self.at)
        return local.replace(tzinfo=None).isoformat(timespec="seconds")


def read(name: str = NAME) -> Moment | None:
    """The moment that the address names, None when it names none or leaves it empty.

    Without an offset it is local time in the display zone. Raises ValueError with what to write
    instead, for what is no moment and for several.
    """
    given = request.args.getlist(name)
    if len(given) > 1:
        raise ValueError("The address names several moments. Choose one.")
    if not given or not given[0].strip():
        return None
    reading = read_moment(given[0], times.display_zone())
    notes = [reading.note, YET_TO_COME if reading.at > utcnow() else None]
    return Moment(reading.at, " ".join(note for note in notes if note) or None)


def write(at: datetime) -> str:
    """Text that `read` turns into the very same moment, in every display zone."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
