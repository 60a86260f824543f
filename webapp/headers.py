"""What every answer tells the browser: run and load nothing that is not this server's own."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from flask import Flask, Response, current_app, request

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {where}" for name, where in POLICY.items()),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


#: For a year, browsers come here by HTTPS alone.
ONLY_HTTPS = "max-age=31536000"


def init_app(app: Flask) -> None:
    app.after_request(protect)


def path_of(parts: SplitResult) -> str:
    """The path of an address of this application, with its query."""
    path = "/" + parts.path.lstrip("/")
    return f"{path}?{parts.query}" if parts.query else path


def protect(response: Response) -> Response:
    response.headers.update(HEADERS)
    where = urlsplit(response.headers.get("Location", ""))
    if where.netloc and where.netloc == request.environ.get("HTTP_HOST"):
        # Werkzeug's own: by the host that the request named, which may be anybody's.
        response.headers["Location"] = path_of(where)
    if request.is_secure and current_app.config["ENV"] == "production":
        response.headers["Strict-Transport-Security"] = ONLY_HTTPS
    return response
