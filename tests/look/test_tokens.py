"""The palette can be read: text on its surface at 4.5:1, edges and marks of controls at 3:1."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "static" / "css"
TOKEN = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
TOKENS = {
    name: (light, dark) for name, light, dark in TOKEN.findall((CSS / "tokens.css").read_text())
}

SURFACES = ("surface", "card", "sunken", "hover")
SOFT = (
    "accent-soft",
    "create-soft",
    "edit-soft",
    "delete-soft",
    "restore-soft",
    "warn-soft",
    "alarm-soft",
)
TEXT_ON_SURFACE = [
    *((ink, surface) for ink in ("ink", "ink-2", "ink-3") for surface in SURFACES),
    *((ink, soft) for ink in ("ink", "ink-2") for soft in (*SOFT, "mark-add", "mark-del")),
    *(("accent", surface) for surface in (*SURFACES, "accent-soft")),
    *((name, f"{name}-soft") for name in ("create", "edit", "delete", "restore", "warn", "alarm")),
    *((name, "card") for name in ("create", "edit", "delete", "restore", "warn", "alarm")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-delete", "delete"),
    ("on-delete", "delete-strong"),
]
EDGE_ON_SURFACE = [
    (edge, surface)
    for edge in ("line-strong", "focus")
    for surface in ("surface", "card", "sunken")
]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "surface"), TEXT_ON_SURFACE)
def test_text_stands_out(ink: str, surface: str, theme: int) -> None:
    assert contrast(TOKENS[ink][theme], TOKENS[surface][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "surface"), EDGE_ON_SURFACE)
def test_controls_and_focus_stand_out(edge: str, surface: str, theme: int) -> None:
    assert contrast(TOKENS[edge][theme], TOKENS[surface][theme]) >= 3


def test_the_sheets_take_their_colours_from_the_tokens() -> None:
    """A colour of its own would have no dark side. A veil of black fits both."""
    for sheet in CSS.glob("*.css"):
        if sheet.name != "tokens.css":
            found = set(re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", sheet.read_text()))
            assert found <= {"#0008"}, sheet.name


def test_every_token_in_use_is_defined() -> None:
    defined = set(re.findall(r"^\s*--([\w-]+):", (CSS / "tokens.css").read_text(), re.M))
    for sheet in CSS.glob("*.css"):
        assert set(re.findall(r"var\(--([\w-]+)\)", sheet.read_text())) <= defined, sheet.name


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
