"""Rarer column types through the pages: create, leave alone, edit, compare, restore."""

from __future__ import annotations

import datetime as dt
import html
import re
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from tests.admin.conftest import Shop, form_of, save
from tests.admin.kinds.admin import DERIVED
from tests.admin.kinds.models import TYPES, VALUES, Kind, Money, Size
from tests.admin.test_restore import address, restore
from tests.admin.test_untouched import NOTHING
from webapp.versioning import diff

#: What is typed over each of `VALUES`, what that is, and how a page shows the old and the new.
EDITS: dict[str, tuple[str, Any, str, str]] = {
    "some_words": ('["one", "", "zwölf"]', ["one", "", "zwölf"], 'a "b",c', ""),
    "some_numbers": ("[3, null, 7]", [3, None, 7], "-1", "7"),
    "a_matrix": ("[[1, 2], [3, 5]]", [[1, 2], [3, 5]], "[3, 4]", "[3, 5]"),
    "some_flags": ("[true]", [True], "false", ""),
    "some_days": ('["2026-11-15"]', [dt.date(2026, 11, 15)], "2026-11-14", "2026-11-15"),
    "some_prices": ("[1.5, 2]", [Decimal("1.50"), Decimal("2.00")], "99999.99", "2.00"),
    "an_address": ("2001:db8::1/128", ip_address("2001:db8::1"), "10.1.2.3/8", "2001:db8::1"),
    "a_network": ("10.2.0.0/16", ip_network("10.2.0.0/16"), "10.1.0.0/16", "10.2.0.0/16"),
    "a_mac": ("08-00-2B-01-02-FF", "08:00:2b:01:02:ff", VALUES["a_mac"], "08:00:2b:01:02:ff"),
    "a_jsonb": ('{"a": [1, 2]}', {"a": [1, 2]}, "null", "2"),
    "a_mutable": ('{"size": {"width": 4}}', {"size": {"width": 4}}, "size.width", "4"),
    "a_mutable_list": ('[1, "two", 3]', [1, "two", 3], "3", ""),
    "a_money": ("13.50", Money(Decimal("13.50")), "12.50 EUR", "13.50 EUR"),
    "some_tags": ("red,blue", ["red", "blue"], "green", "blue"),
    "a_lowered": ("other", "other", "word", "other"),
    "a_zoned_time": ("17:20:00+00:00", dt.time(17, 20), "16:20:00", "17:20:00"),
    "a_plain_enum": ("SMALL", Size.SMALL, "Extra large", "Small"),
    "an_amount": ("12345.0000000001", Decimal("12345.0000000001"), "0.0000000001", "12345.0"),
    "a_binary": ("00FF", b"\x00\xff", "3 bytes", "2 bytes"),
    "a_boolean": ("1", True, "No", "Yes"),
}
BAD: dict[str, list[str]] = {
    "some_words": ["{}", "one", '["more than ten characters"]', '[["a"], "b"]', '[{"a": 1}]'],
    "some_numbers": ["[40000]", "[1.5]", '["x"]', "[" + "9" * 5000 + "]", "[NaN]", "[1e999999]"],
    "a_matrix": ["[1, 2]", "[[1], [2, 3]]", "[[[1]]]", "[[]]", "[" * 50_000],
    "some_flags": ["[2]"],
    "some_days": ['["2026-02-30"]', "[20261114]"],
    "some_prices": ["[1.005]", "[1e400]", '["NaN"]'],
    "an_address": ["10.1.2", "10.1.2.3/33", "fe80::1%eth0", "9" * 5000],
    "a_network": ["10.1.2.3/8", "x"],
    "a_mac": ["08:00:2b:01:02", "08:00:2b:01:02:03:04:05", "zz:00:2b:01:02:03"],
    "a_jsonb": ["{", '"\\u0000"', "9" * 5000, "1e400", "Infinity"],
    "a_mutable": ["[1]", "7"],
    "a_mutable_list": ['{"a": 1}'],
    "a_money": ["x", "1.005", "Infinity", "1e400", "9" * 5000],
    "some_tags": ["x" * 61],
    "a_lowered": ["x" * 21],
    "a_zoned_time": ["25:00", "16:20+23:59"],
    "an_amount": ["0.00000000001", "1e999", "-Infinity", "9" * 21],
    "a_binary": ["0", "zz", "0x00", "\uff10\uff10"],
    "a_boolean": ["2"],
}  # fmt: skip


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"APPS": ("tests.admin.kinds",)}


def _words(page: Any) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", page.text))


def _values(row: Any) -> dict[str, Any]:
    """The row's values, but that SQLite keeps no offset of a time."""
    return {name: getattr(row, name) for name in TYPES} | {
        "a_zoned_time": row.a_zoned_time and row.a_zoned_time.replace(tzinfo=None)
    }


PLAIN = VALUES | {"a_zoned_time": VALUES["a_zoned_time"].replace(tzinfo=None)}


def test_what_is_typed_into_a_new_record_is_what_it_holds(client: Any, shop: Shop) -> None:
    typed = {name: edit[0] for name, edit in EDITS.items()}
    page = save(client, "/admin/kind/new/", quantity="5", **typed)
    assert page.status_code == 302, _words(page)
    [row] = shop.versions(Kind, 1)
    assert (row.quantity, row.doubled) == (5, 10)
    assert _values(row) == {name: edit[1] for name, edit in EDITS.items()}


