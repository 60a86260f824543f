"""The forms by which an administrator makes and changes accounts."""

from __future__ import annotations

from typing import Any

from flask_admin.form import BaseForm
from wtforms import validators
from wtforms.fields import EmailField, PasswordField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.auth.accounts import LONGEST_PASSWORD, AccountError
from webapp.auth.models import LONGEST_EMAIL, LONGEST_NAME
from webapp.auth.policy import ABOUT, Role


class AccountForm(BaseForm):
    """Base: what an account refuses is an error of its field."""

    def refuse(self, error: AccountError) -> None:
        if error.field in self._fields:
            field: Any = self._fields[error.field]
            field.errors = [*field.errors, str(error)]
        else:
            self.form_errors.append(str(error))


class RolesField(SelectMultipleField):
    """A box to tick for each role."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, **kwargs: Any) -> None:
        choices = [
            SelectChoice(role.value, f"{role.value.capitalize()}: {ABOUT[role]}") for role in Role
        ]
        super().__init__("Roles", choices=choices, **kwargs)


class RolesForm(AccountForm):
    roles = RolesField()


class PasswordForm(AccountForm):
    password = PasswordField(
        "New password", [validators.InputRequired(), validators.Length(max=LONGEST_PASSWORD)]
    )


class NewAccountForm(AccountForm):
    name = StringField("Name", [validators.InputRequired(), validators.Length(max=LONGEST_NAME)])
    email = EmailField(
        "E-mail address", [validators.InputRequired(), validators.Length(max=LONGEST_EMAIL)]
    )
    password = PasswordField(
        "First password", [validators.InputRequired(), validators.Length(max=LONGEST_PASSWORD)]
    )
    roles = RolesField()
