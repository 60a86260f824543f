"""What records, lists and fields are called."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Shop, save
from tests.admin.shop.models import Bench, Gadget
from webapp.admin import presentation


@pytest.mark.parametrize(
    ("name", "words"),
    [("Product", "Product"), ("OrderLine", "Order line"), ("SKUItem", "SKU item"),
     ("HTTPLog", "HTTP log"), ("Line2Item", "Line2 item")],
)  # fmt: skip
def test_a_model_is_called_in_words(name: str, words: str) -> None:
    assert presentation.word_for(type(name, (), {})) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [("on sale since", "On sale since"), ("SKU", "SKU"), ("the URL", "The URL"), ("", ""),
     ("größe Der Kiste", "Größe der kiste")],
)  # fmt: skip
def test_a_label_has_one_capital(name: str, words: str) -> None:
    assert presentation.sentence(name) == words


@pytest.mark.parametrize("page", ["details", "edit", "timeline"])
def test_a_record_without_a_name_is_called_by_its_number(
    client: Any, shop: Shop, page: str
) -> None:
    id = shop.add(Bench, length=3)
    text = client.get(f"/admin/bench/{page}/?id={id}").text
    assert f"<h1>Bench {id}</h1>" in text and f"Bench {id} ·" in text


def test_an_empty_name_is_no_name(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="")
    assert f"<h1>Gadget {id}</h1>" in client.get(f"/admin/gadget/edit/?id={id}").text


def test_a_message_calls_the_record_by_word_and_name(client: Any, shop: Shop) -> None:
    page = save(client, "/admin/gadget/new/", name="Kettle")
    assert "Gadget “Kettle” was created." in client.get(page.location).text
    page = save(client, "/admin/bench/new/", length="3")
    assert "Bench 1 was created." in client.get(page.location).text


def test_a_new_record_is_called_by_the_word(client: Any) -> None:
    assert ">New gadget</a>" in client.get("/admin/gadget/").text
    assert "<h1>New gadget</h1>" in client.get("/admin/gadget/new/").text


def test_a_reference_is_told_once(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    assert client.get(f"/admin/gadget/details/?id={id}").text.count("<dt>Maker") == 1
