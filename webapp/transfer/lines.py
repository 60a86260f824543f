"""The format: one line of JSON for what one change did to one record.

    {"at": "2024-05-31T13:45:00Z", "actor": "Alice", "reason": "New price list",
     "op": "update", "key": "KET-1700", "values": {"price": "34.90"}}

`at` is a moment with its time zone, never earlier than that of the line before. `actor` and
`reason` are text or null. `key` names the record as it was called before the change. `values` are
the record's columns after it, by attribute name; a column left out keeps its value, or takes its
default in a `create`. They are null in a `delete`. Links to many records stand among them as the
list of these records' ids, in which the order means nothing.

Lines of one change follow one another with the same time, actor and reason. A blank line between
two changes keeps them apart where these are the same.

Text, whole numbers, floats, booleans and JSON are written as JSON has them; decimals as text, dates
and times in ISO 8601, enums by name, bytes in base64, spans of time as seconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Integer, inspect

from webapp.versioning import data_columns, is_versioned, link_names

from .errors import BadLine, TransferError
from .made import check_made, id_or_column
from .values import Codec, codec, moment, written_moment

MEMBERS = ("at", "actor", "reason", "op", "key", "values")


class Op(StrEnum):
    """What a line says was done to its record."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Line:
    """One line, its values converted to those of the model's columns."""

    number: int
    at: datetime
    actor: str | None
    reason: str | None
    op: Op
    key: Any
    values: dict[str, Any]

    @property
    def change(self) -> tuple[datetime, str | None, str | None]:
        """What lines of one change have in common."""
        return self.at, self.actor, self.reason


class Format:
    """How the records of one model stand in a file, with `key` the column that names them.

    Without a key column, the key is the record's id. Raises TransferError when the model or the
    column cannot serve.
    """

    def __init__(self, model: type[Any], key: str | None = None) -> None:
        if not is_versioned(model):
            raise TransferError(f"{model.__name__} keeps no versions; name a Versioned model.")
        mapper = inspect(model)
        below = sorted(m.class_.__name__ for m in mapper.self_and_descendants if m is not mapper)
        if below:
            raise TransferError(
                f"Records of {model.__name__} may belong to subclasses, whose columns such a file"
                f" would lack: name one that has none below it, such as {below[0]}."
            )
        columns = mapper.columns
        names = data_columns(model)
        key = id_or_column(model, key)
        if key is not None and key not in names:
            raise TransferError(
                f"{model.__name__} has no column {key!r} to find records by; it has"
                f" {', '.join(names)}. Without a column, keys are ids."
            )
        self.model = model
        self.key = key
        self.codecs = {name: self._codec(name, columns[name]) for name in names}
        self.key_codec = self._codec(key or "id", columns[key or "id"])
        self.key_is_number = isinstance(columns[key or "id"].type, Integer)
        self.nullable = {name for name in names if columns[name].nullable}
        links = {name: mapper.relationships[name].mapper for name in link_names(model)}
        self.linked = {name: target.class_ for name, target in links.items()}
        self.links = {name: self._codec(name, it.columns["id"]) for name, it in links.items()}
        self.required = {name for name in names if _is_required(columns[name])} - {key}

    def _codec(self, name: str, column: Column[Any]) -> Codec:
        try:
            return codec(column.type)
        except TypeError as error:
            raise TransferError(f"{self.model.__name__}.{name}: {error}.") from None

    def read(self, number: int, raw: bytes) -> Line:
        """The line, checked against the model. Raises BadLine."""
        found = _parse(number, raw)
        op = _op(number, found["op"])
        key = self._read_key(number, found["key"])
        values = self._read_values(number, op, key, found["values"])
        check_made(self.model, number, key, values)
        if op is Op.CREATE:
            self._complete(number, key, values)
        return Line(
            number,
            _read_at(number, found["at"]),
            _text_or_null(number, found, "actor"),
            _text_or_null(number, found, "reason"),
            op,
            key,
            values,
        )

    def write(self, line: Line, values: str) -> str:
        """The line as the file holds it, with its newline; `values` are written already."""
        key = str(self.key_codec.encode(line.key))
        members = (written_moment(line.at), line.actor, line.reason, line.op.value, key, None)
        head = _dump(dict(zip(MEMBERS, members, strict=True))).removesuffix("null}")
        return f"{head}{values}}}\n"

    def write_values(self, values: Mapping[str, Any]) -> str:
        """A row's values as the file holds them. Raises ValueError or TypeError."""
        columns = {
            name: None if (value := values[name]) is None else codec.encode(value)
            for name, codec in self.codecs.items()
        }
        links = {
            name: [codec.encode(id) for id in values[name]] for name, codec in self.links.items()
        }
        return _dump({**columns, **links})

    def _read_key(self, number: int, text: Any) -> Any:
        try:
            if not isinstance(text, str) or not text:
                raise ValueError("is not text")
            number_or_text = _from_text(text) if self.key_is_number else text
            return self.key_codec.decode(number_or_text)
        except ValueError as error:
            place = f"column {self.key}" if self.key else f"the id of a {self.model.__name__}"
            advice = "Write the key as text" + (
                "." if self.key else ", or name the column that holds it with --key."
            )
            raise BadLine(number, f"key {error}, for {place}", advice) from None

    def _read_values(self, number: int, op: Op, key: Any, given: Any) -> dict[str, Any]:
        if op is Op.DELETE:
            if given is not None:
                raise BadLine(number, "a delete with values", "Write null, or make it an update.")
            return {}
        if not isinstance(given, dict):
            raise BadLine(number, "values is not an object", "Write one member for each column.")
        values: dict[str, Any] = {}
        for name, value in given.items():
            if name in self.links:
                values[name] = self._read_links(number, name, value)
                continue
            found = self.codecs.get(name)
            if found is None:
                if name == "id" and self.key is None and value == self.key_codec.encode(key):
                    continue  # said once more
                raise BadLine(
                    number, f"{self.model.__name__} has no column {name!r}", self._known()
                )
            if value is None:
                if name not in self.nullable:
                    raise BadLine(number, f"column {name} is null", "It must have a value.")
                values[name] = None
                continue
            try:
                values[name] = found.decode(value)
            except ValueError as error:
                raise BadLine(number, f"column {name} {error}", "Correct the value.") from None
        return values

    def _read_links(self, number: int, name: str, given: Any) -> tuple[Any, ...]:
        advice = f"Write the ids of {self.linked[name].__name__} records, each once."
        if not isinstance(given, list):
            raise BadLine(number, f"{name} is {given!r}, not a list", advice)
        try:
            ids = tuple(self.links[name].decode(each) for each in given)
        except ValueError as error:
            raise BadLine(number, f"{name}: an id in it {error}", advice) from None
        if len(set(ids)) < len(ids):
            raise BadLine(number, f"{name} names a record twice", advice)
        return ids

    def _known(self) -> str:
        return f"Leave it out, or rename it to one of {', '.join((*self.codecs, *self.links))}."

    def _complete(self, number: int, key: Any, values: dict[str, Any]) -> None:
        """A new record bears its key, and has every value that it cannot do without."""
        if self.key is not None and values.setdefault(self.key, key) != key:
            raise BadLine(
                number,
                f"key is {key!r} and column {self.key} is {values[self.key]!r}",
                "A new record goes by the key that it is created with: make them the same.",
            )
        missing = self.required - values.keys()
        if missing:
            raise BadLine(
                number,
                f"a create without {', '.join(sorted(missing))}",
                "Add the values: these columns have no default.",
            )


