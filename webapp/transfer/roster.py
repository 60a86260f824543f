"""Who is alive under which key, kept up to date while the lines of a history go by."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .errors import BadLine
from .lines import Line, Op
from .values import written_moment


@dataclass(slots=True, eq=False)
class Slot:
    """One record: its id, None until it is allotted, and when its newest version was made."""

    id: Any = None
    at: datetime | None = None


class Roster:
    """Finds the record that a line means, and refuses a line that does not fit what went before.

    Within one change a key names a record as it was called before the change, so that two records
    may swap their keys. A deleted record's key keeps naming it: creating it again goes on with its
    history.
    """

    def __init__(self, key: str | None) -> None:
        self._key = key or ""
        self._living: dict[Hashable, Slot] = {}
        self._dead: dict[Hashable, Slot] = {}
        self._left: dict[Hashable, Slot] = {}
        self._came: dict[Hashable, tuple[Slot, Line]] = {}

    def load(self, rows: Iterable[tuple[Any, Hashable, str, datetime]]) -> Hashable | None:
        """Take in each record's newest version: id, key, operation, time.

        Returns a key that two living records share, or None when every key is one record's.
        """
        for id, key, operation, at in rows:
            slot = Slot(id, at)
            if operation == "delete":
                older = self._dead.get(key)
                if older is None or older.at is None or older.at <= at:
                    self._dead[key] = slot
            elif key is not None and self._living.setdefault(key, slot) is not slot:
                return key
        return None

    def begins_change(self, line: Line) -> bool:
        """Whether the line names a record that the present change has touched already.

        One transaction makes one version of a record, so such a line belongs to the next one.
        """
        if line.key in self._left:
            return line.op is Op.CREATE or line.key in self._came
        return line.key in self._came and line.key not in self._living

    def follow(self, line: Line) -> Slot:
        """The record that the line is about; from now on as the line leaves it. Raises BadLine."""
        slot = self._create(line) if line.op is Op.CREATE else self._find(line)
        if slot.at is not None and line.at < slot.at:
            raise BadLine(
                line.number,
                f"its time is {written_moment(line.at)}, before {written_moment(slot.at)}, when"
                f" {line.key!r} got its newest version",
                "History only grows: give it a later time.",
            )
        slot.at = line.at
        return slot

    def end_change(self) -> None:
        """The change is whole: its keys count from now on. Raises BadLine where two clash."""
        for key in self._left:
            del self._living[key]
        for key, (slot, line) in self._came.items():
            if self._living.setdefault(key, slot) is not slot:
                raise BadLine(
                    line.number,
                    f"a living record has the key {key!r} already",
                    "Make it an update, or delete the other record before.",
                )
        self._left.clear()
        self._came.clear()

    def _create(self, line: Line) -> Slot:
        slot = self._dead.pop(line.key, None) or Slot()
        self._arrive(line.key, slot, line)
        return slot

    def _find(self, line: Line) -> Slot:
        slot = None if line.key in self._left else self._living.get(line.key)
        if slot is None:
            raise BadLine(
                line.number,
                f"{line.op} of {line.key!r}, which is not alive at that time",
                "Correct the key, or create the record before.",
            )
        self._left[line.key] = slot
        if line.op is Op.DELETE:
            self._dead[line.key] = slot
        else:
            self._arrive(line.values.get(self._key, line.key), slot, line)
        return slot

    def _arrive(self, key: Hashable, slot: Slot, line: Line) -> None:
        if key in self._came:
            raise BadLine(
                line.number,
                f"two records of one change get the key {key!r}",
                "One of them needs another key.",
            )
        if key is not None:
            self._came[key] = slot, line
