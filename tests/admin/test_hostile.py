"""Addresses and forms of any shape end in a clear page, never in a 500."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Shop, form_of
from tests.admin.shop.models import Gadget

FORM = "application/x-www-form-urlencoded"
IDS = [
    "id=",
    "id=abc",
    "id=1,1",
    "id=1,1,1",
    "id=0",
    "id=-1",
    "id=01",
    "id=%2B1",
    "id=%201",
    "id=1.0",
    "id=%00",
    "id=1%00",
    "id=%ff%fe",
    "id=1&id=2",
    "id=1&id=1",
    "id[]=1",
    "id=%EF%BC%91",
    "id=1e3",
    "id=0x1",
    "id=%F0%9F%92%A9",
    "id=None",
    "id=%27%20OR%201=1",
    "id=99",
]
IDS += ["", *(f"id={'9' * digits}" for digits in (10, 19, 20, 21, 5000))]
LISTS = [
    "sort=99",
    "sort=-1",
    "sort=x",
    "desc=x",
    "desc=99",
    "page=%00",
    "search=%00",
    "search=%ff",
    "search=%25%25",
    "search=\\",
    "_scheme=x",
    "_method=POST",
    "_external=1",
    "endpoint=x",
    "self=1",
    "_anchor=x",
    "url=http:evil.com",
    "deleted=2",
    "page_size=%00",
    "values=1",
    "deleted=1&sort=1&search=x",
    "flt0_name_contains=%00",
    "sort=0&sort=1",
    "page=1&page=2",
    "search=a&search=b",
]
LISTS += ["sort=" + "9" * 5000, "search=" + "%25" * 3000, "extra=" + "x" * 5000]
AWAY = [
    "http:evil.com",
    "http://evil.com",
    "//evil.com",
    "/\\evil.com",
    "\\\\evil.com",
    "https:evil.com",
    "javascript:x",
    "evil.com",
    "http:/evil.com",
    "///evil.com",
    "x:",
]
AWAY += ["/\t/evil.com", " //evil.com", "/\n/evil.com"]


@pytest.mark.parametrize("model", ["gadget", "parcel"])
def test_an_id_of_any_shape_is_a_4xx(client: Any, shop: Shop, model: str) -> None:
    """FIELD-NOTES: `?id=1`, `abc` or `1,1,1` on a composite key is a 500."""
    shop.add(Gadget, name="Kettle")
    for query in IDS:
        for page in ("edit/?", "details/?", "timeline/?", "compare/?a=1&b=1&"):
            answer = client.get(f"/admin/{model}/{page}{query}")
            assert answer.status_code in (400, 404), (page, query[:40])
        posts = [
            client.post(f"/admin/{model}/edit/?{query}", data={"name": "x", "base_version": "1"}),
            client.post(f"/admin/{model}/delete/", data=query, content_type=FORM),
        ]
        assert {answer.status_code for answer in posts} <= {400, 404}, query[:40]


def test_a_list_address_of_any_shape_is_no_500(client: Any, shop: Shop) -> None:
    shop.add(Gadget, name="Kettle")
    for query in LISTS:
        answer = client.get(f"/admin/gadget/?{query}")
        assert answer.status_code in (200, 400), query[:40]


def test_a_form_of_any_shape_is_no_500(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    url = f"/admin/gadget/edit/?id={id}"
    form = form_of(client.get(url))
    for name in form:
        for value in ("\0", "x" * 100_000, "\ud7ff\U0010ffff", "%s{}[]", "-1", ["1", "2"]):
            answer = client.post(url, data=form | {name: value})
            assert answer.status_code in (302, 400, 409, 422), (name, value[:20])


def test_no_page_leads_to_another_site(client: Any, shop: Shop) -> None:
    """FIELD-NOTES: `is_safe_url` lets `url=http:evil.com` through."""
    for address in AWAY:
        id = shop.add(Gadget, name="Kettle")
        query = {"id": id, "url": address}
        pages = [
            client.get(f"/admin/gadget/{page}/", query_string=query) for page in ("edit", "details")
        ]
        assert not any(f'href="{address}"' in page.text for page in pages), address
        form = form_of(pages[0]) | {"name": "K2"}
        saved = client.post("/admin/gadget/edit/", query_string=query, data=form)
        gone = client.post("/admin/gadget/delete/", data=query)
        done = client.post("/admin/gadget/action/", data={"action": "delete", "url": address})
        refused = client.get("/admin/gadget/export/csv/", query_string=query)
        assert refused.status_code == 403
        for answer in (saved, gone, done):
            assert answer.location == "/admin/gadget/", address


def test_a_local_path_is_followed(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    back = "/admin/gadget/?page=2&search=a%20b"
    answer = client.post("/admin/gadget/delete/", data={"id": id, "url": back})
    assert answer.location == back


@pytest.mark.parametrize("page", ["ajax/update/", "ajax/lookup/", "export/csv/"])
def test_what_is_not_offered_is_not_there(client: Any, page: str) -> None:
    """FIELD-NOTES: `ajax_update` ignores `can_edit`; `ajax_lookup` has no limit."""
    assert client.get(f"/admin/gadget/{page}").status_code in (302, 403, 404)
    assert client.post(f"/admin/gadget/{page}", data={"name": "x"}).status_code in (404, 405)


def test_an_unknown_record_leads_to_its_list(client: Any) -> None:
    for page in ("timeline", "edit", "details"):
        answer = client.get(f"/admin/gadget/{page}/?id=99")
        assert answer.status_code == 404
        assert 'href="/admin/gadget/">To the list</a>' in answer.text
    assert "To the list" not in client.get("/admin/nowhere/").text