@pytest.mark.parametrize("values", [VALUES, {}])
def test_an_untouched_save_makes_no_version_and_says_so(
    client: Any, shop: Shop, values: dict[str, Any]
) -> None:
    id = shop.add(Kind, **values)
    page = save(client, f"/admin/kind/edit/?id={id}")
    assert len(shop.versions(Kind, id)) == 1
    assert NOTHING in client.get(page.location).text


def test_an_edit_changes_its_field_alone_and_the_timeline_shows_both_sides(
    client: Any, shop: Shop
) -> None:
    for name, (typed, new, old_shown, new_shown) in EDITS.items():
        id = shop.add(Kind, **VALUES)
        page = save(client, f"/admin/kind/edit/?id={id}", **{name: typed})
        assert page.status_code == 302, (name, _words(page))
        rows = shop.versions(Kind, id)
        assert [change.name for change in diff(*rows)] == [name]
        assert _values(rows[1]) == PLAIN | {name: new}
        words = _words(client.get(f"/admin/kind/compare/?id={id}&a=1&b=2"))
        assert old_shown in words and new_shown in words, (name, words)


def test_a_restore_brings_every_value_back(client: Any, shop: Shop) -> None:
    id = shop.add(Kind, **VALUES)
    save(client, f"/admin/kind/edit/?id={id}", **{name: edit[0] for name, edit in EDITS.items()})
    assert restore(client, address(id, model="kind")).status_code == 302
    rows = shop.versions(Kind, id)
    assert len(rows) == 3 and _values(rows[2]) == PLAIN


def test_an_emptied_field_is_null(client: Any, shop: Shop) -> None:
    id = shop.add(Kind, **VALUES)
    page = save(client, f"/admin/kind/edit/?id={id}", **dict.fromkeys(TYPES, ""))
    assert page.status_code == 302, _words(page)
    assert set(_values(shop.versions(Kind, id)[1]).values()) == {None}


def test_what_a_type_cannot_hold_is_a_422_that_names_the_field_and_keeps_the_text(
    client: Any, shop: Shop
) -> None:
    id = shop.add(Kind, **VALUES)
    url = f"/admin/kind/edit/?id={id}"
    fields = form_of(client.get(url))
    for name, typed in [(column, text) for column, texts in BAD.items() for text in texts]:
        page = client.post(url, data=fields | {name: typed})
        assert (name, typed[:50], page.status_code) == (name, typed[:50], 422)
        assert f'<a href="#{name}">' in page.text
        assert name == "a_boolean" or form_of(page)[name] == typed
    assert len(shop.versions(Kind, id)) == 1


@pytest.mark.parametrize("hostile", [b"a\0b", b"\xed\xa0\x80\xff", b"\xef\xbc\x99"])
def test_a_hostile_text_is_never_a_500(client: Any, shop: Shop, hostile: bytes) -> None:
    id = shop.add(Kind, **VALUES)
    url = f"/admin/kind/edit/?id={id}"
    for name in TYPES:
        page = client.post(url, data=form_of(client.get(url)) | {name: hostile})
        may_hold_it = name in ("some_tags", "a_lowered") and b"\0" not in hostile
        assert (name, page.status_code) == (name, 302 if may_hold_it else 422)


def test_a_file_in_the_place_of_a_text_is_refused(client: Any, shop: Shop) -> None:
    id = shop.add(Kind, **VALUES)
    url = f"/admin/kind/edit/?id={id}"
    fields = form_of(client.get(url)) | {"a_lowered": (b"", "x.txt")}
    page = client.post(url, data=fields, content_type="multipart/form-data")
    assert page.status_code == 422 and "takes text, not a file" in page.text


def test_derived_columns_are_shown_and_not_typed(client: Any, shop: Shop) -> None:
    id = shop.add(Kind, quantity=7, a_lowered="word")
    assert set(DERIVED).isdisjoint(form_of(client.get(f"/admin/kind/edit/?id={id}")))
    listed = _words(client.get("/admin/kind/"))
    assert all(shown in listed for shown in ("14", "21", "WORD"))


def test_bytes_too_many_to_type_are_kept(client: Any, shop: Shop) -> None:
    id = shop.add(Kind, a_binary=bytes(20_000))
    page = client.get(f"/admin/kind/edit/?id={id}")
    assert "20,000 bytes, kept as they are" in page.text
    assert save(client, f"/admin/kind/edit/?id={id}", a_lowered="x").status_code == 302
    assert shop.versions(Kind, id)[1].a_binary == bytes(20_000)


def test_two_who_edit_the_same_field_are_shown_both_sides(client: Any, shop: Shop) -> None:
    for name, (typed, new, *_) in EDITS.items():
        id = shop.add(Kind)
        url = f"/admin/kind/edit/?id={id}"
        fields = form_of(client.get(url))
        shop.edit(Kind, id, **{name: VALUES[name]})
        page = client.post(url, data=fields | {name: typed})
        assert (name, page.status_code) == (name, 409)
        chosen = form_of(page) | {f"merge-choice-{name}": "yours"}
        assert client.post(url, data=chosen).status_code == 302
        assert _values(shop.versions(Kind, id)[2])[name] == new
