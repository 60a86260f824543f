"""Differences as pages lay them out: by their kind, the long ones folded, nothing cut."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from webapp.admin import presentation, runs
from webapp.admin.runs import Text
from webapp.admin.shown import Layout, Shown, path_text
from webapp.versioning import MASKED, FieldChange

WORDS = " ".join(f"word{number}" for number in range(5000))
LONG = "A sentence that is rather long, so that its words are compared. "


def lay_out(old: Any, new: Any, kind: str = "value", room: runs.Room = runs.COMPARISON) -> Shown:
    layout = Layout(lambda name, value: presentation.text_of(value), str.title, frozenset(), room)
    return layout.change(FieldChange("field", old, new, kind))


def whole(shown: Shown, side: str) -> str:
    """The old ("delete") or new ("insert") text, put together again from what the page holds."""
    parts = [part for part in (*shown.parts, *shown.more) if part.kind in ("equal", side)]
    return "".join(
        part.before + (part.folded.text if part.folded else "") + part.after for part in parts
    )


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (Decimal("34.00"), Decimal("31.00"), "\u22123.00 (\u22128.8 %)"),
        (0, 7, "+7"),
        (1, 1_000_000, "+999,999"),
        (1000, 50_000, "+49,000 (+4,900 %)"),
        (1_000_000, 1_000_001, "+1 (under 0.1 %)"),
        (-10, 10, "+20 (+200.0 %)"),
        (0.1, 0.3, "+0.2 (+200.0 %)"),
        (Decimal(1), Decimal("1E+40"), "+1.000000E+40"),
        (1, 10**40, "+1.000000E+40"),
        (dt.date(2026, 3, 1), dt.date(2026, 2, 28), "\u22121 day"),
        (dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 2, 3, 4), "+1 day 03:04:00"),
        (dt.datetime(2026, 1, 1), dt.datetime(2026, 7, 2), "+182 days"),
        (dt.time(4), dt.time(3, 30), "\u221200:30:00"),
        (True, False, ""),
        (None, 5, ""),
        (float("inf"), 1.0, ""),
        (dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), ""),
    ],
)
def test_by_how_much_a_value_changed(old: Any, new: Any, note: str) -> None:
    assert (lay_out(old, new).form, lay_out(old, new).note) == ("pair", note)


def test_a_reference_is_no_number() -> None:
    layout = Layout(lambda name, value: f"Maker {value}", str, frozenset({"id"}), runs.TIMELINE)
    shown = layout.change(FieldChange("id", 3, 9))
    assert (shown.old, shown.new, shown.note) == (Text("Maker 3"), Text("Maker 9"), "")


def test_words_of_a_text() -> None:
    shown = lay_out(LONG, LONG.replace("rather", "very"), "text")
    changed = [(part.kind, part.before) for part in shown.parts if part.kind != "equal"]
    assert changed == [("delete", "rather"), ("insert", "very")]


@pytest.mark.parametrize(("old", "new"), [("Kettle 1.7 l", "Kettle 1.8 l"), (LONG, "Nothing")])
def test_a_phrase_and_another_text_are_old_and_new(old: str, new: str) -> None:
    assert lay_out(old, new, "text").form == "pair"


def test_unchanged_text_is_folded_and_not_cut() -> None:
    new = WORDS.replace("word2500 ", "changed ")
    shown = lay_out(WORDS, new, "text")
    assert (whole(shown, "delete"), whole(shown, "insert")) == (WORDS, new)
    in_sight = sum(len(part.before) + len(part.after) for part in shown.parts)
    assert in_sight < 200 and all(part.folded for part in shown.parts if part.kind == "equal")


def test_many_changes_are_folded_and_not_cut() -> None:
    new = WORDS.replace("5 ", "five ")
    shown = lay_out(WORDS, new, "text")
    assert len(shown.parts) == runs.COMPARISON.parts and shown.more and shown.left_out == 0
    assert (whole(shown, "delete"), whole(shown, "insert")) == (WORDS, new)


def test_texts_that_look_alike_say_so() -> None:
    assert "looks alike" in lay_out("caf\u00e9", "cafe\u0301", "text").note
    assert lay_out(None, "", "text").note == "from no value to an empty text"


def test_places_of_a_json_value() -> None:
    old = {"size": [{"w": 1}], "gone": True, "a b": None}
    new = {"size": [{"w": 2}], "a b": 0, "new": "x"}
    shown = lay_out(old, new, "json")
    assert [(i.place, i.old and i.old.text, i.new and i.new.text) for i in shown.parts] == [
        ("size[0].w", "1", "2"),
        ("gone", "true", None),
        ('["a b"]', "null", "0"),
        ("new", None, "x"),
    ]
    assert path_text((0, "a.b", "ü")) == '[0]["a.b"].ü'


def test_a_string_is_told_from_what_it_spells() -> None:
    shown = lay_out([1, None, "x"], ["1", "", "x"], "json")
    texts = [(item.old or item.new or Text("")).text for item in shown.parts]
    assert texts == ["1", "null", '"1"', '""']


def test_a_json_value_that_became_another_kind_is_old_and_new() -> None:
    assert lay_out({"a": 1}, ["a"], "json").form == "pair"
    assert lay_out(None, {"a": 1}, "json").form == "pair"


def test_members_of_a_list() -> None:
    shown = lay_out(["a", "b", "c"], ["b", "c", "a", "d"], "json")
    assert [(i.old and i.old.text, i.new and i.new.text, i.note) for i in shown.parts] == [
        (None, "d", ""),
        ("a", "a", "moved from place 1 to 3"),
    ]


def test_bytes_are_a_size_and_a_digest() -> None:
    shown = lay_out(None, b"\0" * 2000, "binary")
    assert shown.old == Text("") and shown.new is not None
    assert shown.new.text.startswith("2,000 bytes, SHA-256 ") and len(shown.new.text) == 85


def test_a_masked_value_is_only_said_to_have_changed() -> None:
    shown = lay_out(MASKED, MASKED, "text")
    assert (shown.form, shown.old, shown.new, shown.parts) == ("masked", None, None, ())


def test_a_value_of_a_megabyte_is_folded_in_the_comparison() -> None:
    shown = lay_out("x" * 10**6, "y" * 10**6, "text")
    assert shown.new == Text("y" * 10**6, "y" * 80 + "…", 10**6)


def test_a_value_of_a_megabyte_is_not_compared_on_the_timeline() -> None:
    shown = lay_out("x " * 500_000, "x " * 500_000 + "y", "text", runs.TIMELINE)
    assert shown.form == "pair" and shown.new is not None
    assert shown.new.text == "" and shown.new.size == 1_000_001


def test_many_places_are_left_to_the_comparison() -> None:
    old, new = ({str(key): key + step for key in range(1000)} for step in (0, 1))
    shown = lay_out(old, new, "json", runs.TIMELINE)
    assert (len(shown.parts), shown.more, shown.left_out) == (40, (), 960)


def test_the_timeline_of_large_values_stays_small(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle", notes="first\n" + "x" * 10**6)
    for letter in "yz":
        shop.edit(Gadget, id, notes=f"{letter}\n" + letter * 10**6)
    timeline = client.get(f"/admin/gadget/timeline/?id={id}")
    assert len(timeline.data) < 40_000 and "shown in the comparison" in timeline.text
    compared = client.get(f"/admin/gadget/compare/?id={id}&a=1&b=3").text
    assert "x" * 10**6 in compared and "z" * 10**6 in compared
    assert compared.count('<details class="long">') >= 2


def test_what_nobody_would_see_is_named() -> None:
    shown = presentation.visible("a\u202eb<\x0b\n")
    assert shown == 'a<span class="unseen">U+202E</span>b&lt;<span class="unseen">U+000B</span>\n'
