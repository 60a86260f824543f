"""Mail, where `MAIL_URL` names a server for it: plain text, by TLS, nothing of it in the log."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from flask import current_app

from webapp.config import LOCAL_HOSTS

SECONDS = 15


class NotSent(Exception):
    """The server did not take the mail. The message names the kind of failure alone."""


def is_set() -> bool:
    return bool(current_app.config["MAIL_URL"])


def send(to: str, subject: str, words: str) -> None:
    """Hand a mail to the server. Raises NotSent."""
    message = EmailMessage()
    message["From"] = current_app.config["MAIL_FROM"]
    message["To"] = to
    message["Subject"] = subject
    message.set_content(words)
    try:
        with _connect() as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(type(error).__name__) from None


def _connect() -> smtplib.SMTP:
    """A server that the password is safe with: by TLS, or on this machine."""
    parts = urlsplit(current_app.config["MAIL_URL"])
    host, context = parts.hostname or "", ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=SECONDS, context=context
        )
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=SECONDS)
        if host not in LOCAL_HOSTS:
            server.starttls(context=context)
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server
