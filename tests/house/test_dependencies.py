"""The pins are exact and complete, and the audit of them tells the truth."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, requires, version
from threading import Thread
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.commands import ROOT

PINS = [
    line
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pinned() -> dict[str, str]:
    parts = (line.split("==") for line in PINS)
    return {canonicalize_name(name): number for name, number in parts}


def needed() -> set[str]:
    """What the project needs with all its extras, and what that needs, as far as it is here."""
    extras = PROJECT["optional-dependencies"].values()
    todo = [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]
    found: set[tuple[str, str]] = set()
    while todo:
        wanted = Requirement(todo.pop())
        name = canonicalize_name(wanted.name)
        for extra in ("", *wanted.extras):
            if (name, extra) in found or name == canonicalize_name(PROJECT["name"]):
                continue
            found.add((name, extra))
            todo += [line for line in _requires(name) if _holds(line, extra)]
    return {name for name, _ in found}


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:  # of an extra that is not installed
        return []


def _holds(line: str, extra: str) -> bool:
    marker = Requirement(line).marker
    return marker is None or marker.evaluate({"extra": extra})


@pytest.mark.parametrize("line", PINS)
def test_a_pin_is_exact(line: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line)


def test_nothing_is_pinned_twice() -> None:
    assert len(pinned()) == len(PINS)


def test_everything_that_is_needed_is_pinned() -> None:
    assert needed() - set(pinned()) == set()


def test_nothing_else_is_pinned() -> None:
    known, here = needed(), set()
    for name in pinned():
        try:
            version(name)
        except PackageNotFoundError:
            continue
        here.add(name)
    assert here - known == set()


def test_what_the_tests_run_with_is_what_is_pinned() -> None:
    differing = {}
    for name, number in pinned().items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            continue
        if installed != number:
            differing[name] = (installed, number)
    assert differing == {}, "install with -c constraints.txt"


@contextmanager
def source(answer: Any) -> Iterator[str]:
    """A source of vulnerabilities that answers this to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def audit(address: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", ROOT / ".ci" / "audit"],
        capture_output=True,
        check=False,
        env=os.environ | {"AUDIT_SOURCE": address},
        text=True,
        timeout=60,
    )


def test_an_audit_without_a_source_says_that_there_was_none() -> None:
    told = audit("http://127.0.0.1:1")
    assert told.returncode == 0
    assert "were NOT looked up" in told.stdout


def test_a_source_that_knows_no_hole_at_all_is_no_source() -> None:
    with source({"vulns": []}) as address:
        assert "were NOT looked up" in audit(address).stdout


def test_ci_runs_the_audit() -> None:
    assert "\nbash .ci/audit\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
