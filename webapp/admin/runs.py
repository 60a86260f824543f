"""Long texts on a page: what stays in sight, and what is folded behind a summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.versioning import TextPart

#: Characters of a value in sight; a longer one, or one of several lines, is folded.
SIGHT = 160
#: Characters in the summary of a folded value.
START = 80
#: Characters of unchanged text left in sight beside a change.
CONTEXT = 60


@dataclass(frozen=True)
class Room:
    """How much of a page one field may take.

    `parts` are in sight at once. A text of more than `characters` is not on the page at all, and of
    more than `compared` not even compared: a link leads to the page of the comparison, which has
    room for anything (None).
    """

    parts: int
    characters: int | None = None
    compared: int | None = None


TIMELINE = Room(parts=40, characters=20_000, compared=100_000)
COMPARISON = Room(parts=400)


@dataclass(frozen=True)
class Text:
    """A value's text. With a `start` it is folded; with `text` empty as well, it is elsewhere."""

    text: str
    start: str = ""
    size: int = 0


@dataclass(frozen=True)
class Run:
    """A run of a text that was kept, deleted or inserted; `folded` lies between the two ends."""

    kind: str
    before: str
    folded: Text | None = None
    after: str = ""


def text(whole: str, room: Room) -> Text:
    """The text, folded when it is long."""
    if len(whole) <= SIGHT and "\n" not in whole:
        return Text(whole)
    return _folded(whole, room)


def runs(parts: Sequence[TextPart], room: Room) -> list[Run]:
    """The parts of a text's difference; what did not change is folded but for the words around."""
    last = len(parts) - 1
    return [
        _run(part, CONTEXT if at > 0 else 0, CONTEXT if at < last else 0, room)
        for at, part in enumerate(parts)
    ]


def _run(part: TextPart, before: int, after: int, room: Room) -> Run:
    whole = part.text
    if part.kind != "equal":
        if len(whole) <= 10 * SIGHT:
            return Run(part.kind, _with_line_ends(whole))
        return Run(part.kind, "", _folded(whole, room))
    if len(whole) <= before + after + SIGHT:
        return Run("equal", whole)
    head = _up_to_a_blank(whole[:before])
    tail = _up_to_a_blank(whole[len(whole) - after :][::-1])[::-1].lstrip() if after else ""
    middle = whole[len(head) : len(whole) - len(tail)]
    return Run("equal", head, _folded(middle, room), tail)


def _folded(whole: str, room: Room) -> Text:
    line = " ".join(whole[: 4 * START].split())
    start = line if len(line) <= START else line[:START].rstrip() + "…"
    is_held = room.characters is None or len(whole) <= room.characters
    return Text(whole if is_held else "", start or "…", len(whole))


def _up_to_a_blank(text: str) -> str:
    """Without the last word, which the cut may have split."""
    kept = text.rstrip()
    at = max(kept.rfind(" "), kept.rfind("\n"))
    return text[: at + 1] if at > 0 else text


def _with_line_ends(text: str) -> str:
    """A deleted or inserted blank line would be invisible."""
    return text.replace("\n", "\u21b5\n") if not text.strip() else text
