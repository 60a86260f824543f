"""Writes a model's whole history in the form that the import reads.

The order of the lines within one change depends on what they say and not on ids, which an import
allots anew; and a version that is equal to the one before, of which an import would make nothing,
is left out. So the export of an imported export is the same to the byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, case, func, inspect, or_, select
from sqlalchemy.orm import Session

from .lines import BadLine, Format, Line, Op, TransferError
from .roster import Roster
from .values import written_moment

RANK = {Op.DELETE: 0, Op.UPDATE: 1, Op.CREATE: 2}


@dataclass(frozen=True, slots=True)
class Version:
    """A version on its way into the file."""

    id: Any
    line: Line
    values: str


def export_history(
    session: Session, model: type[Any], *, change_model: type[Any], key: str | None = None
) -> Iterator[str]:
    """The lines of `model`'s history, oldest first, each with its newline.

    `change_model` is the table of changes, which knows actors and reasons. `key` names the column
    whose values become the lines' keys; without it they are ids.

    Raises TransferError for values that JSON cannot say; and where the key did not tell the living
    records apart, since such a file could not be imported.
    """
    format = Format(model, key)
    roster = Roster(key)
    found = session.execute(_versions(format, change_model).execution_options(yield_per=2_000))
    number = 0
    for _, run in groupby(_read(format, found), lambda version: version.line.change):
        for versions in _changes(format, run):
            _follow(format, roster, number, versions)
            number += len(versions)
            yield from (format.write(version.line, version.values) for version in versions)


def _versions(format: Format, change_model: type[Any]) -> Select[Any]:
    """Every version with its change, and what its record was before.

    A transaction that lost time to another one's newer version dates its own version alike: such
    versions come after the other's, in the order of their numbers.
    """
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
            case((change_model.at < model.version_from, model.version_id), else_=0),
            func.coalesce(model.change_id, 0),
            or_(before.is_(None), before == "delete"),  # creates come last: see _changes
            model.id,
            model.version_id,
        )
    )


def _read(format: Format, rows: Iterable[Row[Any]]) -> Iterator[Version]:
    """The versions that say something, each with its line."""
    last: dict[Any, int] = {}
    for row in rows:
        id, at, operation, before, key, key_before, actor, reason, *columns = tuple(row)
        existed = before is not None and before != "delete"
        op = Op.DELETE if operation == "delete" else Op.UPDATE if existed else Op.CREATE
        named = key_before if existed else key
        if named is None:
            raise TransferError(
                f"{format.model.__name__} {id} has no {format.key}, so the file could not name it:"
                " use another column, or none for ids."
            )
        values = dict(zip(format.codecs, columns, strict=True))
        text = "null" if op is Op.DELETE else _written(format, id, at, values)
        if op is Op.UPDATE and last.get(id) == hash(text):
            continue
        last[id] = hash(text)
        yield Version(id, Line(0, at, actor, reason, op, named, values), text)


def _written(format: Format, id: Any, at: Any, values: dict[str, Any]) -> str:
    try:
        return format.write_values(values)
    except (TypeError, ValueError) as error:
        raise TransferError(
            f"{format.model.__name__} {id} has values of {written_moment(at)} that JSON cannot say"
            f" ({error}), so its history cannot be written."
        ) from None


def _changes(format: Format, run: Iterable[Version]) -> list[list[Version]]:
    """Versions of one time, actor and reason, parted where a key is named again.

    Transactions that nothing tells apart in the file become one, as they do in an import.
    """
    changes: list[list[Version]] = []
    touched: dict[Any, int] = {}  # by record: how many changes of the run it is in
    named: dict[Any, int] = {}  # by key: after which change of the run it may be created anew
    for version in run:
        line = version.line
        place = named.get(line.key, 0) if line.op is Op.CREATE else touched.get(version.id, 0)
        if place == len(changes):
            changes.append([])
        changes[place].append(version)
        touched[version.id] = named[line.key] = place + 1
    for versions in changes:
        versions.sort(key=lambda it: (RANK[it.line.op], format.key_codec.encode(it.line.key)))
    return changes


def _follow(format: Format, roster: Roster, number: int, versions: list[Version]) -> None:
    """Walk the import's way, so that no file is written which the import would refuse."""
    try:
        for place, version in enumerate(versions, number + 1):
            roster.follow(replace(version.line, number=place))
        roster.end_change()
    except BadLine as error:
        raise TransferError(
            f"the history of {format.model.__name__} cannot be told by {format.key}: {error} Use"
            " a column that is unique among the living, or none for ids."
        ) from None
