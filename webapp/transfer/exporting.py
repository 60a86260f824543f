"""Writes a model's whole history in the form that the import reads.

The order of the lines within one change depends on what they say and not on ids, which an import
allots anew; a blank line parts changes that nothing else tells apart; and a version that is equal
to the one before, of which an import would make nothing, is left out. So the export of an imported
export is the same to the byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any

from sqlalchemy import Row, Select, case, func, inspect, select
from sqlalchemy.orm import Session

from webapp.versioning import links_at

from .errors import BadLine, TransferError
from .lines import Format, Line, Op
from .roster import Roster
from .values import written_moment

#: Versions held in memory at once.
CHUNK = 2_000
RANK = {Op.DELETE: 0, Op.UPDATE: 1, Op.CREATE: 2}


@dataclass(frozen=True, slots=True)
class Version:
    """A version on its way into the file."""

    transaction: tuple[Any, ...]
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
    roster = Roster(format.key)
    query = _versions(format, change_model).execution_options(yield_per=CHUNK)
    found = _with_links(session, format, session.execute(query))
    number = 0
    before: tuple[Any, ...] | None = None
    for _, versions in groupby(_read(format, found), lambda version: version.transaction):
        for change in _parted(format, versions):
            if change[0].line.change == before:
                yield "\n"
            before = change[0].line.change
            _follow(format, roster, number, change)
            number += len(change)
            yield from (format.write(version.line, version.values) for version in change)


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
    late = case((change_model.at < model.version_from, model.version_id), else_=0)
    change = func.coalesce(model.change_id, 0)
    return (
        select(
            late,
            change,
            model.id,
            model.version_id,
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
        .order_by(model.version_from, late, change, model.id, model.version_id)
    )


def _with_links(
    session: Session, format: Format, rows: Iterator[Any]
) -> Iterator[tuple[Row[Any], dict[str, tuple[Any, ...]]]]:
    """Each version with what it was linked to; a statement for each kind of links and `CHUNK`."""
    while part := list(islice(rows, CHUNK)):
        keys = [(row[2], row[3]) for row in part]
        links = links_at(session, format.model, keys) if format.links else {}
        for row, key in zip(part, keys, strict=True):
            yield row, links.get(key, {})


def _read(
    format: Format, rows: Iterable[tuple[Row[Any], dict[str, tuple[Any, ...]]]]
) -> Iterator[Version]:
    """The versions that say something, each with its line."""
    last: dict[Any, int] = {}
    for row, links in rows:
        late, change, *told = tuple(row)
        id, _, at, operation, before, key, key_before, actor, reason, *columns = told
        existed = before is not None and before != "delete"
        op = Op.DELETE if operation == "delete" else Op.UPDATE if existed else Op.CREATE
        if op is Op.DELETE and not existed:
            continue  # restored and deleted in one transaction
        named = key_before if existed else key
        if named is None:
            raise TransferError(
                f"{format.model.__name__} {id} has no {format.key}, so the file could not name it:"
                " use another column, or none for ids."
            )
        values = dict(zip(format.codecs, columns, strict=True)) | links
        text = "null" if op is Op.DELETE else _written(format, id, at, values)
        if op is Op.UPDATE and last.get(id) == hash(text):
            continue
        last[id] = hash(text)
        yield Version((at, late, change), Line(0, at, actor, reason, op, named, values), text)


def _written(format: Format, id: Any, at: Any, values: dict[str, Any]) -> str:
    try:
        return format.write_values(values)
    except (TypeError, ValueError) as error:
        raise TransferError(
            f"{format.model.__name__} {id} has values of {written_moment(at)} that JSON cannot say"
            f" ({error}), so its history cannot be written."
        ) from None


def _parted(format: Format, versions: Iterable[Version]) -> Iterator[list[Version]]:
    """The versions of a transaction, sorted; those apart that take over a key which it set free.

    An import takes such a record for the one that had the key, and makes two changes of it.
    """
    whole = sorted(
        versions, key=lambda it: (RANK[it.line.op], format.key_codec.encode(it.line.key))
    )
    free = {version.line.key for version in whole if version.line.op is not Op.CREATE}
    parts: tuple[list[Version], list[Version]] = [], []
    for version in whole:
        parts[version.line.op is Op.CREATE and version.line.key in free].append(version)
    return (part for part in parts if part)


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
