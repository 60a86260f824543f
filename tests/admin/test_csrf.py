"""Every POST without its token is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Shop, form_of
from tests.admin.shop.models import Gadget


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"WTF_CSRF_ENABLED": True}


def test_every_post_without_a_token_is_a_400(app: Any, client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods and rule.rule.startswith("/admin/gadget/"):
            data = {"id": id, "rowid": id, "action": "delete", "name": "x", "base_version": "1"}
            assert client.post(f"{rule.rule}?id={id}", data=data).status_code == 400, rule
    assert [row.name for row in shop.versions(Gadget, id)] == ["Kettle"]


def test_every_form_carries_its_token(client: Any, shop: Shop) -> None:
    """FIELD-NOTES: `SecureForm` with `form_rules` drops the CSRF field."""
    id = shop.add(Gadget, name="Kettle")
    url = f"/admin/gadget/edit/?id={id}"
    form = form_of(client.get(url)) | {"name": "K2"}
    assert client.post(url, data=form).status_code == 302
    for page in ("", f"details/?id={id}"):
        text = client.get(f"/admin/gadget/{page}").text
        assert text.count('method="post"') == text.count('name="csrf_token"') > 0
    deletion = {"id": id, "csrf_token": form["csrf_token"]}
    assert client.post("/admin/gadget/delete/", data=deletion).status_code == 302
