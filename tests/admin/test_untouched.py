"""A save that changes nothing makes no version, whatever the type; one change is one change."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from tests.admin.conftest import Shop, form_of, save
from tests.admin.shop.models import ODD, Color, Gadget, Loose, Strict
from webapp.versioning import data_columns, diff

NOTHING = "Nothing changed, no new version was made."
REQUIRED = re.compile(r'<(?:input|textarea)[^>]*name="(a_\w+)"[^>]* required')
TEXTS = ["", "  ", "a\nb", "a\r\nb", "\n", "\r\nx", "&amp;<textarea>"]
JSON_VALUES = [
    None,
    [],
    0,
    {},
    "",
    "null",
    False,
    {"a": {"b": [{}, [], None]}},
    "ü\n€",
    1.5,
    [1, 2, 3, 4],
]


@pytest.mark.parametrize("model", [Loose, Strict])
def test_an_untouched_save_of_any_type_makes_no_version(
    client: Any, shop: Shop, model: Any
) -> None:
    id = shop.add(model, **ODD)
    page = save(client, f"/admin/{model.__name__.lower()}/edit/?id={id}")
    assert page.status_code == 302
    assert len(shop.versions(model, id)) == 1
    assert NOTHING in client.get(page.location).text


def test_an_untouched_save_keeps_every_null(client: Any, shop: Shop) -> None:
    id = shop.add(Loose)
    assert save(client, f"/admin/loose/edit/?id={id}").status_code == 302
    assert len(shop.versions(Loose, id)) == 1


def test_every_type_has_a_field(client: Any, shop: Shop) -> None:
    """FIELD-NOTES: no converter for Float, Double, REAL, Uuid, Interval; they vanish silently."""
    id = shop.add(Loose, **ODD)
    fields = form_of(client.get(f"/admin/loose/edit/?id={id}"))
    assert set(ODD) - set(fields) == set()


@pytest.mark.parametrize("model", [Loose, Strict])
def test_an_untouched_save_keeps_json(client: Any, shop: Shop, model: Any) -> None:
    """FIELD-NOTES: NULL, [] and 0 become {}."""
    ids = [shop.add(model, **ODD | {"a_json": value}) for value in JSON_VALUES]
    for id in ids:
        assert save(client, f"/admin/{model.__name__.lower()}/edit/?id={id}").status_code == 302
    kept = [[row.a_json for row in shop.versions(model, id)] for id in ids]
    assert repr(kept) == repr([[value] for value in JSON_VALUES])


@pytest.mark.parametrize("name", ["a_string", "a_text"])
@pytest.mark.parametrize("model", [Loose, Strict])
def test_an_untouched_save_keeps_text(client: Any, shop: Shop, model: Any, name: str) -> None:
    """FIELD-NOTES: CRLF from textareas, '' becomes NULL."""
    ids = [shop.add(model, **ODD | {name: value}) for value in TEXTS]
    for id in ids:
        assert save(client, f"/admin/{model.__name__.lower()}/edit/?id={id}").status_code == 302
    assert [[getattr(row, name) for row in shop.versions(model, id)] for id in ids] == [
        [value] for value in TEXTS
    ]


def test_a_stored_empty_value_may_stay_empty(client: Any, shop: Shop) -> None:
    """A browser does not send a form with an empty required field."""
    id = shop.add(Strict, **ODD | {"a_text": "", "a_json": None})
    url = f"/admin/strict/edit/?id={id}"
    refused = client.post(url, data=form_of(client.get(url)) | {"a_float": "x"})
    for page in (client.get(url), refused):
        assert {"a_text", "a_json"}.isdisjoint(REQUIRED.findall(page.text))
        assert "a_string" in REQUIRED.findall(page.text)


NEW: dict[str, tuple[str, Any]] = {
    "a_string": ("new", "new"),
    "a_text": ("one\r\ntwo", "one\ntwo"),
    "an_integer": ("8", 8),
    "a_big": ("-9223372036854775808", -(2**63)),
    "a_float": ("1e-5", 1e-5),
    "a_double": ("0.1", 0.1),
    "a_real": (".25", 0.25),
    "a_decimal": ("19.90", ODD["a_decimal"].__class__("19.90")),
    "a_loose_decimal": ("7", ODD["a_decimal"].__class__("7")),
    "a_number": ("3.5", 3.5),
    "a_date": ("2026-11-14", dt.date(2026, 11, 14)),
    "a_time": ("16:20", dt.time(16, 20)),
    "a_naive": ("2026-11-14 16:20:00", dt.datetime(2026, 11, 14, 16, 20)),
    "a_moment": ("2026-11-14 16:20:00", dt.datetime(2026, 11, 14, 15, 20, tzinfo=dt.UTC)),
    "an_interval": ("1 day 00:00:01.5", dt.timedelta(days=1, seconds=1.5)),
    "a_uuid_text": ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"),
    "an_enum": ("RED", Color.RED),
    "a_choice": ("small", "small"),
    "a_json": ('{"n": true}', {"n": True}),
    "a_binary": ("00 ff 00", b"\x00\xff\x00"),
}


@pytest.mark.parametrize("model", [Loose, Strict])
def test_one_changed_field_is_the_only_change(client: Any, shop: Shop, model: Any) -> None:
    for name, (typed, value) in NEW.items():
        id = shop.add(model, **ODD)
        page = save(client, f"/admin/{model.__name__.lower()}/edit/?id={id}", **{name: typed})
        assert page.status_code == 302, (name, page.text)
        changes = diff(*shop.versions(model, id))
        assert [(change.name, change.new) for change in changes] == [(name, value)]


def test_an_emptied_field_is_null(client: Any, shop: Shop) -> None:
    for name in sorted(data_columns(Loose)):
        id = shop.add(Loose, **ODD)
        assert save(client, f"/admin/loose/edit/?id={id}", **{name: ""}).status_code == 302
        changes = diff(*shop.versions(Loose, id))
        assert [(change.name, change.new) for change in changes] == [(name, None)]


BAD = {
    "an_integer": ["2147483648", "1.5", "x", "\uff11"],
    "a_small": ["40000"],
    "a_big": ["9223372036854775808", "9" * 5000],
    "a_float": ["nan", "inf", "1e999", "1,5"],
    "a_real": ["1e39", "1e-50"],
    "a_decimal": ["1.005", "10000000000", "1e400", "NaN", "9" * 5000],
    "a_loose_decimal": ["1e9999999", "1e999"],
    "a_date": ["2026-02-30", "yesterday", "0000-01-01"],
    "a_time": ["25:00", "noon"],
    "a_naive": ["2026-11-14", "2026-11-14 16:20:00+01:00"],
    "a_moment": ["2026-03-29 02:30:00", "0001-01-01 00:00:00+14:00", "9999-12-31 23:59:59-12:00"],
    "an_interval": ["soon", "999999 days", ""],
    "a_uuid": ["7", "g" * 36],
    "an_enum": ["GREEN", "dark blue"],
    "a_json": ["{", '"\\u0000"', '"\\ud800"', "NaN", "[" * 100_000, "1e999"],
    "a_string": ["x" * 201, "a\0b"],
    "a_text": ["a\0b"],
    "a_binary": ["f", "0g"],
}


def test_what_a_column_cannot_hold_is_a_422_with_the_text_kept(client: Any, shop: Shop) -> None:
    id = shop.add(Strict, **ODD)
    url = f"/admin/strict/edit/?id={id}"
    fields = form_of(client.get(url))
    for name, typed in [(column, text) for column, texts in BAD.items() for text in texts]:
        page = client.post(url, data=fields | {name: typed})
        assert (name, typed[:50], page.status_code) == (name, typed[:50], 422)
        assert name == "an_enum" or form_of(page)[name] == typed
    assert len(shop.versions(Strict, id)) == 1


def test_a_column_without_history_is_saved_without_a_version(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    page = save(client, f"/admin/gadget/edit/?id={id}", views="5")
    assert [row.views for row in shop.versions(Gadget, id)] == [5]
    assert "without history" in client.get(page.location).text
