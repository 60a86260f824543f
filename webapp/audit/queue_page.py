"""The queue of reviews: what awaits one, oldest first, with the differences in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import abort, current_app, request
from flask_admin import expose

from webapp.admin import times
from webapp.admin.subjects import name_of
from webapp.auth import gate, who
from webapp.extensions import db
from webapp.versioning import (
    ChangeEntry,
    ModelChanges,
    Place,
    change_digests,
    excerpts,
    tally,
    utcnow,
)

from . import asked, queue, words
from .about_changes import AboutChanges
from .acting import Seen, threads
from .models import MAY_FOLLOW, Act, Review
from .standing import Bars, bars

#: Records of each model that the queue shows of a change; a larger one has its page.
IN_PLACE = 5
STATES = {each.value: each for each in words.LISTED}
NOTHING_TO_REVIEW = (
    "You may not review changes of any model. An administrator can give you a role that may."
)


@dataclass(frozen=True)
class Item:
    """A change of the list. `seen` is None where not all of it is in sight, or nothing is left to
    be said: then it is signed off on its own page alone."""

    change: ChangeEntry
    last: Review
    thread: list[Review]
    models: list[ModelChanges]
    bars: Bars
    seen: Seen | None

    @property
    def bar(self) -> str:
        """What keeps the person from reviewing it; "" where nothing does."""
        return next((words.BARS[code] for code in words.BARS if code in self.bars), "")


class QueuePage(AboutChanges):
    """The page `/admin/review/`; its filters, its state and its place are in the address."""

    @property
    def is_reviewer(self) -> bool:
        """Whether there is a model whose changes the person may review."""
        return any(subject.may_review() for subject in self.subjects.shown.values())

    def is_visible(self) -> bool:
        """Hook: the menu offers the queue to whoever may review something."""
        return self.is_reviewer

    @expose("/")
    def index_view(self) -> Any:
        if not self.is_reviewer:
            abort(403, NOTHING_TO_REVIEW)
        shown = self.asked()
        return self.listed("audit/queue.html", shown, shown.filters, all_url=self._all_url(shown))

    def asked(self) -> asked.Asked:
        """What the address asks for; without a state, what awaits review."""
        return asked.read(request.args, self.subjects.shown, names=asked.REVIEWED, states=STATES)

    def listed(
        self, template: str, shown: asked.Asked, filters: Mapping[str, Any], **more: Any
    ) -> Any:
        """A page of the changes in one state; with errors in the filters, none of them."""
        session, state = db.session(), filters.get("state", Act.DUE)
        found, numbers = queue.Page((), None), dict.fromkeys(words.LISTED, queue.Number(0, True))
        after = self._after()
        if not shown.errors:
            size = current_app.config["PAGE_SIZE"]
            found = queue.page(session, state, filters, after=after, limit=size)
            numbers = queue.counts(session, words.LISTED, filters)
        page = self.render(
            template,
            items=self._items(found),
            state=state,
            counts=numbers,
            most=queue.MOST_COUNTED,
            asked=shown,
            fields=asked.fields_of(self.subjects.shown),
            filter_subjects=self.subjects.shown,
            subjects=self.subjects,
            touched=self.subjects.touched,
            operations=words.OPERATIONS,
            words=words,
            acts=Act,
            why=partial(words.why, shown=self.subjects.shown),
            name_of=name_of,
            zone=times.display_zone(),
            state_url=lambda state: self._list_url(shown, state=state.value),
            first_url=self._list_url(shown) if after else None,
            cut=found.cut,
            next_url=self._list_url(shown, after=str(found.next)) if found.next else None,
            here=request.full_path.rstrip("?"),
            now=utcnow(),
            **more,
        )
        return (page, 400) if shown.errors else page

    def _items(self, found: queue.Page) -> list[Item]:
        session, rows = db.session(), found.rows
        ids = [row.change.id for row in rows]
        said, numbers = threads(session, ids), tally(session, ids)
        tallies = {id: numbers[id] for id in ids}
        visible = {
            id: [each for each in parts if self.subjects[each.model].view is not None]
            for id, parts in tallies.items()
        }
        shown = excerpts(session, visible, limit=IN_PLACE)
        self.prepare(each for models in shown.values() for each in models)
        actors = {row.change.id: row.change.actor for row in rows}
        barred = bars(session, actors, tallies, said, self.subjects) if who.person().id else {}
        small = [id for id in ids if sum(each.records for each in tallies[id]) <= IN_PLACE]
        models = {each.model for id in small for each in tallies[id]}
        digests = change_digests(session, small, models=models) if small else {}
        return [
            Item(
                entry(row, tallies[row.change.id]),
                row.last,
                said[row.change.id],
                shown[row.change.id],
                barred.get(row.change.id, frozenset()),
                _seen(row.last, digests.get(row.change.id)),
            )
            for row in rows
        ]

    def _after(self) -> Place | None:
        text = request.args.get("after")
        if not text:
            return None
        try:
            return Place.parse(text)
        except ValueError:
            abort(400, "That is no place in this list: begin at its first page.")

    def _list_url(self, shown: asked.Asked, **more: str) -> str:
        return self.get_url(".index_view", **{**shown.typed, **more})

    def _all_url(self, shown: asked.Asked) -> str | None:
        return self.get_url(".all_view", **shown.typed)


def entry(row: queue.Row, tallies: Any) -> ChangeEntry:
    change = row.change
    return ChangeEntry(
        change.id,
        change.at,
        change.actor,
        change.reason,
        change.origin,
        change.request_id,
        tuple(tallies),
    )


def _seen(last: Review, digest: str | None) -> Seen | None:
    if digest is None or Act.SIGN_OFF not in MAY_FOLLOW[Act(last.act)]:
        return None
    return Seen(last.n, digest)


class MineView(QueuePage):
    """`/admin/review/mine/`: the changes of one's own that are or were reviewed."""

    about = "What auditors ask about your changes"
    account_menu = True
    view_permissions = {"index_view": gate.ANY_PERSON}

    def is_visible(self) -> bool:
        """Hook: it stands in the menu of the person, not among the models."""
        return False

    @expose("/")
    def index_view(self) -> Any:
        """Hook: a person's own; without a state, what they are asked."""
        shown = self.asked()
        shown.typed.pop("actor", None)
        filters = {"state": Act.QUERY, **shown.filters, "actor": who.person().name}
        return self.listed("audit/mine.html", shown, filters)
