"""Real subprocesses of the commands, for the tests that start, stop and break them."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from webapp.config import PREFIX

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = (sys.executable, "-m", "webapp")
PATIENCE = 30
EMAIL, PASSWORD = "carol@example.org", "seven odd lanterns hum"


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with these settings and none of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return inherited | {PREFIX + name: value for name, value in settings.items()}


def run(
    *arguments: str, env: Mapping[str, str], program: Sequence[str] = PROGRAM, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program, *arguments],
        capture_output=True,
        check=False,
        cwd=cwd,
        env=env,
        text=True,
        timeout=PATIENCE,
    )


@contextmanager
def serving(
    *arguments: str,
    env: Mapping[str, str],
    program: Sequence[str] = PROGRAM,
    cwd: Path = ROOT,
    patience: float = PATIENCE,
    said: list[str] | None = None,
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A running server: the address that it printed, and its process, which ends with the block.
    All that it printed until then is added to `said`."""
    process = subprocess.Popen(
        [*program, *arguments],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    reader = None
    try:
        printed, address = _address(process, patience)
        if said is not None:
            said.append(printed)
        # Its words are read on: a full pipe would hold the server up at the next.
        reader = Thread(target=process.stdout.read, daemon=True)
        reader.start()
        yield address, process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if reader:
            reader.join(PATIENCE)
        process.stdout.close()


def _address(process: subprocess.Popen[str], patience: float) -> tuple[str, str]:
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    printed = b""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if not select.select([pipe], [], [], 0.1)[0]:
            continue
        chunk = os.read(pipe, 65_536)
        printed += chunk
        if found := re.search(rb"Serving on (http://\S+)\s", printed):
            return printed.decode(), found.group(1).decode()
        if not chunk:
            break
    raise AssertionError(f"no address was printed, but this:\n{printed.decode()}")


def get(address: str, browser: OpenerDirector | None = None) -> tuple[int, str]:
    """The status and text of a page."""
    opened = (browser or build_opener()).open(address, timeout=PATIENCE)
    with opened as answer:
        return answer.status, answer.read().decode()


def make_account(env: Mapping[str, str], **how: Any) -> None:
    """An administrator, made by the command as an operator makes the first."""
    result = subprocess.run(
        [*PROGRAM, "user", "create", "--name", "Carol", "--email", EMAIL,
         "--role", "administrator", "--password-stdin"],
        input=f"{PASSWORD}\n", capture_output=True, check=False, env=env, text=True,
        timeout=PATIENCE, **({"cwd": ROOT} | how),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def sign_in(address: str) -> OpenerDirector:
    """A browser in which the account of `make_account` is signed in."""
    browser = build_opener(HTTPCookieProcessor())
    page = get(address + "sign-in", browser)[1]
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert token
    typed = {"email": EMAIL, "password": PASSWORD, "csrf_token": token[1]}
    with browser.open(address + "sign-in", urlencode(typed).encode(), timeout=PATIENCE) as answer:
        assert answer.url == address + "admin/", answer.read().decode()
    return browser
