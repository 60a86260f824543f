"""Brings an existing history into a model's table: the times, people and reasons stay theirs.

Lines of the same time, actor and reason that follow one another are one change, and a change is one
transaction; a blank line, or a key that is named again, begins the next one. The whole file is
checked against the model and the records that there are before anything is written.

An import that was interrupted goes on where it stopped. Each change bears, in its `request_id`, the
number of its last line and a digest of the file up to there, committed together with its versions;
so the database itself says which lines it has, and a file that has grown since goes on as well. An
update to the values that a record has makes no version, as everywhere; a change of nothing else
leaves no mark and is read again the next time, with the same outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, lazyload, selectinload

from webapp.versioning import VersioningError, change, live

from .errors import BadLine, TransferError
from .lines import Format, Line, Op
from .linked import Targets, targets_of
from .roster import Roster, Slot
from .source import Source, line_of
from .values import written_moment

ORIGIN = "import"
#: Lines held in memory at once; a longer change is written in parts of one transaction.
CHUNK = 2_000

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did.

    Attributes:
        lines: number of the file's last line.
        known: up to which line an earlier import had brought the file in.
        changes: changes that were imported now; with `write=False`, that would be.
    """

    lines: int
    known: int
    changes: int


@dataclass(frozen=True, slots=True)
class Extent:
    """One change in the file: its first and last line, how many it has, and its mark."""

    first: int
    last: int
    lines: int
    mark: str


def import_history(
    session: Session,
    model: type[Any],
    path: Path,
    *,
    change_model: type[Any],
    key: str | None = None,
    write: bool = True,
    progress: Progress = lambda doing, done, total: None,
) -> Report:
    """Import the file's lines as versions of `model`'s records, each change in a transaction.

    The session is the import's own: it is committed and emptied on the way. `change_model` is the
    table of changes given to `enable_versioning`. `key` names the column that holds the lines' keys
    and ids are allotted; without it the keys are ids. `write=False` checks and writes nothing.
    `progress` is told what was done ("checked", "imported"), up to which line, of how many (0 while
    that is not known).

    Raises TransferError (BadLine where one line is at fault) before anything is written; or later,
    when the database refuses a change: that one is left out whole, and those before it stay.
    """
    format = Format(model, key)
    known = _known(session, Source(path, *_meaning(format)), change_model)
    source = Source(path, *_meaning(format))
    targets = Targets(format)
    extents = _check(format, _roster(session, format), source, known, progress, targets)
    targets.check(session)
    last = extents[-1].last if extents else known
    if write:
        source = Source(path, *_meaning(format))
        roster = _roster(session, format)
        lines = _lines(format, source, known)
        for extent in extents:
            told = _told(islice(lines, extent.lines), progress, last)
            _import_change(session, format, roster, told, source, extent)
    return Report(last, known, len(extents))


def _meaning(format: Format) -> tuple[str, str]:
    return format.model.__name__, format.key or ""


def _known(session: Session, source: Source, change_model: type[Any]) -> int:
    """Up to which line the file has been imported."""
    recorded = select(change_model.request_id).where(change_model.origin == ORIGIN)
    marks = {mark for mark in session.scalars(recorded) if mark and line_of(mark)}
    session.rollback()
    numbers = {line_of(mark) for mark in marks}
    left = len(numbers)
    known = 0
    for number, _ in source:
        if number in numbers:
            left -= 1
            known = number if source.mark in marks else known
        if not left:
            break
    return known


def _roster(session: Session, format: Format) -> Roster:
    """The records that the database has now."""
    model = format.model
    named = getattr(model, format.key or "id")
    newest = (
        select(model.id, named, model.version_op, model.version_from)
        .where(model.is_current_version)
        .execution_options(yield_per=10_000)
    )
    roster = Roster(format.key)
    twice = roster.load(tuple(row) for row in session.execute(newest))
    session.rollback()
    if twice is not None:
        raise TransferError(
            f"Two living {model.__name__} records have {format.key} {twice!r}, so it cannot tell"
            " records apart. Nothing was imported: name another column, or make it unique."
        )
    return roster


def _lines(format: Format, source: Source, known: int) -> Iterator[Line]:
    for number, raw in source:
        if number > known:
            yield format.read(number, raw)


