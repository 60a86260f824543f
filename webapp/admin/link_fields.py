"""The form field of links: any number of living records, and what was chosen so far.

A few candidates are boxes to tick, many a list, and very many a text field for their numbers. All
three are whole without JavaScript; with it, the latter two become a search with one chip a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from sqlalchemy import String, inspect
from wtforms import widgets
from wtforms.fields.choices import Choice, SelectFieldBase

from webapp.auth import who

from .references import NO_CHOICES, Choices, Target

#: Candidates up to which they are boxes to tick.
FEW = 12
#: Records that a message or a list of numbers names.
NAMED = 100
SEVERAL = re.compile(r"[\s,;]+")
UNSEEN = "You may not see the records that this field links to, so none can be added here."


class LinksField(SelectFieldBase):
    """Links to records: the living to choose from, by their keys.

    A hidden "" precedes the boxes and the list, which send nothing when nothing is chosen. Without
    it, what is sent are texts with numbers in them.
    """

    widget = widgets.Select(multiple=True)

    def __init__(
        self, label: Any = None, validators: Any = None, *, target: Target, **kwargs: Any
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.target = target
        self.held: dict[str, Any] = {}

    def process_data(self, value: Any) -> None:
        """Hook: keeps a list of its own; the one given is the record's, which the save alters."""
        self.object_data = self.data = list(value or ())
        self.held = {self.target.key(row): row for row in self.data}

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist:
            return
        sent = self.keys_sent()
        new = [key for key in sent if key not in self.held]
        found = self.target.living(new) if who.may_see(self.target.model) else {}
        refused = [key for key in new if key not in found]
        if refused:
            raise ValueError(self._why_not(refused))
        chosen = {*sent}
        kept = [row for key, row in self.held.items() if key in chosen]
        self.data = [*kept, *(found[key] for key in new)]

    @staticmethod
    def look_up(target: Target, typed: str) -> list[tuple[str, str]]:
        """Key and name of records to offer: of those that may be seen alone."""
        return target.search(typed) if who.may_see(target.model) else []

    def keys_sent(self) -> list[str]:
        """The keys in what was sent, each once. Raises ValueError when a file was sent."""
        sent = self.raw_data or []
        if not all(isinstance(each, str) for each in sent):
            raise ValueError("This field takes text, not a file.")
        if sent[:1] == [""]:
            keys = list(sent)
        elif self.keys_are_texts():
            keys = [line.strip() for text in sent for line in text.splitlines()]
        else:
            keys = [key.removeprefix("#") for text in sent for key in SEVERAL.split(text)]
        return [key for key in dict.fromkeys(keys) if key]

    def came_back(self, rendered: LinksField) -> bool:
        """Whether what was sent is what `rendered` shows, in any order."""
        if not self.raw_data:
            return True
        try:
            return {*self.keys_sent()} == rendered.held.keys()
        except ValueError:
            return False

    # -- as it is shown

    def way(self) -> Literal["ticks", "select", "numbers"]:
        """The control that suits the number of candidates."""
        choices = self._choices()
        if not choices.is_all:
            return "numbers"
        return "ticks" if len(choices.pairs) <= FEW else "select"

    def iter_choices(self) -> Iterator[Choice]:
        """The living by name, then what is chosen and is not among them."""
        chosen = {*self.keys_shown()}
        pairs = dict(self._choices().pairs)
        others = [key for key in dict.fromkeys([*self.held, *chosen]) if key not in pairs]
        for key, name in [*pairs.items(), *self.target.labels(others).items()]:
            yield Choice(key, name, key in chosen, {})

    def chosen(self) -> dict[str, str]:
        """Key and name of the first `NAMED` that are chosen."""
        return self.target.labels(self.keys_shown()[:NAMED])

    def more_chosen(self) -> int:
        """How many are chosen besides."""
        return max(len(self.keys_shown()) - NAMED, 0)

    def text(self) -> str:
        """What is chosen, as the text field has it."""
        if self.raw_data and "" not in self.raw_data[:1]:
            return "\n".join(self.raw_data)
        return ("\n" if self.keys_are_texts() else ", ").join(self.keys_shown())

    def _choices(self) -> Choices:
        return self.target.choices() if who.may_see(self.target.model) else NO_CHOICES

    def keys_shown(self) -> list[str]:
        """The keys of what is chosen: what was sent, else what is stored."""
        try:
            return self.keys_sent() if self.raw_data else list(self.held)
        except ValueError:
            return list(self.held)

    def keys_are_texts(self) -> bool:
        """Whether the records are known by texts, which may hold commas and blanks."""
        model = self.target.model
        type_ = inspect(model).column_attrs[self.target.id_name].columns[0].type
        return isinstance(type_, String)

    def _why_not(self, keys: list[str]) -> str:
        if not who.may_see(self.target.model):
            return UNSEEN
        names = list(self.target.labels(keys[:5]).values())
        if len(keys) > len(names):
            names.append(f"{len(keys) - len(names):,} more")
        these, them = ("This is", "it") if len(keys) == 1 else ("These are", "them")
        return (
            f"{these} not there to choose: {', '.join(names)}. Nothing was saved: take {them} out,"
            " or restore what was deleted first."
        )
