"""What the address of the feed asks for, and what is wrong with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from webapp.admin import times
from webapp.admin.subjects import Subject
from webapp.versioning import Operation, Reading, link_names, read_moment, shown_columns

FIELDS = ("model", "operation", "actor", "from", "to", "reason")
#: The lists of reviews have these as well.
REVIEWED = (*FIELDS, "field", "state")
LONGEST_REASON = 200
NO_CHOICE: Mapping[str, Any] = {}


@dataclass
class Asked:
    """The filters: as typed, as `changes` takes them, and the errors and notes on how they were
    read. With errors nothing is to be looked for."""

    typed: dict[str, str]
    filters: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read(
    args: Mapping[str, str],
    subjects: Mapping[str, Subject],
    *,
    names: Collection[str] = FIELDS,
    states: Mapping[str, Any] = NO_CHOICE,
) -> Asked:
    """The filters of an address. Moments without an offset are in the display zone; `to` a day
    means to its end."""
    asked = Asked({name: args[name] for name in names if args.get(name, "").strip()})
    typed = asked.typed
    if "state" in typed:
        _read_choice(asked, "state", states)
    if "field" in typed:
        fields = [each for _, group in fields_of(subjects) for each in group]
        _read_choice(asked, "field", {key: pair for key, _, pair in fields})
    if "model" in typed:
        _read_choice(asked, "model", {key: each.model for key, each in subjects.items()})
    if "operation" in typed:
        _read_choice(asked, "operation", {each.value: each.value for each in Operation})
    if "actor" in typed:
        asked.filters["actor"] = typed["actor"]
    if "reason" in typed:
        asked.filters["reason"] = typed["reason"].strip()
        if len(typed["reason"]) > LONGEST_REASON:
            asked.errors["reason"] = f"At most {LONGEST_REASON} characters."
    if "from" in typed:
        _read_moment(asked, "from", "since", typed["from"])
    if "to" in typed:
        _read_end(asked, typed["to"])
    since, until = asked.filters.get("since"), asked.filters.get("until")
    if since and until and since >= until:
        asked.errors["to"] = "The period ends before it begins."
    return asked


def fields_of(
    subjects: Mapping[str, Subject],
) -> list[tuple[str, list[tuple[str, str, tuple[type[Any], str]]]]]:
    """The fields that can be asked for, model by model: key, label, and which one it is."""
    return [
        (
            subject.name,
            [
                (f"{key}.{name}", subject.label(name), (subject.model, name))
                for name in (*shown_columns(subject.model), *link_names(subject.model))
                if name not in subject.hidden
            ],
        )
        for key, subject in subjects.items()
    ]


def _read_choice(asked: Asked, name: str, choices: Mapping[str, Any]) -> None:
    if asked.typed[name] in choices:
        asked.filters[name] = choices[asked.typed[name]]
    else:
        asked.errors[name] = "Choose one from the list."


def _read_moment(asked: Asked, name: str, filter_name: str, text: str) -> Reading | None:
    try:
        reading = read_moment(text, times.display_zone())
    except ValueError as error:
        asked.errors[name] = str(error)
        return None
    asked.filters[filter_name] = reading.at
    if reading.note:
        asked.notes.append(reading.note)
    return reading


def _read_end(asked: Asked, text: str) -> None:
    """A day alone counts as a whole; the last day that there is has no end."""
    day = _day(text)
    if day is None:
        _read_moment(asked, "to", "until", text)
        return
    zone = times.display_zone()
    asked.notes.append(f"To the end of {day.isoformat()}, {zone}.")
    if day < dt.date.max:
        after = day + dt.timedelta(days=1)
        try:
            asked.filters["until"] = read_moment(after.isoformat(), zone).at
        except ValueError as error:
            asked.errors["to"] = str(error)


def _day(text: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text.strip(), "%Y-%m-%d").date()
    except ValueError:
        return None
