"""Compares texts by words, at a cost that stays bounded whatever the texts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .align import Budget, align, edits
from .differences import PartKind, TextDifference, TextPart

ORDER: tuple[PartKind, ...] = ("equal", "delete", "insert")
# A word, a run of blanks, a punctuation mark, or a character of a script without blanks: so that a
# word keeps its accents and vowel signs, which Python does not take for letters.
WIDE = "\u2e80-\u2fff\u3040-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
MARKS = "!-/:-@\\[-`{-~¡-¿\u2000-\u206f\u3000-\u303f"
WORD = re.compile(rf"\s+|[{WIDE}]|[{MARKS}]|[^\s{WIDE}{MARKS}]+")


def compare_texts(old: str | None, new: str | None) -> TextDifference:
    """By lines first; then, within the lines that differ, by words."""
    budget = Budget()
    a, b = lines(old or ""), lines(new or "")
    parts: list[TextPart] = []
    for equal, left, right in _runs(a, b, budget):
        if equal:
            parts.append(TextPart("equal", left))
            continue
        for same, word, other in _runs(WORD.findall(left), WORD.findall(right), budget):
            kinds: tuple[PartKind, ...] = ("equal",) if same else ("delete", "insert")
            parts += map(TextPart, kinds, (word, other))
    joined = tuple(_joined(parts))
    if not budget.refused:
        return TextDifference(joined, "words")
    some = any(part.kind == "equal" and part.text.strip() for part in joined)
    return TextDifference(joined, "lines" if some else "whole")


def lines(text: str) -> list[str]:
    """The text's lines with their ends; only a line feed ends one, as in the database."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _runs(a: list[str], b: list[str], budget: Budget) -> Iterator[tuple[bool, str, str]]:
    for equal, from_a, to_a, from_b, to_b in edits(align(a, b, budget), len(a), len(b)):
        yield equal, "".join(a[from_a:to_a]), "".join(b[from_b:to_b])


def _joined(parts: list[TextPart]) -> Iterator[TextPart]:
    """Runs of one kind made one; between equal runs, what was deleted comes first."""
    texts: dict[PartKind, str] = dict.fromkeys(ORDER, "")
    for part in [*parts, TextPart("equal", "")]:
        if part.kind == "equal" and (texts["delete"] or texts["insert"]):
            yield from (TextPart(kind, texts[kind]) for kind in ORDER if texts[kind])
            texts = dict.fromkeys(ORDER, "")
        texts[part.kind] += part.text
    if texts["equal"]:
        yield TextPart("equal", texts["equal"])
