"""The page that repairs the flags of a model: what will be set, why, then all of it at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_admin.form import BaseForm
from sqlalchemy import inspect, select, tuple_
from wtforms import ValidationError
from wtforms.fields import HiddenField

from webapp.admin.across import AcrossModels
from webapp.admin.forms import reason_field
from webapp.admin.subjects import Subject, name_of
from webapp.auth import events, fresh, who
from webapp.auth.policy import READ_EVENTS, REPAIR_FLAGS
from webapp.extensions import db
from webapp.versioning import FlagRepair, SelectionChanged, plan_flag_repair

from . import repairing, words

NO_MODEL = "There is no such model, or it may not be seen here."
NOTHING = "Flag and calculated agree in every version: no flag was set."


class RepairForm(BaseForm):
    reason = reason_field(required=True)
    #: The digest of what the page listed.
    seen = HiddenField()

    def validate_reason(self, field: Any) -> None:
        """Hook: spaces are no reason."""
        if not (field.data or "").strip():
            raise ValidationError("Say why.")


class RepairView(AcrossModels):
    """`/admin/integrity/product/repair/`, for administrators who have just said who they are."""

    @expose("/<key>/repair/", methods=("GET", "POST"))
    def repair_view(self, key: str) -> Any:
        subject = self.asked_subject(key)
        if where := fresh.ask(self.repair_url(subject)):
            return where
        if request.method == "GET":
            return self._ask(subject, RepairForm())
        form = RepairForm(request.form)
        if not form.validate():
            return self._ask(subject, form), 422
        try:
            done = repairing.repair(
                subject.model, form.reason.data or "", seen=form.seen.data or ""
            )
        except SelectionChanged:
            if plan_flag_repair(db.session(), subject.model, most=0).count:
                return self._ask(subject, form, stale=True), 409
            flash(NOTHING, "info")
            return redirect(self.get_url(".model_view", key=key))
        except repairing.RepairRefused as error:
            flash(str(error), "error")
            return self._ask(subject, form), 409
        flash(f"{_flags(done.count)} of {subject.name} now {_says(done.count)}.", "success")
        return redirect(self.get_url(".model_view", key=key))

    def asked_subject(self, key: str) -> Subject:
        """The model that the address names; else 404."""
        subject = self.subjects.shown.get(key)
        if subject is None:
            abort(404, NO_MODEL)
        return subject

    def repair_url(self, subject: Subject) -> str:
        return self.get_url(".repair_view", key=subject.key)

    def repairs_url(self) -> str | None:
        """Address of the repairs so far, for who may read events."""
        if not who.person().may_site(READ_EVENTS):
            return None
        return self.get_url("events.index_view", kind=events.FLAGS_REPAIRED)

    @staticmethod
    def may_repair() -> bool:
        return who.person().may_site(REPAIR_FLAGS)

    def _ask(self, subject: Subject, form: Any, *, stale: bool = False) -> str:
        """What would be set now; the database is only read. Two statements."""
        plan = plan_flag_repair(db.session(), subject.model)
        form.seen.data = plan.digest
        return self.render(
            "integrity/repair.html",
            form=form,
            plan=plan,
            stale=stale,
            subject=subject,
            names=names(subject.model, _keys(plan)),
            left_means=words.LEFT,
            button=f"Set {_flags(plan.count)}",
            model_url=self.get_url(".model_view", key=subject.key),
        )


def names(model: type[Any], keys: set[tuple[Any, int]]) -> dict[Any, str]:
    """What records are called, by the versions of these ids and numbers, in one statement."""
    if not keys:
        return {}
    key = inspect(model).primary_key
    rows = db.session.scalars(select(model).where(tuple_(*key).in_(keys)))
    return {row.id: name_of(row) for row in rows}


def _keys(plan: FlagRepair) -> set[tuple[Any, int]]:
    sets: Iterable[Any] = (*plan.first, *plan.left_first)
    return {(each.id, each.version_id) for each in sets}


def _flags(count: int) -> str:
    return "1 flag" if count == 1 else f"{count:,} flags"


def _says(count: int) -> str:
    return f"{'says' if count == 1 else 'say'} what the version numbers say"
