"""What restore and undo share: the version in the address, the form, the commit, the refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, request
from wtforms.fields import HiddenField

from webapp.versioning import (
    Clash,
    FieldChange,
    ReadOnlyVersion,
    RestoreClash,
    UnknownVersion,
    VersionConflict,
    change,
)

from . import identity, presentation, refusals, runs
from .forms import reason_field
from .newest_page import NewestView
from .shown import Shown
from .timeline_page import NUMBER

NO_VERSION = "This record has no version of that number. Choose one from its timeline."


@dataclass(frozen=True)
class ClashLine:
    """What is in the way, in words: the fields and values, and who holds them or what is gone."""

    kind: str
    fields: str
    values: str
    holder: str
    holder_url: str | None


class RewindView(NewestView):
    """Pages that bring older values back: they ask first, and refuse what is stale."""

    def get_rewind_form(self) -> Any:
        """The form of the question: the version that was newest when it was asked, and why."""

        class RewindForm(self.form_base_class):
            base_version = HiddenField()
            reason = reason_field(self.reason_required)

        return RewindForm(request.form if request.method == "POST" else None)

    def asked_version(self) -> tuple[Any, int]:
        """The newest row of the record, and the number that the address names."""
        record = self.newest(self.asked_id())
        if record is None:
            self.unknown()
        text = request.args.get("version", "")
        if not NUMBER.fullmatch(text):
            abort(400, "The address names no version: it needs a number, like &version=3.")
        number = int(text)
        if not 1 <= number <= record.version_id:
            abort(404, NO_VERSION)
        return record, number

    def plan_or_404(self, plan: Callable[..., Any], record: Any, number: int) -> Any:
        try:
            return plan(self.session.session(), self.model, record.id, number)
        except UnknownVersion:
            abort(404, NO_VERSION)

    def rewind(
        self, form: Any, base: int, act: Callable[[Any], Any]
    ) -> tuple[str, tuple[Clash, ...]]:
        """Act and commit as one change. "done"; "stale" when someone saved meanwhile; "refused",
        with what is in the way or an error on the form.

        `act` returns the record before its flush, so that it is seen to be at version `base` still.
        """
        session = self.session.session
        try:
            with change(session, reason=form.reason.data or None):
                if act(session()).version_id != base:
                    session.rollback()
                    return "stale", ()
                session.commit()
        except (VersionConflict, ReadOnlyVersion):
            session.rollback()
            return "stale", ()
        except RestoreClash as error:
            session.rollback()
            return "refused", error.clashes
        except Exception as error:
            session.rollback()
            if not refusals.is_refusal(error):
                raise
            form.form_errors.append(refusals.GENERAL)
            return "refused", ()
        return "done", ()

    def rewind_page(self, template: str, record: Any, status: int, form: Any, **more: Any) -> Any:
        """The question; `status` 409 says that the record is another one than when it was asked."""
        form.base_version.process(None, str(record.version_id))
        who = self.who_saved(record) if status == 409 else {}
        page = self.record_page(
            template,
            record,
            form=form,
            stale=status == 409,
            deleted=self.is_tombstone(record),
            **who,
            **more,
        )
        return page, status

    def shown_changes(self, changes: tuple[FieldChange, ...]) -> tuple[Shown, ...]:
        """The changes as the comparison of two versions shows them."""
        self.look_up_all(changes)
        return self.layout(runs.COMPARISON).changes(changes)

    def clash_lines(self, clashes: tuple[Clash, ...]) -> list[ClashLine]:
        return [
            ClashLine(
                kind=clash.kind,
                fields=", ".join(map(self.get_column_name, clash.fields)),
                values=", ".join(map(self.show_value, clash.fields, clash.values)),
                holder=self._holder(clash),
                holder_url=self._holder_url(clash),
            )
            for clash in clashes
        ]

    def to_timeline(self, record: Any, message: str, category: str) -> Any:
        flash(message, category)
        return redirect(self.record_url("timeline", record.id))

    def _holder(self, clash: Clash) -> str:
        row = None
        if clash.holder_model is not None and not isinstance(clash.holder, tuple):
            row = identity.newest(self.session.session, clash.holder_model, str(clash.holder))
        return f"#{clash.holder}" if row is None else presentation.name_of(row)

    def _holder_url(self, clash: Clash) -> str | None:
        views = (
            each
            for each in self.admin._views
            if isinstance(each, NewestView) and each.model is clash.holder_model
        )
        view = next(views, None)
        if view is None or isinstance(clash.holder, tuple):
            return None
        return str(view.record_url("timeline", clash.holder))
