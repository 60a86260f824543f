"""PostgreSQL's arrays as JSON lists, whose members are written as their own type is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from . import documents
from .codec import Codec

MOST_DIMENSIONS = 6
HINT = 'A list, like ["one", "two"].'
NUMBERS = "A list, like [1, 2]."


def array_codec(type_: sa.ARRAY[Any], item: Codec) -> Codec:
    """The codec of an array whose members `item` writes and reads."""
    depth = type_.dimensions

    def write(value: Any) -> str:
        return documents.write(_each(value, item))

    def read(text: str) -> list[Any]:
        found = documents.read(text, number=str)
        if not isinstance(found, list):
            raise ValueError(f"Not a list. {HINT}")
        levels = _levels(found)
        if levels > MOST_DIMENSIONS or (found and depth is not None and levels != depth):
            raise ValueError(f"Nest lists to a depth of {depth or f'{MOST_DIMENSIONS} at most'}.")
        return _members(found, item, getattr(type_.item_type, "length", None))

    hint = NUMBERS if item.kind == "number" else HINT
    return Codec("document", write, read, "" if depth and depth > 1 else hint, lines=True)


def _each(value: Any, item: Codec) -> Any:
    """The value with each member as JSON has it: numbers, texts and truth as they are."""
    if isinstance(value, (list, tuple)):
        return [_each(each, item) for each in value]
    return value if value is None or type(value) in (bool, int, float, str) else item.write(value)


def _levels(value: Any) -> int:
    """How deeply the lists are nested. Raises ValueError unless they are as even as a table."""
    if not isinstance(value, list):
        return 0
    levels = {_levels(each) for each in value} or {0}
    if len(levels) > 1 or len({len(each) for each in value if isinstance(each, list)}) > 1:
        raise ValueError("The inner lists differ in length or depth.")
    if levels != {0} and not value[0]:
        raise ValueError("An inner list is empty.")
    return 1 + levels.pop()


def _members(found: list[Any], item: Codec, length: int | None) -> list[Any]:
    read: list[Any] = []
    for place, each in enumerate(found, 1):
        if isinstance(each, list):
            read.append(_members(each, item, length))
            continue
        try:
            read.append(each if each is None else item.read(_text(each, length)))
        except ValueError as error:
            raise ValueError(f"Member {place}: {error}") from None
    return read


def _text(value: Any, length: int | None) -> str:
    if isinstance(value, dict):
        raise ValueError("A single value, please.")
    text = ("1" if value else "0") if isinstance(value, bool) else str(value)
    if length is not None and len(text) > length:
        raise ValueError(f"At most {length} characters.")
    return text
