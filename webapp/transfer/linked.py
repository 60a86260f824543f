"""What the links of a history lead to: records of other models, which must be there already."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session, lazyload

from webapp.versioning import live

from .errors import BadLine
from .lines import Format, Line

#: Ids in one statement.
CHUNK = 5_000


class Targets:
    """The records that the lines of a file link to, each with the first line that names it.

    A model that links to its own records is left out: they come with the file.
    """

    def __init__(self, format: Format) -> None:
        base = inspect(format.model).base_mapper
        self._models = {
            name: model
            for name, model in format.linked.items()
            if inspect(model).base_mapper is not base
        }
        self._first: dict[tuple[str, Any], int] = {}

    def note(self, line: Line) -> None:
        for name in self._models:
            for id in line.values.get(name, ()):
                self._first.setdefault((name, id), line.number)

    def check(self, session: Session) -> None:
        """Raise BadLine for the first line that links to what is not alive."""
        gone: list[tuple[int, str, Any]] = []
        for name, model in self._models.items():
            ids = [id for kind, id in self._first if kind == name]
            living = _living_ids(session, model, ids)
            gone += [(self._first[name, id], name, id) for id in ids if id not in living]
        session.rollback()
        if gone:
            number, name, id = min(gone, key=lambda each: each[0])
            raise _not_there(number, name, self._models[name], id)


def targets_of(
    session: Session, format: Format, lines: Sequence[Line]
) -> dict[int, dict[str, Any]]:
    """The values of each line, by its number, with the records in place of the ids of links.

    One statement for each kind of links. Raises BadLine where one is not alive.
    """
    found = {line.number: dict(line.values) for line in lines}
    for name, model in format.linked.items():
        wanted = {id for line in lines for id in line.values.get(name, ())}
        records = _living(session, model, wanted)
        for line in lines:
            ids = line.values.get(name)
            if ids is None:
                continue
            gone = [id for id in ids if id not in records]
            if gone:
                raise _not_there(line.number, name, model, gone[0])
            found[line.number][name] = [records[id] for id in ids]
    return found


def _living(session: Session, model: type[Any], ids: Collection[Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for part in _parts(ids):
        query = select(model).where(live(model), model.id.in_(part)).options(lazyload("*"))
        found |= {row.id: row for row in session.scalars(query)}
    return found


def _living_ids(session: Session, model: type[Any], ids: Collection[Any]) -> set[Any]:
    found: set[Any] = set()
    for part in _parts(ids):
        found |= set(session.scalars(select(model.id).where(live(model), model.id.in_(part))))
    return found


def _parts(ids: Collection[Any]) -> list[list[Any]]:
    whole = list(ids)
    return [whole[begin : begin + CHUNK] for begin in range(0, len(whole), CHUNK)]


def _not_there(number: int, name: str, model: type[Any], id: Any) -> BadLine:
    return BadLine(
        number,
        f"{name} links to {model.__name__} {id}, which is deleted or not there",
        f"Import the history of {model.__name__} first, or take it out of the list.",
    )