def _told(lines: Iterator[Line], progress: Progress, last: int) -> Iterator[Line]:
    for line in lines:
        yield line
        progress("imported", line.number, last)


def _check(
    format: Format,
    roster: Roster,
    source: Source,
    known: int,
    progress: Progress,
    targets: Targets,
) -> list[Extent]:
    """Read everything once and find the changes. Raises BadLine."""
    extents: list[Extent] = []
    before: Line | None = None
    first, count, mark = 0, 0, ""
    for line in _lines(format, source, known):
        if before is not None and line.at < before.at:
            raise BadLine(
                line.number,
                f"its time is {written_moment(line.at)}, before that of line {before.number}",
                "Sort the lines by time.",
            )
        if before is None or _parts(before, line) or roster.begins_change(line):
            if before is not None:
                roster.end_change()
                extents.append(Extent(first, before.number, count, mark))
            first, count = line.number, 0
        roster.follow(line)
        targets.note(line)
        before, count, mark = line, count + 1, source.mark
        progress("checked", line.number, 0)
    if before is not None:
        roster.end_change()
        extents.append(Extent(first, before.number, count, mark))
    return extents


def _parts(before: Line, line: Line) -> bool:
    """Whether the two belong to different changes, by what they say or by a blank line."""
    return line.change != before.change or line.number > before.number + 1


def _import_change(
    session: Session,
    format: Format,
    roster: Roster,
    lines: Iterator[Line],
    source: Source,
    extent: Extent,
) -> None:
    """Write one change and commit it, in parts that fit into memory."""
    try:
        part = list(islice(lines, CHUNK))
        start = part[0] if part else _refuse_changed()
        with change(
            session,
            actor=start.actor,
            reason=start.reason,
            origin=ORIGIN,
            request_id=extent.mark,
            at=start.at,
        ):
            while part:
                _apply(session, format, roster, part)
                part = list(islice(lines, CHUNK))
            roster.end_change()
            if source.mark != extent.mark:
                _refuse_changed()
            session.commit()
    except (SQLAlchemyError, VersioningError, TransferError, ValueError) as error:
        session.rollback()
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise TransferError(
            f"lines {extent.first} to {extent.last}, one change, were refused:"
            f" {' '.join(str(reason).split()).rstrip('.')}. Nothing of this change was imported and"
            " all before it was: correct the lines and import the file again."
        ) from error


def _refuse_changed() -> NoReturn:
    raise TransferError("the file was changed while it was being read")


def _apply(session: Session, format: Format, roster: Roster, lines: list[Line]) -> None:
    """Make the versions that the lines ask for, then let go of their objects."""
    steps = [(line, roster.follow(line)) for line in lines]
    living = _living(session, format, [slot for line, slot in steps if line.op is not Op.CREATE])
    created: list[tuple[Slot, Any]] = []
    with session.no_autoflush:
        values = targets_of(session, format, lines)
        for line, slot in steps:
            if line.op is Op.CREATE:
                made = _new(session, format, line, slot, values[line.number])
                created.append((slot, made))
                continue
            record = living.get(slot.id)
            if record is None:
                raise BadLine(line.number, f"{line.key!r} was deleted meanwhile", "Import again.")
            if line.op is Op.DELETE:
                session.delete(record)
            else:
                for name, value in values[line.number].items():
                    setattr(record, name, value)
    session.flush()
    for slot, record in created:
        slot.id = record.id
    session.expunge_all()


def _living(session: Session, format: Format, slots: list[Slot]) -> dict[Any, Any]:
    model = format.model
    if not slots:
        return {}
    rows = session.scalars(
        select(model)
        .where(live(model), model.id.in_([slot.id for slot in slots]))
        .options(lazyload("*"), *(selectinload(getattr(model, name)) for name in format.links))
    )
    return {row.id: row for row in rows}


def _new(
    session: Session, format: Format, line: Line, slot: Slot, values: Mapping[str, Any]
) -> Any:
    record = format.model(**values)
    if slot.id is not None:
        record.id = slot.id
    elif format.key is None:
        record.id = line.key
    session.add(record)
    return record
