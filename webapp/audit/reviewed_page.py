"""The review of one change: what it did, what was said about it, and what may be said next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from sqlalchemy import and_, select, union
from sqlalchemy.orm import aliased

from webapp.admin.subjects import name_of
from webapp.auth import fresh, who
from webapp.auth.safe_next import is_local_path
from webapp.changes import Change
from webapp.extensions import db
from webapp.versioning import WhatChanged, change_digest

from . import words
from .acting import NotAllowed, NotAsSeen, Seen, act, state_of, threads
from .bulk_review_page import BulkReviewPage
from .forms import GRAVE, Typed
from .models import MAY_FOLLOW, Act, Review
from .standing import Bars, bars, has_asked, is_same

#: The acts of an auditor, in the order of their forms.
AUDITORS = (Act.SIGN_OFF, Act.QUERY, Act.REJECT)
#: Changes that are offered as the correction.
CORRECTIONS = 10
NOTHING = "There is nothing that you may say about this change."
NOT_YOURS = "You asked about this change, so somebody else has to answer."


class ReviewedPage(BulkReviewPage):
    """The page `/admin/review/7/`. A form that comes too late is shown again with what is new."""

    records_size = 100

    @expose("/<number>/", methods=("GET", "POST"))
    def change_view(self, number: str) -> Any:
        id = self.number(number)
        found = self.what(id, limit=self.records_size)
        thread = threads(db.session(), [id])[id]
        barred = self._bars(found, thread)
        if request.method == "GET":
            return self._page(found, thread, barred, Typed(None))
        typed = Typed(request.form)
        what = self._permitted(typed, found, thread, barred)
        if not self._is_valid(typed, what, found, thread):
            return self._page(found, thread, barred, typed), 422
        try:
            self._do(id, what, typed)
        except (NotAsSeen, NotAllowed):
            db.session.rollback()
            now = threads(db.session(), [id])[id]
            page = self._page(self.what(id, limit=self.records_size), now, barred, typed, True)
            return page, 409
        flash(words.DONE[what].format(id), "success")
        return redirect(self._back(typed, id, what))

    def _bars(self, found: WhatChanged, thread: Sequence[Review]) -> Bars:
        change = found.change
        barred = bars(
            db.session(),
            {change.id: change.actor},
            {change.id: change.tallies},
            {change.id: thread},
            self.subjects,
        )
        return barred[change.id]

    def _permitted(
        self, typed: Typed, found: WhatChanged, thread: Sequence[Review], barred: Bars
    ) -> Act:
        """The act that is asked for: 400 for none, 403 where the person may not."""
        what = typed.act
        may_answer = self._may_answer(found)
        if "model" in barred and not may_answer:
            abort(403, NOTHING)
        if what not in (*AUDITORS, Act.ANSWER):
            abort(400, "The form does not say what to do. Nothing was done: open the page again.")
        if what is Act.ANSWER and not may_answer:
            abort(403, NOTHING)
        if what is Act.ANSWER and self._asked_it(found, thread):
            abort(403, NOT_YOURS)
        in_the_way = barred - {"hidden"} if what is Act.QUERY else barred
        if what in AUDITORS and in_the_way:
            abort(403, words.BARS[min(in_the_way, key=list(words.BARS).index)])
        return what

    def _is_valid(
        self, typed: Typed, what: Act, found: WhatChanged, thread: Sequence[Review]
    ) -> bool:
        if what is not Act.ANSWER:
            typed.corrected_by = None
        offered = (
            [each.id for each in self._corrections(found, thread)] if typed.corrected_by else []
        )
        if typed.corrected_by and typed.corrected_by not in offered:
            typed.errors["corrected_by"] = "Choose one of the changes that are offered."
        return typed.validate(what) and not (what in GRAVE and typed.asks_password())

    def _do(self, id: int, what: Act, typed: Typed) -> None:
        act(
            db.session(),
            id,
            what,
            person=who.person().name,
            seen=typed.seen,
            comment=typed.comment,
            corrected_by=typed.corrected_by,
        )
        db.session.commit()

    def _back(self, typed: Typed, id: int, what: Act) -> str:
        """To the list that one came from; after a rejection to the change, where its undo is."""
        if what is not Act.REJECT and _local(typed.back):
            return typed.back
        return self.get_url(".change_view", number=id)

    def _may_answer(self, found: WhatChanged) -> bool:
        """Whoever made it, and who may edit all that it touched: a command, an import or a person
        who left answers nothing by itself."""
        models = {each.model for each in found.change.tallies}
        own = is_same(found.change.actor, who.person().name)
        return own or all(self.subjects[model].may_edit() for model in models)

    def _asked_it(self, found: WhatChanged, thread: Iterable[Review]) -> bool:
        name = who.person().name
        return has_asked(thread, name) and not is_same(found.change.actor, name)

    def _corrections(self, found: WhatChanged, thread: Sequence[Review]) -> list[Change]:
        """Changes of the same records since the question, newest first, in one statement."""
        asked = next((row for row in reversed(thread) if row.act == Act.QUERY), None)
        if asked is None:
            return []
        parts = []
        for model in {each.model for each in found.change.tallies}:
            now: Any = aliased(model)
            later: Any = aliased(model)
            joined = and_(later.id == now.id, later.version_id > now.version_id)
            query = select(later.change_id).join(now, joined)
            parts.append(
                query.where(now.change_id == found.change.id, later.version_from >= asked.at)
            )
        query = select(Change).where(Change.id.in_(union(*parts)))
        return list(db.session.scalars(query.order_by(Change.id.desc()).limit(CORRECTIONS)))

    def _offered(
        self, found: WhatChanged, thread: Sequence[Review], barred: Bars
    ) -> tuple[list[Act], bool]:
        """The acts of an auditor that the person may do now, and whether they may answer."""
        following = MAY_FOLLOW[state_of(thread)]
        allowed = {Act.QUERY} if barred == {"hidden"} else set() if barred else set(AUDITORS)
        answers = (
            Act.ANSWER in following
            and self._may_answer(found)
            and not self._asked_it(found, thread)
        )
        return [each for each in AUDITORS if each in allowed & following], answers

    def _page(
        self,
        found: WhatChanged,
        thread: Sequence[Review],
        barred: Bars,
        typed: Typed,
        stale: bool = False,
    ) -> str:
        """The page as things stand; with `stale`, what is new since the form was shown."""
        id, state = found.change.id, state_of(thread)
        self.prepare(found.models)
        deeds, answers = self._offered(found, thread, barred)
        # to whoever answers, these go without saying
        plain = {"own", "model"} if answers else set()
        return self.render(
            "audit/reviewed.html",
            change=found.change,
            models=found.models,
            thread=thread,
            state=state,
            deeds=deeds,
            answers=answers,
            corrections=self._corrections(found, thread) if answers else [],
            barred=[words.BARS[code] for code in words.BARS if code in barred - plain],
            ended=not MAY_FOLLOW[state],
            typed=typed,
            stale=stale,
            seen=Seen(thread[-1].n if thread else None, change_digest(db.session(), id) or ""),
            asks_password=fresh.is_due(),
            grave=GRAVE,
            subjects=self.subjects,
            touched=self.subjects.touched,
            operations=words.OPERATIONS,
            words=words,
            acts=Act,
            why=partial(words.why, shown=self.subjects.shown),
            name_of=name_of,
            back=_local(typed.back or request.args.get("back", "")),
            change_url=self.get_url("changes.change_view", number=id),
            undo_url=self.get_url("changes.undo_view", number=id) if self.may_undo(found) else None,
            more_url=lambda each: self._more_url(id, each),
        )

    def _more_url(self, id: int, each: Any) -> str | None:
        subject = self.subjects[each.model]
        if each.after is None or subject.view is None:
            return None
        page = "changes.change_view"
        return self.get_url(page, number=id, model=subject.key, after=str(each.after))


def _local(address: str) -> str:
    """The address when it is a plain path of this site; "" for any other."""
    return address if is_local_path(address) else ""
