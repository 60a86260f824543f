"""What a person does on the pages of bulk actions."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from werkzeug.datastructures import MultiDict

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget

GADGETS = "/admin/gadget/action/"
KETTLES = GADGETS + "?flt0_name_contains=Kettle"
ALL = [("all", "1")]

INPUT = re.compile(r"<input ([^>]*)>")
BODY = re.compile(r'<form action="" method="post".*?</form>', re.S)


def chosen(shop: Shop, model: Any, *ids: Any) -> list[tuple[str, str]]:
    """The ticked boxes of a list that shows these records as they are now."""
    newest = {id: shop.versions(model, id)[-1].version_id for id in ids}
    return [
        *(("rowid", str(id)) for id in ids),
        *(("rowversion", f"{id}:{n}") for id, n in newest.items()),
    ]


def ask(client: Any, action: str, pairs: list[tuple[str, str]], url: str, **more: Any) -> Any:
    """Press the button of the action on the list."""
    return client.post(url, data=MultiDict([("action", action), *more.items(), *pairs]))


def answer(client: Any, page: Any, url: str, **typed: str) -> Any:
    """Press the button of the page, as it stands but for what is typed."""
    return client.post(url, data=sent(page, **typed))


def sent(page: Any, **typed: str) -> MultiDict[str, str]:
    """What a browser would send for the page's form."""
    found = BODY.search(page.text)
    assert found, page.text
    data: MultiDict[str, str] = MultiDict()
    for given in INPUT.findall(found[0]):
        parts = dict(re.findall(r'([\w-]+)="([^"]*)"', given))
        if parts.get("type") != "checkbox" or " checked" in given:
            data.add(parts["name"], unescape(parts.get("value", "")))
    for name, text in typed.items():
        data[name.replace("set_", "set-")] = text
    return data


def newest(shop: Shop, ids: list[int], model: Any = Gadget) -> list[Any]:
    return [shop.versions(model, id)[-1] for id in ids]


def operations(shop: Shop, ids: list[int]) -> list[str]:
    return [row.version_op for row in newest(shop, ids)]


def set_field(client: Any, pairs: Any, field: str, url: str = GADGETS, **typed: str) -> Any:
    """Choose the field and type its value: the page that says what will happen."""
    page = ask(client, "set", pairs, url, field=field)
    assert page.status_code == 200 and "See what will happen" in page.text
    return answer(client, page, url, **typed)
