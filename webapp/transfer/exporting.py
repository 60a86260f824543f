"""Writes a model's whole history in the form that the import reads.

The order of the lines within one change depends on what they say and not on ids, which an import
allots anew. So the export of an imported export is the same to the byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, func, inspect, or_, select
from sqlalchemy.orm import Session

from .lines import BadLine, Format, Line, Op, TransferError
from .roster import Roster

RANK = {Op.DELETE: 0, Op.UPDATE: 1, Op.CREATE: 2}


def export_history(
    session: Session, model: type[Any], *, change_model: type[Any], key: str | None = None
) -> Iterator[str]:
    """The lines of `model`'s history, oldest first, each with its newline.

    `change_model` is the table of changes, which knows actors and reasons. `key` names the column
    whose values become the lines' keys; without it they are ids.

    Raises TransferError where the key did not tell the living records apart, since such a file
    could not be imported.
    """
    format = Format(model, key)
    roster = Roster(key)
    found = session.execute(_versions(format, change_model).execution_options(yield_per=2_000))
    number = 0
    for _, run in groupby((_read(format, row) for row in found), lambda pair: pair[1].change):
        for lines in _changes(format, run):
            _follow(format, roster, number, lines)
            number += len(lines)
            yield from map(format.write, lines)


def _versions(format: Format, change_model: type[Any]) -> Select[Any]:
    """Every version with its change, and what its record was before."""
    model = format.model
    columns = inspect(model).columns
    named = columns[format.key or "id"]
    record = {"partition_by": model.id, "order_by": model.version_id}
    before = func.lag(model.version_op, type_=columns["version_op"].type).over(**record)
    return (
        select(
            model.id,
            model.version_from,
            model.version_op,
            before,
            named,
            func.lag(named, type_=named.type).over(**record),
            change_model.actor,
            change_model.reason,
            *(getattr(model, name) for name in format.codecs),
        )
        .outerjoin(change_model, change_model.id == model.change_id)
        .order_by(
            model.version_from,
            func.coalesce(model.change_id, 0),
            or_(before.is_(None), before == "delete"),  # creates come last: see _changes
            model.id,
            model.version_id,
        )
    )


def _read(format: Format, row: Row[Any]) -> tuple[Any, Line]:
    """The record's id and the line that tells its version."""
    id, at, operation, before, key, key_before, actor, reason, *values = tuple(row)
    existed = before is not None and before != "delete"
    op = Op.DELETE if operation == "delete" else Op.UPDATE if existed else Op.CREATE
    key = key_before if existed else key
    if key is None:
        raise TransferError(
            f"{format.model.__name__} {id} has no {format.key}, so the file could not name it: use"
            " another column, or none for ids."
        )
    return id, Line(0, at, actor, reason, op, key, dict(zip(format.codecs, values, strict=True)))


def _changes(format: Format, run: Iterable[tuple[Any, Line]]) -> list[list[Line]]:
    """Versions of one time, actor and reason, parted where a key is named again.

    Transactions that nothing tells apart in the file become one, as they do in an import.
    """
    changes: list[list[Line]] = []
    touched: dict[Any, int] = {}  # by record: how many changes of the run it is in
    named: dict[Any, int] = {}  # by key: after which change of the run it may be created anew
    for id, line in run:
        place = named.get(line.key, 0) if line.op is Op.CREATE else touched.get(id, 0)
        if place == len(changes):
            changes.append([])
        changes[place].append(line)
        touched[id] = named[line.key] = place + 1
    for lines in changes:
        lines.sort(key=lambda line: (RANK[line.op], format.key_codec.encode(line.key)))
    return changes


def _follow(format: Format, roster: Roster, number: int, lines: list[Line]) -> None:
    """Walk the import's way, so that no file is written which the import would refuse."""
    try:
        for line in lines:
            number += 1
            roster.follow(replace(line, number=number))
        roster.end_change()
    except BadLine as error:
        raise TransferError(
            f"the history of {format.model.__name__} cannot be told by {format.key}: {error} Use"
            " a column that is unique among the living, or none for ids."
        ) from None
