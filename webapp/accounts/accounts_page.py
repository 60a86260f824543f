"""The accounts: who may sign in and do what, for administrators alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import abort, current_app, flash, redirect, request
from flask_admin import BaseView, expose
from sqlalchemy import func, select

from webapp.auth import accounts, fresh, passkeys, recovery, second_step, who
from webapp.auth.models import Account, AccountEvent, SignIn
from webapp.auth.policy import MANAGE_ACCOUNTS
from webapp.extensions import db

from .forms import AccountForm, NewAccountForm, PasswordForm, RolesForm

NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)
EVENTS = 20
METHODS = (
    "index_view",
    "new_view",
    "account_view",
    "roles_view",
    "password_view",
    "active_view",
    "link_view",
    "step_view",
)


class AccountsView(BaseView):
    """`/admin/accounts/`. Each of its forms asks for the password again when the last time is long
    ago: whoever finds an open browser makes no accounts."""

    account_menu = True
    view_permissions = dict.fromkeys(METHODS, MANAGE_ACCOUNTS)

    def is_accessible(self) -> bool:
        return who.person().may_site(MANAGE_ACCOUNTS)

    def is_visible(self) -> bool:
        """Hook: it stands in the menu of the person, not among the models."""
        return False

    @expose("/")
    def index_view(self) -> Any:
        last = (
            select(func.max(SignIn.began_at))
            .where(SignIn.account_id == Account.id)
            .scalar_subquery()
        )
        query = select(Account, last).order_by(Account.active.desc(), Account.name_key)
        return self.render("accounts/list.html", rows=db.session.execute(query).all())

    @expose("/new/", methods=("GET", "POST"))
    def new_view(self) -> Any:
        if where := fresh.ask():
            return where
        form = NewAccountForm(request.form if request.method == "POST" else None)
        if request.method == "POST" and form.validate():
            try:
                account = accounts.create(
                    form.name.data or "",
                    form.email.data or "",
                    form.password.data or "",
                    form.roles.data or (),
                )
            except accounts.AccountError as error:
                form.refuse(error)
            else:
                flash(f"{account.name} may sign in now.", "success")
                return redirect(self.get_url(".account_view", number=account.id))
        page = self.render("accounts/new.html", form=form)
        return (page, 422) if request.method == "POST" else page

    @expose("/<number>/")
    def account_view(self, number: str) -> Any:
        if where := fresh.ask():
            return where
        return self._page(self._account(number))

    @expose("/<number>/roles/", methods=("POST",))
    def roles_view(self, number: str) -> Any:
        form = RolesForm(request.form)
        return self._act(
            number,
            form,
            lambda account: accounts.set_roles(account, form.roles.data or ()),
            "The roles are saved and count from the next page that {name} opens.",
        )

    @expose("/<number>/password/", methods=("POST",))
    def password_view(self, number: str) -> Any:
        form = PasswordForm(request.form)

        def act(account: Account) -> bool:
            accounts.set_password(account, form.password.data or "")
            return True

        done = "{name} has a new password and is signed out everywhere."
        return self._act(number, form, act, done)

    @expose("/<number>/active/", methods=("POST",))
    def active_view(self, number: str) -> Any:
        active = request.form.get("active") == "1"
        return self._act(
            number,
            AccountForm(request.form),
            lambda account: accounts.set_active(account, active),
            "{name} may sign in again." if active else "{name} is signed out and stays out.",
        )

    @expose("/<number>/link/", methods=("POST",))
    def link_view(self, number: str) -> Any:
        """Shows the link instead of leading elsewhere: it is kept nowhere, so it is shown once."""
        if where := fresh.ask(self.get_url(".account_view", number=number)):
            return where
        account, form = self._account(number), AccountForm(request.form)
        try:
            token = accounts.password_link(account)
        except accounts.AccountError as error:
            form.refuse(error)
            return self._page(account, form), 422
        site = current_app.config["SITE_URL"] or request.host_url.rstrip("/")
        link = site + recovery.path_of(token)
        return self.render("accounts/link.html", account=account, link=link)

    @expose("/<number>/second-step/", methods=("POST",))
    def step_view(self, number: str) -> Any:
        done = "{name} signs in with the password alone now, and is signed out everywhere."
        return self._act(number, AccountForm(request.form), second_step.reset, done)

    def _act(
        self, number: str, form: AccountForm, act: Callable[[Account], bool], done: str
    ) -> Any:
        """Do it to the account and say so, or show its page again with what is in the way."""
        if where := fresh.ask(self.get_url(".account_view", number=number)):
            return where
        account = self._account(number)
        if form.validate():
            try:
                changed = act(account)
            except accounts.AccountError as error:
                db.session.rollback()
                form.refuse(error)
            else:
                word = done.format(name=account.name) if changed else "That was so already."
                flash(word, "success" if changed else "info")
                return redirect(self.get_url(".account_view", number=account.id))
        return self._page(self._account(number), form), 422

    def _page(self, account: Account, refused: AccountForm | None = None) -> str:
        query = (
            select(AccountEvent)
            .where(AccountEvent.account == account.name)
            .order_by(AccountEvent.id.desc())
            .limit(EVENTS)
        )
        had = [each.name for each in account.roles]
        roles = refused if isinstance(refused, RolesForm) else RolesForm(data={"roles": had})
        password = refused if isinstance(refused, PasswordForm) else PasswordForm()
        return self.render(
            "accounts/account.html",
            account=account,
            roles=roles,
            password=password,
            refused=refused,
            passkeys=len(passkeys.of(account)),
            events=list(db.session.scalars(query)),
        )

    @staticmethod
    def _account(number: str) -> Account:
        account = db.session.get(Account, int(number)) if NUMBER.fullmatch(number) else None
        if account is None:
            abort(404, "There is no account of this number.")
        return account

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Hook: the stock one turns every TypeError into one about an argument `cls`."""
        return fn(self, *args, **kwargs)
