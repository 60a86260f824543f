"""The forms by which an administrator makes and changes accounts."""

from __future__ import annotations

from typing import Any

from wtforms.fields import EmailField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.auth.forms import AccountForm, needed, password_field
from webapp.auth.models import LONGEST_EMAIL, LONGEST_NAME
from webapp.auth.policy import ABOUT, Role


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
    password = password_field("New password")


class NewAccountForm(AccountForm):
    name = StringField("Name", needed("Name", LONGEST_NAME))
    email = EmailField("E-mail address", needed("E-mail address", LONGEST_EMAIL))
    password = password_field("First password")
    roles = RolesField()
