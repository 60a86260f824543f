"""What the tests of pages as of a moment share: when a version was made, a page's words, links."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.admin.conftest import Shop
from webapp.admin import moments

MICROSECOND = timedelta(microseconds=1)


def made(shop: Shop, model: Any, id: Any, version: int) -> datetime:
    """When that version was made."""
    at: datetime = shop.versions(model, id)[version - 1].version_from
    return at


def page(client: Any, path: str, at: datetime | str | None = None, **args: Any) -> Any:
    """The answer for a page as of a moment."""
    if at is not None:
        args["as_of"] = moments.write(at) if isinstance(at, datetime) else at
    return client.get(f"/admin/{path}", query_string=args)


def words(answer: Any) -> str:
    """The page's text, in one line."""
    main = answer.text.partition("<main")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def links(answer: Any) -> list[str]:
    found = re.findall(r'(?:href|action)="([^"]+)"', answer.text.partition("<main")[2])
    return [html.unescape(each) for each in found]


def asked(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


def rows(answer: Any) -> list[str]:
    """The first cell of each row of a list."""
    found = re.findall(r'role="rowheader"[^>]*>(.*?)</th>', answer.text, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", each).strip() for each in found]
