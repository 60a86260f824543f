"""The pages `/admin/integrity/`: of all models, and of one with each finding."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from flask_admin import Admin, expose
from sqlalchemy import select

from webapp.admin import identity
from webapp.auth import gate
from webapp.auth.policy import REPAIR_FLAGS
from webapp.extensions import db
from webapp.versioning import Fault, ModelCheck, check_model

from . import checks, words
from .repair_page import RepairView, names

#: Endpoints that no model may take.
ENDPOINTS = ("integrity",)
#: Versions that one request looks at, a second or two of work; the rest is a click away.
MOST_VERSIONS = 50_000
#: Findings of one kind that a page lists.
MOST = 100


class IntegrityView(RepairView):
    """Each request checks anew. A page looks at so many versions and says where it stopped."""

    about = "Whether what is stored is what was written"
    view_permissions = {
        **dict.fromkeys(("index_view", "model_view"), gate.ANY_PERSON),
        "repair_view": REPAIR_FLAGS,
    }

    @expose("/")
    def index_view(self) -> Any:
        shown = self.subjects.shown
        found = checks.overview(
            (subject.model for subject in shown.values()), most_versions=MOST_VERSIONS
        )
        return self.render(
            "integrity/overview.html",
            found=found,
            subjects=shown.values(),
            meanings=words.MEANINGS,
            guard_told=words.guard_told,
            undigested=words.undigested,
            model_url=self._model_url,
        )

    @expose("/<key>/")
    def model_view(self, key: str) -> Any:
        subject = self.asked_subject(key)
        after = request.args.get("after") or None
        first = None if after is None else identity.parse(subject.model, after)
        if after is not None and first is None:
            abort(404, "There is no record with this id to go on from. Begin with all records.")
        check = check_model(
            db.session(), subject.model, after=first, most_versions=MOST_VERSIONS, most=MOST
        )
        return self.render(
            "integrity/model.html",
            check=check,
            subject=subject,
            after=after,
            names=names(subject.model, _readable(check)),
            gone=_gone(check),
            meanings=words.MEANINGS,
            told=words.told,
            undigested=words.undigested,
            repair_url=self.repair_url(subject) if self._is_repairable(check) else None,
            repairs_url=self.repairs_url(),
            next_url=self._model_url(subject.key, check.checked_to),
        )

    def _is_repairable(self, check: ModelCheck) -> bool:
        """Whether whoever asks may repair flags, and some of the model differ."""
        return self.may_repair() and Fault.FLAG in check.counts

    def _model_url(self, key: str, after: Any = None) -> str:
        more = {} if after is None else {"after": str(after)}
        return self.get_url(".model_view", key=key, **more)


def _readable(check: ModelCheck) -> set[tuple[Any, int]]:
    """The versions of findings that can be loaded, to tell what their records are called."""
    unreadable = {
        (each.id, each.version_id) for each in check.findings if each.fault is Fault.UNREADABLE
    }
    return {(each.id, each.version_id) for each in check.findings} - unreadable


def _gone(check: ModelCheck) -> set[Any]:
    """The ids of findings whose record has no version left, and so no timeline."""
    model: Any = check.model
    ids = {each.id for each in check.findings if each.fault is Fault.VERSION_MISSING}
    if not ids:
        return ids
    return ids - set(db.session.scalars(select(model.id).where(model.id.in_(ids))))


def init_integrity(admin: Admin) -> None:
    """Add the pages of this room to the admin and to its navigation."""
    admin.add_view(IntegrityView("Integrity", endpoint="integrity"))
