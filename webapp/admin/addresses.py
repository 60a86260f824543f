"""Where a page leads back to. Flask-Admin's own check lets `url=http:evil.com` through."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlsplit

from flask import g, url_for

LONGEST = 2000
#: In the path that `url_of` keeps of an endpoint, where the number goes.
NUMBER = "__number__"


def url_of(endpoint: str, number: int | None = None, **values: Any) -> str:
    """What `url_for` gives for a path without arguments, or with a `number`; None is left out.

    A list or a timeline has hundreds of links to a few endpoints: each is looked up once a request.
    """
    paths: dict[str, str] = g.setdefault("paths", {})
    path = paths.get(endpoint)
    if path is None:
        path = url_for(endpoint) if number is None else url_for(endpoint, number=NUMBER)
        paths[endpoint] = path
    if number is not None:
        path = path.replace(NUMBER, str(number))
    query = "&".join(
        f"{name}={quoted(str(value))}" for name, value in values.items() if value is not None
    )
    return f"{path}?{query}" if query else path


@lru_cache(maxsize=2048)
def quoted(text: str) -> str:
    """The text as `url_for` writes it in a query."""
    return quote_plus(text, safe="!$'()*,/:;?@")


def is_local_path(address: str) -> bool:
    """A plain path of this site: one leading slash, no host, no scheme, nothing that a browser
    would mend into one (backslashes, control characters, spaces)."""
    if not address.startswith("/") or address.startswith("//") or len(address) > LONGEST:
        return False
    if any(character <= " " or character in "\\\x7f" for character in address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc


def local_or(address: str | None, endpoint: str) -> str:
    """`address` when it is a local path, else the address of `endpoint`."""
    return address if address and is_local_path(address) else url_for(endpoint)
