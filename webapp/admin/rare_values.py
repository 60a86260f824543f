"""Values that few columns hold: bytes, addresses of a network, times of day with a zone."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.types import TypeEngine

from .codec import Codec

#: Bytes that a form shows for typing; of more, it says how many there are.
MOST_BYTES = 16 * 1024
BYTES_IN_A_LINE = 32
MAC = re.compile(r"([0-9a-f]{2}[:-]){5}([0-9a-f]{2}[:-]){0,2}[0-9a-f]{2}", re.ASCII)
#: PostgreSQL's largest offset from UTC.
LARGEST_OFFSET = dt.timedelta(hours=15, minutes=59, seconds=59)


def binary_codec(type_: sa.LargeBinary) -> Codec:
    """Bytes as pairs of hexadecimal digits."""
    length = type_.length

    def read(text: str) -> bytes:
        try:
            found = bytes.fromhex(text.strip().removeprefix("\\x"))
        except ValueError:
            raise ValueError("Not bytes: two hexadecimal digits each, like 00 ff 61.") from None
        if length is not None and len(found) > length:
            raise ValueError(f"At most {length} bytes.")
        return found

    return Codec("binary", _write_bytes, read, "Two digits a byte, like 00 ff 61.", lines=True)


def _write_bytes(value: bytes) -> str:
    pieces = (value[at : at + BYTES_IN_A_LINE] for at in range(0, len(value), BYTES_IN_A_LINE))
    return "\n".join(bytes(piece).hex(" ") for piece in pieces)


def inet_codec(type_: TypeEngine[Any]) -> Codec:
    def read(text: str) -> Any:
        try:
            found = ipaddress.ip_interface(_without_scope(text))
        except ValueError:
            raise ValueError("Not a network address. Like 10.1.2.3 or 10.1.2.3/8.") from None
        return found if found.network.prefixlen < found.max_prefixlen else found.ip

    return Codec("address", str, read, "Like 10.1.2.3 or 10.1.2.3/8.")


def cidr_codec(type_: TypeEngine[Any]) -> Codec:
    def read(text: str) -> Any:
        try:
            return ipaddress.ip_network(_without_scope(text))
        except ValueError:
            raise ValueError("Not a network. Like 10.1.0.0/16, with no bit beyond it.") from None

    return Codec("address", str, read, "Like 10.1.0.0/16.")


def mac_codec(type_: TypeEngine[Any]) -> Codec:
    digits = 16 if isinstance(type_, pg.MACADDR8) else 12

    def read(text: str) -> str:
        found = text.strip().lower()
        if not MAC.fullmatch(found) or len(found) != digits // 2 * 3 - 1:
            raise ValueError("Not a MAC address. Like 08:00:2b:01:02:03.")
        return found.replace("-", ":")

    return Codec("address", str, read, "Like 08:00:2b:01:02:03.")


def _without_scope(text: str) -> str:
    if "%" in text:
        raise ValueError("PostgreSQL keeps no scope.")
    return text.strip()


def time_codec(type_: sa.Time) -> Codec:
    """A time of day, with an offset from UTC where the column keeps one."""
    hint = "Like 16:20:00+01:00." if type_.timezone else "Like 16:20:00."

    def read(text: str) -> dt.time:
        try:
            found = dt.time.fromisoformat(text.strip())
        except ValueError:
            raise ValueError(f"Not a time of day. {hint}") from None
        offset = found.utcoffset()
        if not type_.timezone:
            if offset is not None:
                raise ValueError("This time has no zone: leave the offset away.")
            return found
        if abs(offset or dt.timedelta()) > LARGEST_OFFSET:
            raise ValueError("There is no such offset.")
        return found if offset is not None else found.replace(tzinfo=dt.UTC)

    return Codec("time", lambda value: value.isoformat(), read, hint)


#: The types of this module, to be looked up before those that they are kinds of.
MAKERS: tuple[tuple[type[Any], Any], ...] = (
    (sa.LargeBinary, binary_codec),
    (pg.BYTEA, binary_codec),
    (pg.INET, inet_codec),
    (pg.CIDR, cidr_codec),
    (pg.MACADDR, mac_codec),
    (pg.MACADDR8, mac_codec),
    (sa.Time, time_codec),
)
