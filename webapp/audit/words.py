"""Acts and states of a review in words, the same on every page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from webapp.admin.subjects import Subject

from .models import Act


class State(NamedTuple):
    """A state: its name, what it means, and of which kind its mark is."""

    name: str
    means: str
    kind: str


class Deed(NamedTuple):
    """An act: the word on its button, the word for it when it is done, what it means, and what
    happens next."""

    button: str
    done: str
    means: str


STATES = {
    Act.DUE: State("Awaiting review", "Nobody has reviewed it yet.", "open"),
    Act.QUERY: State("Queried", "An auditor asked something and waits for the answer.", "asked"),
    Act.ANSWER: State("Answered", "The question is answered: it is the auditors’ turn.", "open"),
    Act.SIGN_OFF: State("Signed off", "An auditor saw it and agreed. The review is over.", "good"),
    Act.REJECT: State("Rejected", "An auditor did not accept it. The review is over.", "bad"),
    Act.PASSED: State("Not drawn", "A draw passed it by, so no review is asked for.", "quiet"),
}
#: The states that have a list of their own, in the order in which they are worked through.
LISTED = (Act.DUE, Act.QUERY, Act.ANSWER, Act.SIGN_OFF, Act.REJECT)

DEEDS = {
    Act.SIGN_OFF: Deed(
        "Sign off",
        "signed it off",
        "You have looked at it and stand for it with your name. This is final.",
    ),
    Act.QUERY: Deed(
        "Ask",
        "asked",
        "Your question waits for whoever made the change, who answers it or corrects the record.",
    ),
    Act.REJECT: Deed(
        "Reject",
        "rejected it",
        "You do not accept it. This is final, and takes nothing back by itself: the undo of the"
        " change is offered to whoever may edit.",
    ),
    Act.ANSWER: Deed(
        "Answer",
        "answered",
        "The auditors see your answer, and sign the change off, ask again or reject it.",
    ),
}
DONE = {
    Act.SIGN_OFF: "Change {} is signed off.",
    Act.QUERY: "Your question on change {} waits for an answer.",
    Act.REJECT: "Change {} is rejected. It stays as it is until somebody undoes it.",
    Act.ANSWER: "Your answer on change {} is with the auditors.",
}
#: What keeps a person from reviewing a change.
BARS = {
    "own": "You made this change, so somebody else has to review it.",
    "party": "You answered for this change or took it back, so somebody else has to review it.",
    "model": "It touched records of a model that you may not review, so somebody else has to.",
    "hidden": "It altered a field that you may not see: you can ask about it, but only somebody who"
    " sees all of it can sign it off or reject it.",
}
#: The same of several changes, when they are left out of a bulk act.
LEFT_OUT = {
    "own": "made by yourself",
    "party": "answered for or taken back by yourself",
    "model": "with records of a model that you may not review",
    "hidden": "with a field that you may not see",
}


def why(kept: Iterable[Mapping[str, Any]] | None, shown: Mapping[str, Subject]) -> list[str]:
    """Why a change awaits a review, a phrase for each policy, without names that may not be
    seen."""
    return [_phrase(each, shown.get(str(each.get("model")))) for each in kept or ()]


def _phrase(kept: Mapping[str, Any], subject: Subject | None) -> str:
    if subject is None or subject.view is None:
        return "a rule of a model that you may not see"
    fields = _named(kept.get("names", ()), subject)
    match kept.get("policy"):
        case "fields":
            return f"{subject.name}: {fields} changed"
        case "over":
            return f"{subject.name}: {fields} changed by more than {kept.get('by')}"
        case "operations":
            did = " or ".join(OPERATIONS.get(each, each) for each in kept.get("names", ()))
            return f"{subject.name}: a record was {did}"
        case "records":
            return f"{subject.name}: more than {kept.get('most')} records at once"
        case "share":
            return f"{subject.name}: drawn by lot, {float(kept.get('part', 0)):.3g} of all changes"
    return f"{subject.name}: every change"


def _named(names: Iterable[str], subject: Subject) -> str:
    seen = [subject.label(name) for name in names if name not in subject.hidden]
    return " or ".join(seen) or "a field that you may not see"


#: The operations, as people call them.
OPERATIONS = {
    "create": "created",
    "update": "edited",
    "delete": "deleted",
    "restore": "restored",
}
