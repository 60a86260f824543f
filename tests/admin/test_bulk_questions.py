"""Bulk actions: what is asked, of whom, and what is refused. The database makes no difference."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.bulk import (
    ALL,
    GADGETS,
    KETTLES,
    answer,
    ask,
    chosen,
    newest,
    operations,
    sent,
    set_field,
)
from tests.admin.conftest import Shop
from tests.admin.shop.models import Badge, Gadget, Maker, Oddity
from webapp.admin import selection
from webapp.admin.view import VersionedModelView


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def ids(shop: Shop) -> list[int]:
    return [shop.add(Gadget, name=name) for name in ("Kettle", "Pan", "Pot")]


@pytest.fixture
def many(shop: Shop) -> list[int]:
    return [shop.add(Gadget, name=f"Kettle {n:02}") for n in range(25)] + [
        shop.add(Gadget, name="Pan")
    ]


@pytest.mark.parametrize("field", ["url", "reason", "meta"])
def test_a_column_named_like_a_part_of_the_form_is_set(client: Any, shop: Shop, field: str) -> None:
    id = shop.add(Oddity, meta="x", url="x", reason="x")
    url, pairs = "/admin/oddity/action/", chosen(shop, Oddity, id)
    page = ask(client, "set", pairs, url, field=f"{field}_" if field != "url" else field)
    name = next(each for each in sent(page) if each.startswith("set-"))
    page = answer(client, page, url, **{name: "typed"})
    assert answer(client, page, url, reason="Why").status_code == 302
    assert getattr(shop.versions(Oddity, id)[-1], field) == "typed"


def test_a_value_that_is_none_is_a_422_that_keeps_it(
    client: Any, shop: Shop, ids: list[int]
) -> None:
    page = set_field(client, chosen(shop, Gadget, *ids), "price", set_price="cheap")
    assert page.status_code == 422 and 'value="cheap"' in page.text
    assert {row.version_id for row in newest(shop, ids)} == {1}


def test_another_value_can_be_chosen_from_the_question(
    client: Any, shop: Shop, ids: list[int]
) -> None:
    page = set_field(client, chosen(shop, Gadget, *ids), "price", set_price="12.50")
    again = answer(client, page, GADGETS, again="1")
    assert again.status_code == 200 and 'value="12.50"' in again.text
    assert "See what will happen" in again.text


@pytest.mark.parametrize("action", ["delete", "set"])
def test_answered_twice_it_is_done_once(
    client: Any, shop: Shop, ids: list[int], action: str
) -> None:
    pairs = chosen(shop, Gadget, *ids)
    page = (
        set_field(client, pairs, "price", set_price="2")
        if action == "set"
        else ask(client, action, pairs, GADGETS)
    )
    assert answer(client, page, GADGETS).status_code == 302
    again = answer(client, page, GADGETS)
    assert "done already" in client.get(again.location).text
    assert {row.version_id for row in newest(shop, ids)} == {2}


def test_a_required_reason_is_demanded(client: Any, shop: Shop) -> None:
    url = "/admin/maker/action/"
    id = shop.add(Maker, name="Acme")
    page = ask(client, "delete", chosen(shop, Maker, id), url)
    assert page.status_code == 200
    refused = answer(client, page, url)
    assert refused.status_code == 422 and "Say why" in refused.text
    assert answer(client, refused, url, reason="Closed").status_code == 302


@pytest.mark.parametrize(
    ("right", "actions"), [("can_delete", ["delete"]), ("can_edit", ["restore", "set"])]
)
def test_without_the_right_it_is_a_403_and_not_offered(
    client: Any,
    shop: Shop,
    ids: list[int],
    monkeypatch: pytest.MonkeyPatch,
    right: str,
    actions: list[str],
) -> None:
    shop.delete(Gadget, ids[0])
    monkeypatch.setattr(VersionedModelView, right, False)
    lists = client.get("/admin/gadget/").text + client.get("/admin/gadget/?deleted=1").text
    for action in actions:
        assert f'name="action" value="{action}"' not in lists
        page = ask(client, action, chosen(shop, Gadget, *ids), GADGETS, field="name")
        assert page.status_code == 403


def test_get_is_a_405(client: Any) -> None:
    assert client.get(GADGETS).status_code == 405


def test_an_unknown_action_is_a_400(client: Any) -> None:
    assert client.post(GADGETS, data={"action": "explode"}).status_code == 400
    assert client.post(GADGETS).status_code == 400


def test_nothing_chosen_is_a_word(client: Any) -> None:
    page = client.post(GADGETS, data={"action": "delete"})
    assert "Nothing was chosen" in client.get(page.location).text


@pytest.mark.parametrize("field", ["", "nothing", "id", "version_id", "views", "reason", "<b>"])
def test_a_field_that_cannot_be_set_is_asked_for(
    client: Any, shop: Shop, ids: list[int], field: str
) -> None:
    page = ask(client, "set", chosen(shop, Gadget, *ids), GADGETS, field=field)
    assert page.status_code == (422 if field else 200) and "Which field?" in page.text


def test_a_masked_field_is_not_offered(client: Any, shop: Shop) -> None:
    id = shop.add(Badge, owner="Alice", code="s3cret")
    url = "/admin/badge/action/"
    page = ask(client, "set", chosen(shop, Badge, id), url, field="code")
    assert page.status_code == 422 and 'value="owner"' in page.text
    assert 'value="code"' not in page.text and "s3cret" not in page.text


def test_too_many_are_a_400(client: Any) -> None:
    pairs = [("rowid", str(number)) for number in range(selection.MOST_TICKED + 1)]
    page = ask(client, "delete", pairs, GADGETS)
    assert page.status_code == 400 and "At most 1,000" in page.text


@pytest.mark.parametrize("digest", ["", "0" * 64, "é" * 1000])
def test_an_answer_to_another_question_does_nothing(
    client: Any, shop: Shop, ids: list[int], digest: str
) -> None:
    page = ask(client, "delete", chosen(shop, Gadget, *ids), GADGETS)
    assert answer(client, page, GADGETS, digest=digest).status_code == 409
    assert operations(shop, ids) == ["create"] * 3


def test_names_are_text(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="<b>x</b>")
    page = ask(client, "delete", chosen(shop, Gadget, id), GADGETS + "?x=<i>y</i>")
    assert "<b>x" not in page.text and "&lt;b&gt;x" in page.text and "<i>y" not in page.text


def test_what_is_in_the_way_is_named_by_the_same_statements_for_few_and_for_many(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    counts = []
    for number in (2, 12):
        ids = [shop.add(Gadget, name=f"{n}", sku=f"{number}/{n}") for n in range(number)]
        for id in ids:
            shop.delete(Gadget, id)
        for n in range(number):
            shop.add(Gadget, name=f"Rival {n}", sku=f"{number}/{n}")
        statements.clear()
        page = ask(client, "restore", chosen(shop, Gadget, *ids), GADGETS)
        counts.append(len(statements) - number)  # `chosen` asks for each
        assert f"{number} in the way" in page.text and "Rival 1" in page.text
    assert counts[0] == counts[1], counts


def test_the_list_offers_all_that_match(client: Any, many: list[int]) -> None:
    assert "All 26 on every page" in client.get("/admin/gadget/").text
    assert "All 25 that match" in client.get("/admin/gadget/?search=Kettle").text
    page = client.get("/admin/gadget/?flt0_name_contains=Kettle").text
    assert 'action="/admin/gadget/action/?' in page and "flt0_name_contains=Kettle" in page


def test_more_than_can_be_done_at_once_is_a_400(
    client: Any, many: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "MOST_MATCHING", 20)
    page = ask(client, "delete", ALL, KETTLES)
    assert page.status_code == 400 and "narrow the list" in page.text


@pytest.mark.parametrize(
    "query", ["flt0_nothing_contains=x", "flt0_price_equals=x", "flt=1", "flt0_price_equals="]
)
def test_a_filter_that_cannot_be_read_never_means_everything(
    client: Any, shop: Shop, ids: list[int], query: str
) -> None:
    page = ask(client, "delete", ALL, f"{GADGETS}?{query}")
    assert page.status_code == 400 and "filter of the list" in page.text


def test_hooks_of_a_view_have_a_say_in_each(
    client: Any, shop: Shop, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []

    def note(word: str) -> Any:
        return lambda self, *given: seen.append((word, given[-2 if len(given) > 1 else 0].name))

    for hook in ("on_model_delete", "after_model_delete", "on_model_change", "after_model_change"):
        monkeypatch.setattr(VersionedModelView, hook, note(hook))
    pairs = chosen(shop, Gadget, *ids[:2])
    answer(client, set_field(client, pairs, "price", set_price="2"), GADGETS)
    answer(client, ask(client, "delete", chosen(shop, Gadget, ids[0]), GADGETS), GADGETS)
    assert seen == [
        ("on_model_change", "Kettle"),
        ("on_model_change", "Pan"),
        ("after_model_change", "Kettle"),
        ("after_model_change", "Pan"),
        ("on_model_delete", "Kettle"),
        ("after_model_delete", "Kettle"),
    ]


def test_an_action_of_a_views_own_runs_on_the_ticked_at_once(
    app: Any, client: Any, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[Any] = []
    view = next(each for each in app.extensions["admin"][0]._views if each.endpoint == "gadget")
    monkeypatch.setitem(view._actions_data, "ring", (rung.append, "Ring", "Ring them?"))
    monkeypatch.setattr(view, "_actions", [*view._actions, ("ring", "Ring")])
    page = client.get("/admin/gadget/").text
    assert 'value="ring">Ring</button>' in page and "Ring them?" in page
    assert ask(client, "ring", [("rowid", str(ids[0]))], GADGETS).status_code == 302
    assert ask(client, "ring", ALL, GADGETS).status_code == 400
    assert rung == [[str(ids[0])]]
    monkeypatch.setattr(VersionedModelView, "can_edit", False)
    assert ask(client, "ring", [("rowid", str(ids[0]))], GADGETS).status_code == 403


def test_a_view_that_narrows_its_lists_narrows_its_actions(
    client: Any, shop: Shop, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = VersionedModelView.get_query
    monkeypatch.setattr(
        VersionedModelView, "get_query", lambda self: query(self).filter(Gadget.name != "Kettle")
    )
    page = ask(client, "delete", chosen(shop, Gadget, *ids), GADGETS)
    assert "Kettle" not in page.text and "1 not there" in page.text
    answer(client, page, GADGETS)
    assert operations(shop, ids) == ["create", "delete", "delete"]


def test_a_bulk_action_is_undone_as_a_whole(client: Any, shop: Shop, ids: list[int]) -> None:
    answer(client, ask(client, "delete", chosen(shop, Gadget, *ids), GADGETS), GADGETS)
    change = newest(shop, ids)[0].change_id
    url = f"/admin/changes/{change}/undo/"
    assert client.post(url, data={}).status_code == 302
    assert operations(shop, ids) == ["restore"] * 3
