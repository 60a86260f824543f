"""The report of a period on screen, on paper and as files, for whoever may review."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, request, stream_with_context
from flask_admin import expose

from webapp.admin import times
from webapp.admin.across import AcrossModels
from webapp.admin.subjects import Subject
from webapp.auth import gate
from webapp.extensions import db
from webapp.versioning import utcnow

from . import asked, words
from .models import Act
from .queue_page import NOTHING_TO_REVIEW
from .report import OPEN, SAID, Period, Report, plain, report
from .report_files import as_csv, as_json, reviewed

TYPES = {"csv": "text/csv", "json": "application/json"}
#: What somebody has done who did an act.
DID = {
    Act.SIGN_OFF: "Signed off",
    Act.QUERY: "Asked",
    Act.REJECT: "Rejected",
    Act.ANSWER: "Answered",
}
AGES = ("Up to 1 day", "2 to 7 days", "8 to 30 days", "Older")


class ReportView(AcrossModels):
    """`/admin/review/report/?from=…&to=…`; without a period, the month so far."""

    about = "Reviews of a period: states, ages, who reviewed what"
    account_menu = True
    #: Of which models somebody may review changes is each view's to say: the page asks.
    view_permissions = dict.fromkeys(("index_view", "export"), gate.ANY_PERSON)

    def is_accessible(self) -> bool:
        """Hook: for whoever may review changes of a model."""
        return bool(self._reviewable())

    def is_visible(self) -> bool:
        """Hook: it stands in the menu of the person, and the queue leads to it."""
        return False

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Any:
        """Hook: says why, where the stock one shows an empty page."""
        abort(403, NOTHING_TO_REVIEW)

    @expose("/")
    def index_view(self) -> Any:
        shown = self._asked()
        found = None if shown.errors else self._report(shown)
        page = self.render(
            "audit/report.html",
            report=found,
            asked=shown,
            zone=times.display_zone(),
            states=[(act, words.STATES[act].name) for act in words.LISTED],
            open_states=[(act, words.STATES[act].name) for act in OPEN],
            said=[(act, DID[act]) for act in SAID],
            ages=AGES,
            subjects=self.subjects,
            list_url=lambda act, key: self._list_url(shown, act, key),
            file_url=lambda kind: self.get_url(".export", export_type=kind, **shown.typed),
            queue_url=self.get_url("review.index_view"),
        )
        return (page, 400) if shown.errors else page

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Any:
        if export_type not in TYPES:
            abort(404, "The report is written as CSV or JSON.")
        shown = self._asked()
        if shown.errors:
            abort(400, next(iter(shown.errors.values())))
        found = self._report(shown)
        changes = reviewed(found.period, self.subjects)
        if export_type == "csv":
            body = as_csv(found, changes)
        else:
            names = {subject.model: subject.name for subject in self._reviewable()}
            body = as_json(plain(found, names), changes)
        answer = Response(stream_with_context(body), mimetype=TYPES[export_type])
        name = self._file_name(found, export_type)
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def _reviewable(self) -> list[Subject]:
        """The models whose changes the person may review."""
        return [each for each in self.subjects.shown.values() if each.may_review()]

    def _report(self, shown: asked.Asked) -> Report:
        period = Period(shown.filters.get("since"), shown.filters.get("until"))
        models = [subject.model for subject in self._reviewable()]
        return report(db.session(), period, models, utcnow())

    def _asked(self) -> asked.Asked:
        """The period of the address; the month so far, where it names none."""
        given = {name: request.args[name] for name in ("from", "to") if request.args.get(name)}
        if not any(text.strip() for text in given.values()):
            given = {"from": times.local(utcnow()).date().replace(day=1).isoformat()}
        return asked.read(given, self.subjects.shown)

    def _list_url(self, shown: asked.Asked, act: Act, key: Any) -> str | None:
        """Address of the list of the changes in that state of a model, or of a maker's; None where
        nobody is named."""
        if not key:
            return None
        only = {"actor": key} if isinstance(key, str) else {"model": self.subjects[key].key}
        return self.get_url("review.index_view", state=act.value, **shown.typed, **only)

    @staticmethod
    def _file_name(found: Report, kind: str) -> str:
        """Like `reviews-2026-11-01-to-2026-11-26.csv`: the first and the last day."""
        period = found.period
        first = "begin" if period.since is None else times.local(period.since).date().isoformat()
        last = found.at if period.until is None else min(found.at, period.until)
        return f"reviews-{first}-to-{times.local(last).date().isoformat()}.{kind}"
