"""The forms of whoever is not signed in yet, and what all forms of accounts have in common."""

from __future__ import annotations

from typing import Any

from flask_admin.form import BaseForm
from wtforms import validators
from wtforms.fields import EmailField, HiddenField, PasswordField, StringField

from .accounts import LONGEST_PASSWORD, AccountError
from .models import LONGEST_EMAIL, LONGEST_NAME

LONGEST_TOKEN = 200
LONGEST_CREDENTIAL = 20_000


class AccountForm(BaseForm):
    """Base: what an account refuses is an error of its field."""

    def refuse(self, error: AccountError) -> None:
        if error.field in self._fields:
            field: Any = self._fields[error.field]
            field.errors = [*field.errors, str(error)]
        else:
            self.form_errors.append(str(error))


def needed(label: str, longest: int) -> list[Any]:
    """Validators of a field that may not be empty."""
    return [
        validators.DataRequired(f"{label}: this field is required."),
        validators.Length(max=longest, message=f"{label}: at most {longest} characters."),
    ]


def password_field(label: str) -> PasswordField:
    return PasswordField(label, needed(label, LONGEST_PASSWORD))


def again_field() -> PasswordField:
    told = "The two passwords are not the same: type both again."
    return PasswordField("The same again", [validators.EqualTo("password", told)])


class NewPasswordForm(AccountForm):
    """A new password, typed twice, by whoever holds the token of a link."""

    token = HiddenField()
    password = password_field("New password")
    again = again_field()


class SetUpForm(AccountForm):
    """The first administrator, made by whoever holds the token of the console."""

    token = HiddenField()
    name = StringField("Name", needed("Name", LONGEST_NAME))
    email = EmailField("E-mail address", needed("E-mail address", LONGEST_EMAIL))
    password = password_field("Password")
    again = again_field()


class ForgottenForm(AccountForm):
    email = EmailField("E-mail address", needed("E-mail address", LONGEST_EMAIL))


class CodeForm(AccountForm):
    """A code of the authenticator app, or a recovery code."""

    code = StringField("Code", needed("Code", 60))


class StepForm(CodeForm):
    """The first code of an authenticator app, with the key that the page has shown."""

    sealed = HiddenField()


class PasskeyForm(AccountForm):
    """What a browser says of a passkey, to a challenge that the page gave it."""

    sealed = HiddenField()
    credential = HiddenField(validators=[validators.Length(max=LONGEST_CREDENTIAL)])


class NewPasskeyForm(PasskeyForm):
    name = StringField("Name of the passkey", needed("Name of the passkey", LONGEST_NAME))
