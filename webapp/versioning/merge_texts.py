"""Merges two edits of a text by lines, as version control does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .align import align

Lines = tuple[str, ...]


@dataclass(frozen=True)
class Hunk:
    """A run of lines, without their ends: as all have it ("same"), as one side or both alike
    changed it, or in conflict. `merged` is what comes of it, nothing for a conflict."""

    kind: Literal["same", "theirs", "yours", "both", "conflict"]
    base: Lines
    theirs: Lines
    yours: Lines

    @property
    def merged(self) -> Lines:
        return {"theirs": self.theirs, "conflict": ()}.get(self.kind, self.yours)


def merge_texts(base: str, theirs: str, yours: str) -> tuple[Hunk, ...]:
    """The text in hunks, in order, whatever the line ends are.

    Edits of neighbouring lines are a conflict, since they may belong together; so are texts that
    differ too much to be aligned at a bounded cost.
    """
    return tuple(_hunks(*(tuple(_plain(text).split("\n")) for text in (base, theirs, yours))))


def text_of(hunks: Iterable[Hunk]) -> str:
    r"""The merged text with ``\n`` at the line ends, conflicts left out."""
    return "\n".join(line for hunk in hunks for line in hunk.merged)


def line_style(*texts: Any) -> str | None:
    r"""The line end that most lines of the first text with lines have: ``\r\n`` or ``\n``."""
    style = next((text for text in texts if isinstance(text, str) and "\n" in text), None)
    if style is None:
        return None
    return "\r\n" if style.count("\r\n") * 2 > style.count("\n") else "\n"


def with_line_ends_of(style: str | None, text: Any) -> Any:
    r"""A text with that line end throughout; other values as they are.

    A browser sends ``\r\n`` for every line that it was given with ``\n``.
    """
    if style is None or not isinstance(text, str):
        return text
    return _plain(text).replace("\n", style)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _hunks(base: Lines, theirs: Lines, yours: Lines) -> Iterator[Hunk]:
    in_theirs, in_yours = _places(base, theirs), _places(base, yours)
    common = [n for n in range(len(base)) if n in in_theirs and n in in_yours]
    i = j = k = 0
    run: list[str] = []
    ends = (len(base), len(theirs), len(yours))
    for to_i, to_j, to_k in [*((n, in_theirs[n], in_yours[n]) for n in common), ends]:
        gap = base[i:to_i], theirs[j:to_j], yours[k:to_k]
        if any(gap):
            yield from _same(run)
            yield _changed(*gap)
            run = []
        run += base[to_i : to_i + 1]
        i, j, k = to_i + 1, to_j + 1, to_k + 1
    yield from _same(run)


def _places(base: Lines, side: Lines) -> dict[int, int]:
    """Where the lines of base stand in the side's text, those that are there."""
    return {i + n: j + n for i, j, length in align(base, side) for n in range(length)}


def _same(run: list[str]) -> Iterator[Hunk]:
    if run:
        yield Hunk("same", tuple(run), tuple(run), tuple(run))


def _changed(base: Lines, theirs: Lines, yours: Lines) -> Hunk:
    if theirs == yours:
        return Hunk("both", base, theirs, yours)
    if base == theirs:
        return Hunk("yours", base, theirs, yours)
    return Hunk("theirs" if base == yours else "conflict", base, theirs, yours)