def _is_required(column: Column[Any]) -> bool:
    return not (column.nullable or column.default is not None or column.server_default is not None)


def _parse(number: int, raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise BadLine(
            number, f"not JSON ({error})", "Each line must hold one whole object, in UTF-8."
        ) from None
    if not isinstance(found, dict):
        raise BadLine(number, "not a JSON object", "Each line must hold one object.")
    if found.keys() != set(MEMBERS):
        missing = [name for name in MEMBERS if name not in found]
        strange = sorted(found.keys() - set(MEMBERS))
        problem = f"no member {missing[0]!r}" if missing else f"unknown member {strange[0]!r}"
        raise BadLine(number, problem, f"The members are {', '.join(MEMBERS)}.")
    if b"\\u" in raw:
        _check_characters(number, found)
    return found


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")) or value != value:
        raise ValueError(f"{text} is no finite number")
    return value


def _check_characters(number: int, found: Any) -> None:
    """Escapes can write what no database stores as text."""
    text = _dump(found)
    if "\\u0000" in text.replace("\\\\", ""):
        raise BadLine(number, "text with a NUL character", "Databases refuse it: take it out.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadLine(
            number, "half of a surrogate pair", "It is no character: correct the text."
        ) from None


def _op(number: int, value: Any) -> Op:
    try:
        return Op(value)
    except ValueError:
        raise BadLine(number, f"unknown op {value!r}", f"Write one of {', '.join(Op)}.") from None


def _read_at(number: int, value: Any) -> datetime:
    try:
        if not isinstance(value, str):
            raise ValueError(f"is {value!r}, not text")
        return moment(value)
    except ValueError as error:
        raise BadLine(number, f"at {error}", "Write the time in ISO 8601.") from None


def _text_or_null(number: int, found: dict[str, Any], name: str) -> str | None:
    value = found[name]
    if value is None or isinstance(value, str):
        return value
    raise BadLine(number, f"{name} is {value!r}", "Write text or null.")


def _from_text(text: str) -> int | str:
    """The key of a column of whole numbers, which stands in quotes."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 40 else text


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
