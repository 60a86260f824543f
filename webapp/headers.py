"""What every answer tells the browser: run and load nothing that is not this server's own."""

from __future__ import annotations

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


def protect(response: Response) -> Response:
    response.headers.update(HEADERS)
    if request.is_secure and current_app.config["ENV"] == "production":
        response.headers["Strict-Transport-Security"] = ONLY_HTTPS
    return response
