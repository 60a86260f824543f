"""The pages of this room, and where the admin finds them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from flask import url_for
from flask_admin import Admin

from webapp.admin.home import add_panel
from webapp.admin.marks import Mark, add_marks
from webapp.auth import gate
from webapp.extensions import db

from . import queue, reads, words
from .due import RULES, rules_from
from .home_panel import activity_panel
from .queue_page import MineView
from .reads_page import ReadsView
from .report_page import ReportView
from .reviewed_page import ReviewedPage
from .undo_page import UndoView
from .waiting_panel import waiting_panel

#: Endpoints that no model may take.
ENDPOINTS = ("changes", "review", "mine", "report", "reads")


class ChangesView(UndoView):
    """`/admin/changes/`: the feed, the page of a change, and its undo."""

    about = "Who changed what, when and why"


class ReviewView(ReviewedPage):
    """`/admin/review/`: the queue, a change's review, and the sign-off of many."""

    about = "What awaits an auditor’s word"
    #: What may be reviewed is each model's to say, and a change's maker answers: the pages ask.
    view_permissions = dict.fromkeys(("index_view", "all_view", "change_view"), gate.ANY_PERSON)


def init_audit(admin: Admin) -> None:
    """Add the pages of this room to the admin and to its navigation."""
    changes = ChangesView("Changes", endpoint="changes")
    review = ReviewView("Review", endpoint="review")
    admin.add_view(changes)
    admin.add_view(review)
    admin.add_view(MineView("My changes", endpoint="mine", url="/admin/review/mine"))
    views = [view for view in admin._views if getattr(view, "keeps_versions", False)]
    admin.app.extensions[RULES] = rules_from(views)
    add_panel(admin, partial(waiting_panel, review))
    add_panel(admin, partial(activity_panel, changes))
    add_marks(admin, marks)
    admin.add_view(ReportView("Report of reviews", endpoint="report", url="/admin/review/report"))
    admin.add_view(ReadsView("Reads", endpoint="reads"))
    reads.init_app(admin.app, admin._views)


def marks(change_ids: list[int]) -> Mapping[int, Mark]:
    """The state of the changes that have one."""
    return {
        id: Mark(
            words.STATES[state].name,
            words.STATES[state].means,
            url_for("review.change_view", number=id),
            words.STATES[state].kind,
        )
        for id, state in queue.last_of(db.session(), change_ids).items()
    }
