"""Signs off all that a filter finds as one act: asked first, with what is left out and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose

from webapp.auth import fresh, who
from webapp.extensions import db
from webapp.versioning import change_digests, tally

from . import asked, queue, words
from .acting import NotAllowed, NotAsSeen, Seen, set_digest, sign_off_all, threads
from .forms import Typed
from .models import MAY_FOLLOW, Act
from .queue_page import NOTHING_TO_REVIEW, QueuePage, entry
from .standing import bars

#: Changes that one act signs off; of more, the oldest.
MOST = 1000
#: Changes that the page names.
NAMED = 20
NOT_THIS_STATE = "Only what awaits review or is answered can be signed off all at once."


@dataclass(frozen=True)
class Selection:
    """The oldest changes that pass the filters: those that the person may sign off, with what they
    saw of them, and how many are left out for which reason. `more` tells that there are others."""

    rows: tuple[queue.Row, ...]
    seen: dict[int, Seen]
    left: Counter[str]
    more: bool

    @property
    def digest(self) -> str:
        return set_digest(self.seen)


class BulkReviewPage(QueuePage):
    """The page `/admin/review/all/`, with the filters of the queue in its address."""

    @expose("/all/", methods=("GET", "POST"))
    def all_view(self) -> Any:
        if not self.is_reviewer:
            abort(403, NOTHING_TO_REVIEW)
        shown = self.asked()
        state = shown.filters.get("state", Act.DUE)
        if shown.errors or state not in (Act.DUE, Act.ANSWER):
            abort(400, "; ".join(shown.errors.values()) or NOT_THIS_STATE)
        chosen = self._selection(state, shown)
        typed = Typed(request.form if request.method == "POST" else None)
        if request.method == "GET":
            return self._ask(chosen, shown, typed)
        if not typed.validate(Act.SIGN_OFF):
            return self._ask(chosen, shown, typed), 422
        if typed.digest != chosen.digest or typed.count != len(chosen.seen):
            return self._ask(chosen, shown, typed, stale=True), 409
        if not chosen.seen:
            return redirect(self._list_url(shown))
        if typed.asks_password():
            return self._ask(self._selection(state, shown), shown, typed), 422
        try:
            name = who.person().name
            sign_off_all(db.session(), chosen.seen, person=name, comment=typed.comment)
            db.session.commit()
        except (NotAsSeen, NotAllowed):
            db.session.rollback()
            return self._ask(self._selection(state, shown), shown, typed, stale=True), 409
        some = "1 change is" if len(chosen.seen) == 1 else f"{len(chosen.seen):,} changes are"
        flash(f"{some} signed off.", "success")
        return redirect(self._list_url(shown))

    def _selection(self, state: Act, shown: asked.Asked) -> Selection:
        session = db.session()
        found = queue.page(session, state, shown.filters, limit=MOST, whole=True)
        actors = {row.change.id: row.change.actor for row in found.rows}
        ids, numbers = list(actors), tally(session, list(actors))
        tallies = {id: numbers[id] for id in ids}
        barred = bars(session, actors, tallies, threads(session, ids), self.subjects)
        free = [row for row in found.rows if not barred[row.change.id]]
        free = [row for row in free if Act.SIGN_OFF in MAY_FOLLOW[Act(row.last.act)]]
        models = {each.model for row in free for each in tallies[row.change.id]}
        chosen = [row.change.id for row in free]
        digests = change_digests(session, chosen, models=models) if free else {}
        seen = {row.change.id: Seen(row.last.n, digests[row.change.id]) for row in free}
        first = (
            next(code for code in words.LEFT_OUT if code in barred[id]) for id in ids if barred[id]
        )
        return Selection(tuple(free), seen, Counter(first), found.next is not None)

    def _ask(
        self, chosen: Selection, shown: asked.Asked, typed: Typed, *, stale: bool = False
    ) -> str:
        named = chosen.rows[:NAMED]
        numbers = tally(db.session(), [row.change.id for row in named])
        return self.render(
            "audit/sign_off_all.html",
            chosen=chosen,
            entries=[entry(row, numbers[row.change.id]) for row in named],
            count=len(chosen.seen),
            most=MOST,
            left=[(words.LEFT_OUT[code], number) for code, number in chosen.left.items()],
            typed=typed,
            stale=stale,
            asks_password=fresh.is_due(),
            asked=shown,
            words=words,
            acts=Act,
            touched=self.subjects.touched,
            operations=words.OPERATIONS,
            back_url=self._list_url(shown),
        )
