"""Where a page leads back to. Flask-Admin's own check lets `url=http:evil.com` through."""

from __future__ import annotations

from flask import url_for

from webapp.auth.safe_next import is_local_path


def local_or(address: str | None, endpoint: str) -> str:
    """`address` when it is a local path, else the address of `endpoint`."""
    return address if address and is_local_path(address) else url_for(endpoint)
