"""What a person typed into the forms of a review, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.admin.values import read_text
from webapp.auth import fresh

from .acting import LONGEST_COMMENT, Seen
from .models import Act

#: Acts that are final, for which the password is asked again after a while.
GRAVE = frozenset({Act.SIGN_OFF, Act.REJECT})
#: Acts that say nothing without a comment.
NEEDS_WORDS = {
    Act.QUERY: "Write what you want to know.",
    Act.REJECT: "Write why you do not accept it.",
    Act.ANSWER: "Write your answer, or choose the change that is the correction.",
}


class Typed:
    """The form as it came, or as it is first shown; `errors` by the name of the field."""

    def __init__(self, form: Mapping[str, str] | None) -> None:
        given: Mapping[str, str] = form or {}
        self.act = next((act for act in Act if act == given.get("act")), None)
        self.comment = given.get("comment", "").replace("\r\n", "\n").strip()
        self.password = given.get("password")
        self.digest = given.get("digest", "")
        self.count = _number(given.get("count"))
        self.n = _number(given.get("n"))
        self.corrected_by = _number(given.get("corrected_by")) or None
        self.back = given.get("back", "")
        self.errors: dict[str, str] = {}

    @property
    def seen(self) -> Seen:
        return Seen(self.n, self.digest)

    def validate(self, act: Act) -> bool:
        """Whether the comment fits the act."""
        try:
            read_text(self.comment)
        except ValueError as error:
            self.errors["comment"] = str(error)
        if len(self.comment) > LONGEST_COMMENT:
            self.errors["comment"] = f"At most {LONGEST_COMMENT:,} characters."
        if act in NEEDS_WORDS and not self.comment and not self.corrected_by:
            self.errors["comment"] = NEEDS_WORDS[act]
        return not self.errors

    def asks_password(self) -> bool:
        """Whether the password has to be typed, first or again; what was typed is confirmed."""
        if not fresh.is_due():
            return False
        if self.password is not None and fresh.confirm(self.password):
            return False
        self.errors["password"] = (
            "This is not your password. Nothing was done yet."
            if self.password
            else "Nothing was done yet: type your password to show that it is you."
        )
        return True


def _number(text: Any) -> int | None:
    """A number as forms send it; None for anything else."""
    given = str(text or "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None
